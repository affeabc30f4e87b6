//! What became of something that a subject was asked for: it ended, it panicked, or it hung.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;
use std::time::Duration;

use tokio::time::timeout;

use crate::subject::Soon;

/// How long anything may take, on the paused clock. Every budget of every plan is far below, and so is every default
/// that we know of: what takes longer waits for something that never comes.
const LIMIT: Duration = Duration::from_secs(60 * 60);

/// The words of a panic.
pub(crate) fn words(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("without words")
}

/// What it ended with; an error if it panicked or hung instead.
pub(crate) async fn ended<T>(what: &str, mut soon: Soon<'_, T>) -> Result<T, String> {
    let caught = poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| soon.as_mut().poll(cx))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
        Err(payload) => Poll::Ready(Err(format!("{what} panicked: {}", words(&*payload)))),
    });
    timeout(LIMIT, caught).await.unwrap_or_else(|_| Err(format!("{what} hung")))
}

/// Does all of it at once, on this thread.
pub(crate) async fn all_ended<T>(what: &str, soon: Vec<Soon<'_, T>>) -> Result<Vec<T>, String> {
    let mut running: Vec<_> = soon.into_iter().map(|it| (Box::pin(ended(what, it)), None)).collect();
    poll_fn(|cx| {
        for (future, ending) in running.iter_mut().filter(|(_, ending)| ending.is_none()) {
            if let Poll::Ready(ended) = future.as_mut().poll(cx) {
                *ending = Some(ended);
            }
        }
        if running.iter().all(|(_, ending)| ending.is_some()) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    running.into_iter().filter_map(|(_, ending)| ending).collect()
}
