//! Panics in user code, caught and put into words.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

/// Runs a future; a panic in one of its polls ends it with the panic's message.
pub(crate) async fn caught<F: Future>(future: F) -> Result<F::Output, String> {
    caught_payload(future).await.map_err(message)
}

/// Runs a future; a panic in one of its polls ends it with the panic's payload.
pub(crate) async fn caught_payload<F: Future>(future: F) -> Result<F::Output, Box<dyn Any + Send>> {
    let mut future = pin!(future);
    std::future::poll_fn(|cx| {
        // The future is not polled again after a panic, so nobody sees what the panic left half done.
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(payload) => Poll::Ready(Err(payload)),
        }
    })
    .await
}

/// Runs a function; a panic in it ends it with the panic's message.
pub(crate) fn caught_now<T>(function: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(function)).map_err(message)
}

/// What a panic said.
pub(crate) fn message(payload: Box<dyn Any + Send>) -> String {
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => match payload.downcast_ref::<&str>() {
            Some(text) => (*text).to_owned(),
            None => {
                let_go(payload);
                "a payload that is not text".to_owned()
            }
        },
    }
}

/// Drops a payload, which is user code too. What comes of a panic in that is left alone: it might panic in turn.
fn let_go(payload: Box<dyn Any + Send>) {
    if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(another);
    }
}
