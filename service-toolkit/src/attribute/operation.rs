//! `#[operation]`.

use std::future::Future;

use crate::operation::{Operation, failure};
use crate::operation_event::OperationOutcome;

use super::has_text::HasText;

/// Runs a body as an operation. `failure` tells whether what it returned is one.
pub fn operation<F: Future>(
    operation: Operation,
    body: F,
    failure: impl FnOnce(&F::Output) -> Option<OperationOutcome>,
) -> impl Future<Output = F::Output> {
    operation.observe(|_| body, failure)
}

/// What a body returned. A method that is found first is for a `Result`; [`Infallible`] is for any other type.
pub struct Returned<'a, R>(&'a R);

impl<'a, R> Returned<'a, R> {
    /// What this body returned.
    pub fn new(returned: &'a R) -> Self {
        Self(returned)
    }
}

impl<T, E> Returned<'_, Result<T, E>> {
    /// The bound is here and not at the `impl`: so an error without a text is a compile error, and not a success.
    pub fn failure(self) -> Option<OperationOutcome>
    where
        E: HasText,
    {
        failure(self.0)
    }
}

/// What is not a `Result` is no failure.
pub trait Infallible: Sized {
    /// Always `None`.
    fn failure(self) -> Option<OperationOutcome> {
        None
    }
}

impl<R> Infallible for Returned<'_, R> {}
