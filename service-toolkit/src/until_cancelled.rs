//! [`until_cancelled`]: waits for a future until a token is cancelled.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use service_core::CancellationToken;

/// Waits for a future until the token is cancelled, which has priority.
///
/// This is [`CancellationToken::run_until_cancelled`] for a future that is usually ready at once: it enters the list of the token only if
/// the future has to wait, which saves most of the cost.
pub(crate) async fn until_cancelled<F: Future>(token: &CancellationToken, future: F) -> Option<F::Output> {
    if token.is_cancelled() {
        return None;
    }
    let mut future = pin!(future);
    match poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await {
        Poll::Ready(output) => Some(output),
        Poll::Pending => token.run_until_cancelled(future).await,
    }
}
