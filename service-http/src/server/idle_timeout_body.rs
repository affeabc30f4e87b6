//! [`IdleTimeoutBody`]: the body of a request, which fails when the client sends nothing for too long.
//!
//! `TimeoutBody` of tower-http cannot replace it. That type does not forward `is_end_stream`, so the server would take
//! every request without a body for one whose body was left unread, and would linger on its connection. It also checks
//! its timer before the body, so a frame that arrived in time is lost if the handler reads it late.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::BoxError;
use axum::body::HttpBody;
use http_body::{Frame, SizeHint};
use tokio::time::{Sleep, sleep};

/// The body of a request. Reading it fails if no frame arrives within `timeout`.
pub(crate) struct IdleTimeoutBody<B> {
    body: B,
    timeout: Duration,
    timer: Option<Pin<Box<Sleep>>>,
}

impl<B> IdleTimeoutBody<B> {
    pub(crate) fn new(body: B, timeout: Duration) -> Self {
        Self { body, timeout, timer: None }
    }
}

impl<B: HttpBody<Error: Into<BoxError>> + Unpin> HttpBody for IdleTimeoutBody<B> {
    type Data = B::Data;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let Self { body, timeout, timer } = &mut *self;
        if let Poll::Ready(frame) = Pin::new(body).poll_frame(cx) {
            *timer = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        ready!(timer.get_or_insert_with(|| Box::pin(sleep(*timeout))).as_mut().poll(cx));
        Poll::Ready(Some(Err(format!("nothing more of the body came for {timeout:?}; send all of it").into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests;
