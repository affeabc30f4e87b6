//! [`HandlerFuture`]: a handler at work, whose panic becomes a response, and whose blocking is logged.

use std::any::Any;
use std::convert::Infallible;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use pin_project_lite::pin_project;
use service_core::record;

use super::exchange_state::ExchangeState;

/// A poll that takes this long is logged. tokio expects a poll to take well below a millisecond.
const BLOCKED: Duration = Duration::from_millis(500);

pin_project! {
    /// The future of the router for one request.
    pub(crate) struct HandlerFuture<'a, F> {
        #[pin]
        future: F,
        service: &'a str,
        exchange: &'a ExchangeState,
        is_logged: bool,
    }
}

impl<'a, F> HandlerFuture<'a, F> {
    pub(crate) fn new(future: F, service: &'a str, exchange: &'a ExchangeState) -> Self {
        Self { future, service, exchange, is_logged: false }
    }
}

impl<F: Future<Output = Result<Response, Infallible>>> Future for HandlerFuture<'_, F> {
    type Output = Response;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        let this = self.project();
        let started = Instant::now();
        // After a panic the future is not polled again, so nobody sees what the panic left behind.
        let polled = catch_unwind(AssertUnwindSafe(|| this.future.poll(cx)));
        let elapsed = started.elapsed();
        if elapsed >= BLOCKED && !*this.is_logged {
            *this.is_logged = true;
            record!(
                domain: "http", action: "request", status: warning, service = *this.service,
                request = this.exchange.request(),
                duration_ms = elapsed.as_millis() as u64,
                "a handler blocked its thread; run blocking code in spawn_blocking"
            );
        }
        match polled {
            Ok(polled) => polled.map(|response| response.unwrap_or_else(|never| match never {})),
            Err(payload) => {
                let message = panic_message(&*payload);
                let request = this.exchange.request();
                let service = *this.service;
                record!(domain: "http", action: "request", status: error, service, request, "a handler panicked: {message}");
                Poll::Ready(StatusCode::INTERNAL_SERVER_ERROR.into_response())
            }
        }
    }
}

fn panic_message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}
