//! [`TrackedBody`]: a body that records in the [`ExchangeState`] which side the exchange waits for.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Bytes, HttpBody};
use http_body::{Frame, SizeHint};

use super::exchange_state::{ExchangeState, Peer};

/// A body that is being sent. While no frame is ready, the exchange waits for the sender; once a frame is ready, it
/// waits for the receiver.
pub(crate) struct TrackedBody<B: HttpBody> {
    body: B,
    sender: Peer,
    is_complete: bool,
    exchange: Arc<ExchangeState>,
}

impl<B: HttpBody> TrackedBody<B> {
    pub(crate) fn of_request(body: B, exchange: Arc<ExchangeState>) -> Self {
        Self { body, sender: Peer::Client, is_complete: false, exchange }
    }

    pub(crate) fn of_response(body: B, exchange: Arc<ExchangeState>) -> Self {
        Self { body, sender: Peer::Server, is_complete: false, exchange }
    }
}

impl<B: HttpBody<Data = Bytes> + Unpin> HttpBody for TrackedBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        self.is_complete |= matches!(polled, Poll::Ready(None));
        self.exchange.wait_for(if polled.is_pending() { self.sender } else { self.sender.other() });
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B: HttpBody> Drop for TrackedBody<B> {
    fn drop(&mut self) {
        match self.sender {
            Peer::Server => self.exchange.finish(),
            Peer::Client if self.is_complete || self.body.is_end_stream() => {}
            Peer::Client => self.exchange.leave_body_unread(),
        }
    }
}
