//! [`Watched`]: a body that tells whom it waits for.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Bytes, HttpBody};
use http_body::{Frame, SizeHint};

use crate::turn::Turn;

/// What the client sends, or what we do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Request,
    Response,
}

/// A body that tells whom it waits for: one of a request for the client; one of a response for us, until there is a part
/// that the client can take.
pub(crate) struct Watched<B> {
    body: B,
    side: Side,
    turn: Arc<Turn>,
}

impl<B> Watched<B> {
    pub(crate) fn new(body: B, side: Side, turn: Arc<Turn>) -> Self {
        Self { body, side, turn }
    }
}

impl<B: HttpBody<Data = Bytes> + Unpin> HttpBody for Watched<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        let waits = polled.is_pending();
        self.turn.pass(if self.side == Side::Request { !waits } else { waits });
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B> Drop for Watched<B> {
    fn drop(&mut self) {
        if self.side == Side::Response {
            self.turn.end();
        }
    }
}
