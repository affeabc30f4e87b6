//! Runs a call of an adapter to its end: it completes, it panics, or it hangs.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;
use std::time::Duration;

use tokio::time::timeout;

use crate::adapter::LocalBoxFuture;

/// How long a call may take, on the paused clock. The budgets in the plans and all known defaults of registries are far
/// shorter, so a call that takes longer waits for something that never happens.
const LIMIT: Duration = Duration::from_secs(60 * 60);

/// The message of a panic.
pub(crate) fn panic_message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

/// The output of a future; an error if it panics or hangs.
pub(crate) async fn complete<T>(what: &str, mut future: LocalBoxFuture<'_, T>) -> Result<T, String> {
    let caught = poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
        Err(payload) => Poll::Ready(Err(format!("{what} panicked: {}", panic_message(&*payload)))),
    });
    timeout(LIMIT, caught).await.unwrap_or_else(|_| Err(format!("{what} hung")))
}

/// The outputs of several futures that run concurrently on this thread.
pub(crate) async fn complete_all<T>(what: &str, futures: Vec<LocalBoxFuture<'_, T>>) -> Result<Vec<T>, String> {
    let mut running: Vec<_> = futures.into_iter().map(|it| (Box::pin(complete(what, it)), None)).collect();
    poll_fn(|cx| {
        for (future, output) in running.iter_mut().filter(|(_, output)| output.is_none()) {
            if let Poll::Ready(ready) = future.as_mut().poll(cx) {
                *output = Some(ready);
            }
        }
        if running.iter().all(|(_, output)| output.is_some()) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    running.into_iter().filter_map(|(_, output)| output).collect()
}
