//! Catches panics in user code and extracts their messages.

use std::any::Any;
#[cfg(any(
    feature = "batcher",
    feature = "boundary",
    feature = "event_bus",
    feature = "queue",
    feature = "task_group"
))]
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
#[cfg(any(
    feature = "batcher",
    feature = "boundary",
    feature = "event_bus",
    feature = "queue",
    feature = "task_group"
))]
use std::pin::pin;
#[cfg(any(
    feature = "batcher",
    feature = "boundary",
    feature = "event_bus",
    feature = "queue",
    feature = "task_group"
))]
use std::task::Poll;

/// Runs a future. A panic in one of its polls ends it, and its message is the error. It is not polled again after a panic, so no
/// state that the panic left behind is observed.
#[cfg(any(
    feature = "batcher",
    feature = "boundary",
    feature = "event_bus",
    feature = "queue",
    feature = "task_group"
))]
pub(crate) async fn caught<F: Future>(future: F) -> Result<F::Output, String> {
    let mut future = pin!(future);
    let result = poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(poll) => poll.map(Ok),
        Err(payload) => Poll::Ready(Err(payload)),
    });
    result.await.map_err(message)
}

/// Runs a function. If it panics, the message is the error.
#[cfg(feature = "boundary")]
pub(crate) fn caught_now<T>(function: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(function)).map_err(message)
}

/// The message of a panic.
pub(crate) fn message(payload: Box<dyn Any + Send>) -> String {
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => match payload.downcast_ref::<&str>() {
            Some(text) => (*text).to_owned(),
            None => {
                // The drop of a payload runs user code, and a payload of a panic in that might panic again.
                if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
                    std::mem::forget(another);
                }
                "a payload that is not text".to_owned()
            }
        },
    }
}
