//! [`Patient`]: the body of a request that waits for its client, but not for ever.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::BoxError;
use axum::body::HttpBody;
use http_body::{Frame, SizeHint};
use tokio::time::{Sleep, sleep};

/// The body of a request that fails where nothing more of it comes for too long.
pub(crate) struct Patient<B> {
    body: B,
    longest: Duration,
    pause: Option<Pin<Box<Sleep>>>,
}

impl<B> Patient<B> {
    pub(crate) fn new(body: B, longest: Duration) -> Self {
        Self { body, longest, pause: None }
    }
}

impl<B: HttpBody<Error: Into<BoxError>> + Unpin> HttpBody for Patient<B> {
    type Data = B::Data;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let Self { body, longest, pause } = &mut *self;
        if let Poll::Ready(frame) = Pin::new(body).poll_frame(cx) {
            *pause = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        ready!(pause.get_or_insert_with(|| Box::pin(sleep(*longest))).as_mut().poll(cx));
        Poll::Ready(Some(Err(format!("nothing more of the body came for {longest:?}; send all of it").into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
