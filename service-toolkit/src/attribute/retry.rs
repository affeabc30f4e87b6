//! `#[retry]`.

use std::future::Future;

use super::has_text::HasText;
use crate::retry::{RetryPolicy, retry};

/// Runs a body again as the policy determines, and returns its last error.
pub async fn retried<T, E: HasText, R: Future<Output = Result<T, E>>>(
    name: &'static str,
    policy: RetryPolicy,
    body: impl FnMut() -> R,
    when: impl FnMut(&E) -> bool,
) -> Result<T, E> {
    retry(policy, body).named(name).when(when).await.map_err(|error| {
        // The attribute has no argument for the total time.
        error.into_last().expect("without a total time, the last attempt has ended with an error")
    })
}
