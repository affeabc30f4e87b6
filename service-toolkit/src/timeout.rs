//! [`timeout`]: tokio's timeout with an error that names the operation.

use std::borrow::Cow;
use std::fmt;
use std::future::IntoFuture;
use std::time::Duration;

/// Runs a future, but at most for `limit`. At the limit, the future is dropped, and the error names the operation.
///
/// It is `tokio::time::timeout`, whose error says only that a deadline has elapsed. The future is polled before the time is
/// checked, so a future that is ready at once succeeds even with a limit of zero. A limit that is too long for the clock is no
/// limit.
///
/// ```
/// use std::time::Duration;
/// use service_toolkit::timeout;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let list = timeout("fetching the price list", Duration::from_millis(5), std::future::pending::<()>());
/// assert_eq!(list.await.unwrap_err().to_string(), "fetching the price list took longer than 5ms and was cancelled");
/// # }
/// ```
///
/// # Errors
/// If the future has not completed within the limit.
pub async fn timeout<F: IntoFuture>(
    operation: impl Into<Cow<'static, str>>,
    limit: Duration,
    future: F,
) -> Result<F::Output, TimedOut> {
    let result = tokio::time::timeout(limit, future).await;
    result.map_err(|_| TimedOut { operation: operation.into(), limit })
}

/// The error of [`timeout`]: an operation took longer than its limit and was cancelled.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TimedOut {
    /// The name of the operation, for example `fetching the price list`.
    pub operation: Cow<'static, str>,
    /// How long it was allowed to take.
    pub limit: Duration,
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} took longer than {:?} and was cancelled", self.operation, self.limit)
    }
}

impl std::error::Error for TimedOut {}
