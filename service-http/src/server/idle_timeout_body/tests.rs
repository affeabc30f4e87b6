use std::convert::Infallible;
use std::future::poll_fn;

use axum::body::Bytes;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::advance;

use super::*;

const TIMEOUT: Duration = Duration::from_secs(1);

/// A body whose frames come from a channel.
struct Frames(UnboundedReceiver<Bytes>);

impl HttpBody for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}

type Polled = Poll<Option<Result<Bytes, String>>>;

async fn poll_once(body: &mut IdleTimeoutBody<Frames>) -> Polled {
    let data = |frame: Frame<Bytes>| frame.into_data().unwrap_or_default();
    let polled = poll_fn(|cx| Poll::Ready(Pin::new(&mut *body).poll_frame(cx))).await;
    polled.map(|frame| frame.map(|frame| frame.map(data).map_err(|error| error.to_string())))
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_arrives_in_time_is_returned_although_it_is_read_late() {
    let (sender, frames) = unbounded_channel();
    let mut body = IdleTimeoutBody::new(Frames(frames), TIMEOUT);
    assert_eq!(poll_once(&mut body).await, Poll::Pending);
    sender.send(Bytes::from_static(b"in time")).expect("the body reads");
    advance(TIMEOUT * 2).await;
    assert_eq!(poll_once(&mut body).await, Poll::Ready(Some(Ok(Bytes::from_static(b"in time")))));
    assert_eq!(poll_once(&mut body).await, Poll::Pending, "the next frame has a timeout of its own");
}

#[tokio::test(start_paused = true)]
async fn a_body_without_a_frame_fails_after_the_timeout() {
    let (_sender, frames) = unbounded_channel();
    let mut body = IdleTimeoutBody::new(Frames(frames), TIMEOUT);
    assert_eq!(poll_once(&mut body).await, Poll::Pending);
    advance(TIMEOUT).await;
    let error = "nothing more of the body came for 1s; send all of it";
    assert_eq!(poll_once(&mut body).await, Poll::Ready(Some(Err(error.to_owned()))));
}
