//! [`TaskOutput`]: what a background task or a cleanup may return.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::base::{BoxError, Result, pin_project};

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

/// The future of a background task, in a box: so that it is stored once, and what runs it is compiled once.
pub(super) type Work = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

/// Puts the future of a background task into a box.
pub(super) fn boxed<F>(future: F) -> Work
where
    F: Future<Output: TaskOutput> + Send + 'static,
{
    Box::pin(IntoResult { future })
}

pin_project! {
    struct IntoResult<F> {
        #[pin]
        future: F,
    }
}

impl<F: Future<Output: TaskOutput>> Future for IntoResult<F> {
    type Output = Result<()>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.project().future.poll(cx).map(TaskOutput::into_result)
    }
}
