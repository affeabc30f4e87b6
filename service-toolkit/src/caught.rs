//! Catches panics in user code and extracts their messages.

#![cfg_attr(not(feature = "full"), allow(dead_code, reason = "each pattern uses a part of it"))]

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

/// Runs a future. A panic in one of its polls ends it, and its message is the error. It is not polled again after a panic, so no
/// state that the panic left behind is observed.
pub(crate) async fn caught<F: Future>(future: F) -> Result<F::Output, String> {
    caught_payload(future).await.map_err(message)
}

/// The same, with the payload of the panic, so that the panic can go on.
pub(crate) async fn caught_payload<F: Future>(future: F) -> Result<F::Output, Box<dyn Any + Send>> {
    let mut future = pin!(future);
    let result = poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(poll) => poll.map(Ok),
        Err(payload) => Poll::Ready(Err(payload)),
    });
    result.await
}

/// Runs a function. If it panics, the message is the error.
pub(crate) fn caught_now<T>(function: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(function)).map_err(message)
}

/// The text of a payload, if it is text.
pub(crate) fn text(payload: &(dyn Any + Send)) -> Option<&str> {
    payload.downcast_ref::<String>().map(|text| &**text).or_else(|| payload.downcast_ref::<&str>().copied())
}

/// The message of a panic.
pub(crate) fn message(payload: Box<dyn Any + Send>) -> String {
    if let Some(text) = text(&*payload) {
        return text.to_owned();
    }
    // The drop of a payload runs user code, and a payload of a panic in that might panic again.
    if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(another);
    }
    "a payload that is not text".to_owned()
}
