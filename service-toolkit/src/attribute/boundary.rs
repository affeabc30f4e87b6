//! `#[error_boundary]`.

use std::future::Future;
use std::marker::PhantomData;
use std::panic::resume_unwind;
use std::time::Duration;

use crate::boundary::{BoundaryError, attempted, attempted_once, recovered};
use crate::caught::caught_now;
use crate::mapped::mapped;
use crate::retry::RetryPolicy;

use super::has_text::HasText;

/// Runs a body inside an error boundary, once.
pub fn contained<T, E: HasText>(
    name: &'static str,
    body: impl Future<Output = Result<T, E>>,
    recoverable: impl Fn(&BoundaryError<E>) -> bool,
    fallback: Option<impl FnOnce() -> T>,
) -> impl Future<Output = Result<T, E>> {
    let fallback = fallback.map(|fallback| |_: &BoundaryError<E>| fallback());
    mapped(attempted_once(body), move |result| ended(recovered(name, result, caught(recoverable), fallback)))
}

/// Runs a body inside an error boundary, with retries.
pub async fn contained_again<T, E: HasText, R: Future<Output = Result<T, E>>>(
    name: &'static str,
    retries: u32,
    body: impl FnMut() -> R,
    recoverable: impl Fn(&BoundaryError<E>) -> bool,
    fallback: Option<impl FnOnce() -> T>,
) -> Result<T, E> {
    let policy = RetryPolicy::fixed(retries.saturating_add(1), Duration::ZERO);
    let recoverable = caught(recoverable);
    let result = attempted(name, policy, body, &recoverable).await;
    ended(recovered(name, result, &recoverable, fallback.map(|fallback| |_: &BoundaryError<E>| fallback())))
}

/// The fallback of a function that returns `R`. With this type, a value of another type is an error at that value.
pub struct Fallback<R>(PhantomData<R>);

impl<T, E> Fallback<Result<T, E>> {
    /// The value of this function.
    pub fn of(value: impl FnOnce() -> T) -> Option<impl FnOnce() -> T> {
        Some(value)
    }

    /// None.
    pub fn none() -> Option<fn() -> T> {
        None
    }
}

/// An error for which the function panics is not recoverable.
fn caught<E>(recoverable: impl Fn(&BoundaryError<E>) -> bool) -> impl Fn(&BoundaryError<E>) -> bool {
    move |error| caught_now(|| recoverable(error)).unwrap_or(false)
}

/// The function has its own error type, which cannot carry a panic: the panic goes on.
fn ended<T, E>(result: Result<T, BoundaryError<E>>) -> Result<T, E> {
    result.map_err(|error| match error {
        BoundaryError::Failed(error) => error,
        BoundaryError::Panicked(message) => resume_unwind(Box::new(message)),
        BoundaryError::TimedOut(_) => unreachable!("the attribute has no argument for the total time"),
    })
}
