//! Catches panics in user code and extracts their messages.

#![cfg_attr(not(feature = "full"), allow(dead_code, reason = "each pattern uses a part of it"))]

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::pin_project::pin_project;

type Payload = Box<dyn Any + Send>;

pin_project! {
    /// A future whose panics are its errors. A type and not an `async fn`, which would store the future twice.
    pub(crate) struct Caught<F, P> {
        #[pin]
        future: Option<F>,
        panic: Option<Payload>,
        error: fn(Payload) -> P,
    }
}

/// Runs a future. A panic in one of its polls ends it, and its message is the error. It is not polled again after a panic, so no
/// state that the panic left behind is observed.
pub(crate) fn caught<F: Future>(future: F) -> Caught<F, String> {
    Caught { future: Some(future), panic: None, error: message }
}

/// The same of a future that this function returns. A panic of the function is the error of the future.
pub(crate) fn caught_call<F: Future>(call: impl FnOnce() -> F) -> Caught<F, String> {
    caught_call_as(call, message)
}

/// The same, with the payload of the panic, so that the panic can go on.
pub(crate) fn caught_payload<F: Future>(call: impl FnOnce() -> F) -> Caught<F, Payload> {
    caught_call_as(call, |payload| payload)
}

fn caught_call_as<F: Future, P>(call: impl FnOnce() -> F, error: fn(Payload) -> P) -> Caught<F, P> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(future) => Caught { future: Some(future), panic: None, error },
        Err(payload) => Caught { future: None, panic: Some(payload), error },
    }
}

impl<F: Future, P> Future for Caught<F, P> {
    type Output = Result<F::Output, P>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Some(payload) = this.panic.take() {
            return Poll::Ready(Err((this.error)(payload)));
        }
        let future = this.future.as_pin_mut().expect("a future is not polled after its end");
        match catch_unwind(AssertUnwindSafe(|| future.poll(cx))) {
            Ok(poll) => poll.map(Ok),
            Err(payload) => Poll::Ready(Err((this.error)(payload))),
        }
    }
}

/// Runs a function. If it panics, the message is the error.
pub(crate) fn caught_now<T>(function: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(function)).map_err(message)
}

/// The text of an error, which may be code of the user that panics.
pub(crate) struct Shown<'a, E: ?Sized>(pub(crate) &'a E);

impl<E: fmt::Display + ?Sized> fmt::Display for Shown<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match caught_now(|| self.0.to_string()) {
            Ok(text) => f.write_str(&text),
            Err(panic) => write!(f, "no text, because it panicked: {panic}"),
        }
    }
}

/// The same, as a text.
pub(crate) fn error_text(error: &(impl fmt::Display + ?Sized)) -> String {
    Shown(error).to_string()
}

/// The text of a payload, if it is text.
pub(crate) fn text(payload: &(dyn Any + Send)) -> Option<&str> {
    payload.downcast_ref::<String>().map(|text| &**text).or_else(|| payload.downcast_ref::<&str>().copied())
}

/// The message of a panic.
pub(crate) fn message(payload: Payload) -> String {
    if let Some(text) = text(&*payload) {
        return text.to_owned();
    }
    // The drop of a payload runs user code, and a payload of a panic in that might panic again.
    if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(another);
    }
    "a payload that is not text".to_owned()
}
