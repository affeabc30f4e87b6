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

fn body_of(frames: UnboundedReceiver<Bytes>) -> RequestBody<Frames> {
    let limits = Limits { body: TIMEOUT, ..Limits::default() };
    RequestBody::new(Frames(frames), limits, Arc::new(ExchangeState::new()))
}

type Polled = Poll<Option<Result<Bytes, String>>>;

async fn poll_once(body: &mut RequestBody<Frames>) -> Polled {
    let data = |frame: Frame<Bytes>| frame.into_data().unwrap_or_default();
    let polled = poll_fn(|cx| Poll::Ready(Pin::new(&mut *body).poll_frame(cx))).await;
    polled.map(|frame| frame.map(|frame| frame.map(data).map_err(|error| error.to_string())))
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_arrives_in_time_is_returned_although_it_is_read_late() {
    let (sender, frames) = unbounded_channel();
    let mut body = body_of(frames);
    assert_eq!(poll_once(&mut body).await, Poll::Pending);
    sender.send(Bytes::from_static(b"in time")).expect("the body reads");
    advance(TIMEOUT * 2).await;
    assert_eq!(poll_once(&mut body).await, Poll::Ready(Some(Ok(Bytes::from_static(b"in time")))));
    assert_eq!(poll_once(&mut body).await, Poll::Pending, "the next frame has a timeout of its own");
}

#[tokio::test(start_paused = true)]
async fn a_body_without_a_frame_fails_after_the_timeout() {
    let (_sender, frames) = unbounded_channel();
    let mut body = body_of(frames);
    assert_eq!(poll_once(&mut body).await, Poll::Pending);
    advance(TIMEOUT).await;
    let error = "nothing more of the body came for 1s; send all of it";
    assert_eq!(poll_once(&mut body).await, Poll::Ready(Some(Err(error.to_owned()))));
}

/// A body that is sent at this rate for 20 s, one frame per second, and how it ends.
async fn sent_at(bytes_per_second: usize, limits: Limits) -> Result<(), String> {
    let (sender, frames) = unbounded_channel();
    let mut body = RequestBody::new(Frames(frames), limits, Arc::new(ExchangeState::new()));
    for _ in 0..20 {
        let Poll::Pending = poll_once(&mut body).await else { panic!("no frame was sent") };
        advance(TIMEOUT).await;
        let polled = poll_once(&mut body).await;
        if let Poll::Ready(Some(Err(error))) = polled {
            return Err(error);
        }
        sender.send(Bytes::from(vec![b'x'; bytes_per_second])).expect("the body reads");
        assert!(poll_once(&mut body).await.is_ready());
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_body_fails_when_it_is_slower_than_the_minimum_rate() {
    let limits = Limits { body_rate: 240, ..Limits::default() };
    assert_eq!(sent_at(400, limits).await, Ok(()));
    let error = "the body came slower than 240 bytes per second; send it faster";
    assert_eq!(sent_at(200, limits).await, Err(error.to_owned()));
    assert_eq!(sent_at(1, Limits { body_rate: 0, ..limits }).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_body_fails_after_the_time_for_the_whole_request() {
    let limits = Limits { request: TIMEOUT * 10, ..Limits::default() };
    let error = "the request did not arrive within 10s; send it faster";
    assert_eq!(sent_at(1_000, limits).await, Err(error.to_owned()));
}

#[tokio::test(start_paused = true)]
async fn the_time_in_which_a_handler_does_not_read_does_not_count() {
    let (sender, frames) = unbounded_channel();
    let limits = Limits { request: TIMEOUT * 10, ..Limits::default() };
    let mut body = RequestBody::new(Frames(frames), limits, Arc::new(ExchangeState::new()));
    for _ in 0..20 {
        advance(TIMEOUT).await;
        sender.send(Bytes::from_static(b"x")).expect("the body reads");
        assert!(poll_once(&mut body).await.is_ready());
    }
    assert_eq!(poll_once(&mut body).await, Poll::Pending);
}
