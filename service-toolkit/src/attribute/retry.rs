//! `#[retry]`.

use std::future::Future;

use super::has_text::HasText;
use crate::mapped::mapped;
use crate::retry::{RetryError, RetryPolicy, retry};

/// Runs a body again as the policy determines, and returns its last error.
pub fn retried<T, E: HasText, R: Future<Output = Result<T, E>>>(
    name: &'static str,
    policy: RetryPolicy,
    body: impl FnMut() -> R,
    when: impl FnMut(&E) -> bool,
) -> impl Future<Output = Result<T, E>> {
    let last = |error: RetryError<E>| {
        // The attribute has no argument for the total time.
        error.into_last().expect("without a total time, the last attempt has ended with an error")
    };
    mapped(retry(policy, body).named(name).when(when), move |result| result.map_err(last))
}
