//! [`RequestBody`]: the body of a request, which fails when the client sends nothing for too long, too slowly, or for
//! too long in total.
//!
//! `TimeoutBody` of tower-http cannot replace it. That type does not forward `is_end_stream`, so the server would take
//! every request without a body for one whose body was left unread, and would linger on its connection. It also checks
//! its timer before the body, so a frame that arrived in time is lost if the handler reads it late.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::BoxError;
use axum::body::{Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use super::exchange_state::{ExchangeState, Peer};
use super::limits::{Limit, Limits, after};

/// How long the client may take before its rate counts.
const RATE_GRACE: Duration = Duration::from_secs(5);

/// The body of a request.
pub(crate) struct RequestBody<B: HttpBody> {
    body: B,
    limits: Limits,
    exchange: Arc<ExchangeState>,
    /// How many bytes have arrived.
    received: u64,
    /// How long the server has waited for the client, for the head of the request and for earlier frames.
    waited: Duration,
    /// Since when it waits for the next frame.
    waits_since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
    is_complete: bool,
}

impl<B: HttpBody> RequestBody<B> {
    pub(crate) fn new(body: B, limits: Limits, exchange: Arc<ExchangeState>) -> Self {
        let waited = if body.is_end_stream() { Duration::ZERO } else { exchange.elapsed() };
        Self { body, limits, exchange, received: 0, waited, waits_since: None, timer: None, is_complete: false }
    }

    /// Until when the next frame has to arrive, and the limit that the client exceeds otherwise.
    fn deadline(&self, since: Instant) -> (Instant, Limit) {
        let Limits { body, request, body_rate, .. } = self.limits;
        let rest = |total: Duration| total.saturating_sub(self.waited);
        let mut earliest = (body, Limit::Body);
        if rest(request) < earliest.0 {
            earliest = (rest(request), Limit::Request);
        }
        if let Some(seconds) = self.received.checked_div(body_rate.into()) {
            let time = rest(RATE_GRACE.max(Duration::from_secs(seconds)));
            if time < earliest.0 {
                earliest = (time, Limit::BodyRate);
            }
        }
        (after(since, earliest.0), earliest.1)
    }

    fn error(&self, limit: Limit) -> BoxError {
        let Limits { body, request, body_rate, .. } = self.limits;
        match limit {
            Limit::Request => format!("the request did not arrive within {request:?}; send it faster"),
            Limit::BodyRate => format!("the body came slower than {body_rate} bytes per second; send it faster"),
            _ => format!("nothing more of the body came for {body:?}; send all of it"),
        }
        .into()
    }

    /// Records what the inner body returned.
    fn arrived(&mut self, frame: &Option<Result<Frame<Bytes>, B::Error>>) {
        if let Some(since) = self.waits_since.take() {
            self.waited += since.elapsed();
        }
        if let Some(Ok(frame)) = frame {
            self.received += frame.data_ref().map_or(0, |data| data.len() as u64);
        }
        if frame.is_none() || self.body.is_end_stream() {
            self.is_complete = true;
            self.exchange.complete_request();
        }
        self.exchange.wait_for(Peer::Server);
    }
}

impl<B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Unpin> HttpBody for RequestBody<B> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            self.arrived(&frame);
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        if self.waits_since.is_none() {
            self.exchange.wait_for(Peer::Client);
        }
        let since = *self.waits_since.get_or_insert_with(Instant::now);
        let (deadline, limit) = self.deadline(since);
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        ready!(timer.as_mut().poll(cx));
        self.exchange.exceed(limit);
        Poll::Ready(Some(Err(self.error(limit))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B: HttpBody> Drop for RequestBody<B> {
    fn drop(&mut self) {
        if !self.is_complete && !self.body.is_end_stream() {
            self.exchange.leave_input_unread();
        }
    }
}

#[cfg(test)]
mod tests;
