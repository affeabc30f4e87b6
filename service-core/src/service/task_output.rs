//! [`TaskOutput`]: what a background task or a cleanup may end with.

use crate::base::{BoxError, Result};

/// What a background task or a cleanup may end with: nothing, or a `Result` whose error is reported as its failure.
pub trait TaskOutput: Send + 'static {
    /// The ending as a result.
    #[doc(hidden)]
    fn into_result(self) -> Result<()>;
}

impl TaskOutput for () {
    fn into_result(self) -> Result<()> {
        Ok(())
    }
}

impl<E: Into<BoxError> + Send + 'static> TaskOutput for Result<(), E> {
    fn into_result(self) -> Result<()> {
        self.map_err(Into::into)
    }
}

/// A task that loops for ever ends with `!`, which cannot be named on stable except as what such a function returns.
impl TaskOutput for <fn() -> ! as Returns>::Output {
    fn into_result(self) -> Result<()> {
        self
    }
}

/// What a function returns.
#[doc(hidden)]
pub trait Returns {
    /// It.
    type Output;
}

impl<T> Returns for fn() -> T {
    type Output = T;
}
