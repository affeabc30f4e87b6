//! [`TaskOutput`]: what a background task or a cleanup may return.

use crate::base::{BoxError, Result};

/// What a background task or a cleanup may return: nothing, or a `Result` whose error is reported as its failure.
pub trait TaskOutput: Send + 'static {
    /// The output as a result.
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

/// A task that loops for ever returns `!`. On stable, that type can only be named as the output of a function type.
impl TaskOutput for <fn() -> ! as Returns>::Output {
    fn into_result(self) -> Result<()> {
        self
    }
}

/// The output of a function type.
#[doc(hidden)]
pub trait Returns {
    /// The output.
    type Output;
}

impl<T> Returns for fn() -> T {
    type Output = T;
}
