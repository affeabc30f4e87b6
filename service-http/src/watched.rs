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
pub(crate) struct Watched<B: HttpBody> {
    body: B,
    is_over: bool,
    side: Side,
    turn: Arc<Turn>,
}

impl<B: HttpBody> Watched<B> {
    pub(crate) fn new(body: B, side: Side, turn: Arc<Turn>) -> Self {
        Self { body, is_over: false, side, turn }
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
        self.is_over |= matches!(polled, Poll::Ready(None));
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

impl<B: HttpBody> Drop for Watched<B> {
    fn drop(&mut self) {
        match self.side {
            Side::Response => self.turn.end(),
            Side::Request if self.is_over || self.body.is_end_stream() => {}
            Side::Request => self.turn.leave_unread(),
        }
    }
}
