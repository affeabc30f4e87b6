//! [`Connection`]: serves one client, from its first request to its last response.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONNECTION, HeaderValue};
use axum::http::{Request, Response, StatusCode};
use axum::response::IntoResponse;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use tower_service::Service;

use super::client_stream::ClientStream;
use super::exchange_state::{CutOff, ExchangeState};
use super::handler::HandlerFuture;
use super::host::host_error;
use super::limits::{Limit, after};
use super::request_body::RequestBody;
use super::response_body::ResponseBody;
use super::serving::{Place, Serving};
use crate::client_address::ClientAddress;

/// How long the server keeps reading from an idle connection once it is draining. A request may be in the kernel's
/// buffer or on its way, and the client's kernel sends a dropped packet again after 200 ms.
const IDLE_GRACE: Duration = Duration::from_millis(300);

/// How much longer the server reads from a connection that has not carried a request yet. Its client has only just
/// connected, and a busy machine may delay the first request.
const FIRST_REQUEST_GRACE: Duration = Duration::from_millis(200);

/// How a connection ended.
enum End {
    /// The client disconnected, or the server closed the connection after a response.
    Closed(Result<(), hyper::Error>),
    /// The client exceeded this limit.
    Exceeded(Limit),
}

/// A connection to one client.
pub(crate) struct Connection<S> {
    serving: Arc<Serving<S>>,
    client: SocketAddr,
    exchange: Arc<ExchangeState>,
    // Each poll looks at these tokens, which locks them, so each connection has its own.
    shutdown_requested: CancellationToken,
    draining: CancellationToken,
    cut_off: CancellationToken,
}

impl<S: 'static> Connection<S> {
    pub(crate) fn new(serving: Arc<Serving<S>>, client: SocketAddr) -> Self {
        let shutdown_requested = serving.cx.shutdown_requested().child_token();
        let (draining, cut_off) = (serving.draining.child_token(), serving.cut_off.child_token());
        let exchange = Arc::new(ExchangeState::new());
        Self { serving, client, exchange, shutdown_requested, draining, cut_off }
    }

    /// Answers requests until the client disconnects. Once the server is draining, answers what was requested and closes
    /// the connection. Returns `CutOff` if the server cuts the connection off before that.
    pub(crate) async fn serve(self, stream: TcpStream, place: Place) -> Option<CutOff> {
        // Sends each response without delay. On failure the response is late, but correct.
        let _ = stream.set_nodelay(true);
        let Self { serving, client, exchange, .. } = &self;
        let end = self.cut_off.run_until_cancelled(self.run(ClientStream::new(stream, place, exchange.clone()))).await;
        match end {
            None => return Some(exchange.cut_off()),
            Some(End::Exceeded(limit)) => exchange.exceed(limit),
            Some(End::Closed(Err(error))) if error.is_parse() => serving.report_invalid(*client, &error),
            Some(End::Closed(Err(error))) => {
                tracing::debug!(service = serving.cx.name(), %client, %error, "a connection ended within a request");
            }
            Some(End::Closed(Ok(()))) => {}
        }
        if let Some(limit) = exchange.exceeded() {
            serving.report_exceeded(*client, limit, &exchange.request());
        }
        None
    }

    async fn run(&self, stream: ClientStream) -> End {
        let Self { serving, exchange, .. } = self;
        let stream = TokioIo::new(stream);
        let mut connection = pin!(
            http1::Builder::new()
                // The deadlines of `ExchangeState` cover the head.
                .header_read_timeout(None)
                .serve_connection(stream, service_fn(|request| self.answer(request)))
                .with_upgrades()
        );
        let mut grace = pin!(async {
            self.draining.cancelled().await;
            // Limited, so that a short drain ends with idle connections closed and not cut off.
            let limit = serving.cx.remaining() / 4;
            sleep(IDLE_GRACE.min(limit)).await;
            if !exchange.had_request() {
                sleep(FIRST_REQUEST_GRACE.min(limit)).await;
            }
        });
        let first = serving.limits.idle.min(serving.limits.head);
        let mut timer = pin!(sleep_until(after(Instant::now(), first)));
        let mut is_closing = false;
        poll_fn(|cx| {
            // Reads first, so that a connection with a request that has just arrived does not count as idle.
            // An error means that the client disconnected or does not speak HTTP/1.1.
            if let Poll::Ready(ended) = connection.as_mut().poll(cx) {
                return Poll::Ready(End::Closed(ended));
            }
            if !is_closing && (exchange.is_half_closed() || grace.as_mut().poll(cx).is_ready()) {
                is_closing = true;
                connection.as_mut().graceful_shutdown();
                if let Poll::Ready(ended) = connection.as_mut().poll(cx) {
                    return Poll::Ready(End::Closed(ended));
                }
            }
            self.poll_deadline(timer.as_mut(), cx).map(End::Exceeded)
        })
        .await
    }

    /// Returns the limit that the client has exceeded. Most deadlines only move away, and the timer is reset when it
    /// fires and not before.
    fn poll_deadline(&self, mut timer: Pin<&mut Sleep>, cx: &mut Context<'_>) -> Poll<Limit> {
        loop {
            let Some((deadline, limit)) = self.exchange.deadline(&self.serving.limits) else { return Poll::Pending };
            if deadline < timer.deadline() {
                timer.as_mut().reset(deadline);
            }
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            if timer.deadline() >= deadline {
                return Poll::Ready(limit);
            }
            timer.as_mut().reset(deadline);
        }
    }

    async fn answer(&self, mut request: Request<Incoming>) -> Result<Response<ResponseBody>, Infallible> {
        let Self { serving, client, exchange, .. } = self;
        exchange.start(request.method(), request.uri(), !request.body().is_end_stream());
        if let Some(reason) = host_error(request.version(), request.headers()) {
            serving.report_refused(*client, Some(StatusCode::BAD_REQUEST), reason);
            return Ok(self.last_answer(StatusCode::BAD_REQUEST.into_response()));
        }
        let is_late = self.shutdown_requested.is_cancelled();
        if is_late {
            // The handler gets an error in place of the connection. Nothing would drain the new protocol.
            request.extensions_mut().remove::<OnUpgrade>();
        }
        request.extensions_mut().insert(ClientAddress(*client));
        let request = request.map(|body| match body.is_end_stream() {
            true => Body::empty(),
            false => Body::new(RequestBody::new(body, serving.limits, exchange.clone())),
        });
        let mut router = serving.router.clone();
        let mut response = HandlerFuture::new(router.call(request), serving.cx.name(), exchange).await;
        let is_upgrade = response.status() == StatusCode::SWITCHING_PROTOCOLS;
        if is_upgrade && !is_late {
            return Ok(self.respond(response));
        }
        if is_upgrade {
            response = StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        // Also in the lame-duck period, so that a client with a kept connection sends its next request to another server.
        if self.shutdown_requested.is_cancelled() || exchange.has_unread_input() || exchange.is_half_closed() {
            return Ok(self.last_answer(response));
        }
        Ok(self.respond(response))
    }

    /// Announces that the connection closes after this response.
    fn last_answer(&self, mut response: Response<Body>) -> Response<ResponseBody> {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        self.respond(response)
    }

    fn respond(&self, response: Response<Body>) -> Response<ResponseBody> {
        self.exchange.answer();
        response.map(|body| ResponseBody::new(body, self.exchange.clone()))
    }
}
