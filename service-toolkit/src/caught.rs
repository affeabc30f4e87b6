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
    let mut future = pin!(future);
    let result = poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(poll) => poll.map(Ok),
        Err(payload) => Poll::Ready(Err(payload)),
    });
    result.await.map_err(message)
}

/// Runs a function. If it panics, the message is the error.
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
