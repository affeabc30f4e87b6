//! Catches panics in user code and extracts their messages.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use super::pin_project::pin_project;

/// The payload of a panic.
pub(crate) type Payload = Box<dyn Any + Send>;

pin_project! {
    /// A future whose panics are caught. It is not polled again after a panic, so no state that the panic left behind is
    /// observed.
    pub(crate) struct CaughtPayload<F> {
        #[pin]
        future: F,
    }
}

pin_project! {
    /// The same, with the message of the panic as the error.
    pub(crate) struct Caught<F> {
        #[pin]
        inner: CaughtPayload<F>,
    }
}

/// Runs a future. A panic in one of its polls ends it, and its message is the error.
pub(crate) fn caught<F: Future>(future: F) -> Caught<F> {
    Caught { inner: caught_payload(future) }
}

/// Runs a future. A panic in one of its polls ends it, and its payload is the error.
pub(crate) fn caught_payload<F: Future>(future: F) -> CaughtPayload<F> {
    CaughtPayload { future }
}

impl<F: Future> Future for CaughtPayload<F> {
    type Output = Result<F::Output, Payload>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let future = self.project().future;
        match catch_unwind(AssertUnwindSafe(|| future.poll(cx))) {
            Ok(poll) => poll.map(Ok),
            Err(payload) => Poll::Ready(Err(payload)),
        }
    }
}

impl<F: Future> Future for Caught<F> {
    type Output = Result<F::Output, String>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().inner.poll(cx).map_err(message)
    }
}

/// Runs a function. If it panics, the message is the error.
pub(crate) fn caught_now<T>(function: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(function)).map_err(message)
}

/// The message of a panic.
pub(crate) fn message(payload: Payload) -> String {
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

/// Drops a payload, which runs user code. A payload of a panic in that is leaked, because its drop might panic again.
fn let_go(payload: Payload) {
    if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(another);
    }
}
