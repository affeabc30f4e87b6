//! [`ResponseBody`]: a body that records in the [`ExchangeState`] which side the exchange waits for.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};

use super::exchange_state::{ExchangeState, Peer};

/// The body of a response. While no frame is ready, the exchange waits for the server; once a frame is ready, it waits
/// for the client.
pub(crate) struct ResponseBody {
    body: Body,
    exchange: Arc<ExchangeState>,
}

impl ResponseBody {
    pub(crate) fn new(body: Body, exchange: Arc<ExchangeState>) -> Self {
        Self { body, exchange }
    }
}

impl HttpBody for ResponseBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        self.exchange.wait_for(if polled.is_pending() { Peer::Server } else { Peer::Client });
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for ResponseBody {
    fn drop(&mut self) {
        self.exchange.finish();
    }
}
