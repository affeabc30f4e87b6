//! [`Connection`]: serves one client, from its first request to its last response.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::http::header::{CONNECTION, HeaderValue};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use service_core::Context;
use tokio::net::TcpStream;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tower_service::Service;

use super::exchange_state::ExchangeState;
use super::handler::HandlerFuture;
use super::idle_timeout_body::IdleTimeoutBody;
use super::lingering_close::LingeringClose;
use super::tracked_body::TrackedBody;
use crate::client_address::ClientAddress;

/// How long the server keeps reading from an idle connection once it is draining. A request may be in the kernel's
/// buffer or on its way, and the client's kernel sends a dropped packet again after 200 ms.
const IDLE_GRACE: Duration = Duration::from_millis(300);

/// How much longer the server reads from a connection that has not carried a request yet. Its client has only just
/// connected, and a busy machine may delay the first request.
const FIRST_REQUEST_GRACE: Duration = Duration::from_millis(200);

/// How long the server waits for a client.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeouts {
    /// For the head of a request.
    pub(crate) head: Duration,
    /// For the next part of a request's body.
    pub(crate) body: Duration,
}

/// A connection to one client.
pub(crate) struct Connection {
    router: Router,
    timeouts: Timeouts,
    exchange: Arc<ExchangeState>,
}

/// A connection that was cut off.
pub(crate) struct CutOff {
    /// The request that the server had not answered, unless the server was waiting for the client.
    pub(crate) unanswered: Option<String>,
}

impl Connection {
    pub(crate) fn new(router: Router, timeouts: Timeouts) -> Self {
        Self { router, timeouts, exchange: Arc::default() }
    }

    /// Answers requests until the client disconnects. Once `draining` is cancelled, answers what was requested and
    /// closes the connection. Returns `CutOff` if `cut_off` is cancelled before that.
    pub(crate) async fn serve<S: 'static>(
        self,
        stream: TcpStream,
        cx: &Context<S>,
        draining: CancellationToken,
        cut_off: CancellationToken,
    ) -> Option<CutOff> {
        // Sends each response without delay. On failure the response is late, but correct.
        let _ = stream.set_nodelay(true);
        let Self { router, timeouts, exchange } = self;
        let client = stream.peer_addr().ok().map(ClientAddress);
        let stream = TokioIo::new(LingeringClose::new(stream, exchange.clone()));
        let answer = service_fn(|mut request: Request<Incoming>| {
            if let Some(client) = client {
                request.extensions_mut().insert(client);
            }
            let request = request.map(|body| IdleTimeoutBody::new(body, timeouts.body));
            answer(router.clone(), request, exchange.clone(), cx.clone())
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(timeouts.head)
            .serve_connection(stream, answer)
            .with_upgrades();
        let mut connection = pin!(connection);
        let mut grace = pin!(async {
            draining.cancelled().await;
            // Limited, so that a short drain ends with idle connections closed and not cut off.
            let limit = cx.remaining() / 4;
            sleep(IDLE_GRACE.min(limit)).await;
            if !exchange.had_request() {
                sleep(FIRST_REQUEST_GRACE.min(limit)).await;
            }
        });
        let mut is_closing = false;
        let served = poll_fn(|cx| {
            // Reads first, so that a connection with a request that has just arrived does not count as idle.
            // An error means that the client disconnected or does not speak HTTP/1.1.
            if connection.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            if !is_closing && grace.as_mut().poll(cx).is_ready() {
                is_closing = true;
                connection.as_mut().graceful_shutdown();
                return connection.as_mut().poll(cx).map(drop);
            }
            Poll::Pending
        });
        match cut_off.run_until_cancelled(served).await {
            Some(()) => None,
            None => Some(CutOff { unanswered: exchange.unanswered() }),
        }
    }
}

async fn answer<S: 'static>(
    mut router: Router,
    request: Request<IdleTimeoutBody<Incoming>>,
    exchange: Arc<ExchangeState>,
    cx: Context<S>,
) -> Result<Response, Infallible> {
    exchange.start(request.method(), request.uri().path());
    let request = request.map(|body| Body::new(TrackedBody::of_request(body, exchange.clone())));
    let handler = HandlerFuture::new(router.call(request), cx.name(), &exchange);
    let mut response = handler.await;
    // Also in the lame-duck period, so that a client with a kept connection sends its next request to another server.
    if cx.shutdown_requested().is_cancelled() {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response.map(|body| Body::new(TrackedBody::of_response(body, exchange))))
}
