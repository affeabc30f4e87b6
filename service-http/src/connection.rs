//! [`Connection`]: one client, from its first request to its last answer.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header::{CONNECTION, HeaderValue};
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use service_core::Context;
use tokio::net::TcpStream;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tower_service::Service;

use crate::lingering::Lingering;
use crate::panics::caught;
use crate::patient::Patient;
use crate::turn::Turn;
use crate::watched::{Side, Watched};

/// How long an idle connection is still listened to before it is closed: a request may lie in the kernel that nobody has
/// told us of, one may be on its way, and one that was dropped there is sent again after 200 ms.
const LAST_LOOK: Duration = Duration::from_millis(300);

/// How much longer one is that has never asked anything: who has just connected is about to, and may be on a busy machine.
const FIRST_WORDS: Duration = Duration::from_millis(200);

/// How long a client may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeouts {
    /// For the head of a request.
    pub(crate) head: Duration,
    /// For the next part of its body.
    pub(crate) body: Duration,
}

/// One client.
pub(crate) struct Connection {
    router: Router,
    timeouts: Timeouts,
    turn: Arc<Turn>,
}

/// A connection that was cut off.
pub(crate) struct CutOff {
    /// The request that we had not answered, if it was not the client whom we waited for.
    pub(crate) unanswered: Option<String>,
}

impl Connection {
    pub(crate) fn new(router: Router, timeouts: Timeouts) -> Self {
        Self { router, timeouts, turn: Arc::default() }
    }

    /// Answers until the client has gone; once we are stopping, until it is answered or cut off.
    pub(crate) async fn serve<S: 'static>(
        self,
        stream: TcpStream,
        cx: &Context<S>,
        stopping: CancellationToken,
        cut: CancellationToken,
    ) -> Option<CutOff> {
        // An answer is sent when it is there, not when there is more of it. Where that is refused, it is late, not wrong.
        let _ = stream.set_nodelay(true);
        let Self { router, timeouts, turn } = self;
        let stream = TokioIo::new(Lingering::new(stream, turn.clone()));
        let answer = service_fn(|request| {
            answer(router.clone(), request.map(|body| Patient::new(body, timeouts.body)), turn.clone(), cx.clone())
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(timeouts.head)
            .serve_connection(stream, answer)
            .with_upgrades();
        let mut connection = pin!(connection);
        let mut closing = pin!(async {
            stopping.cancelled().await;
            // Not all of a drain that is short: who was only looked at has not been cut off.
            let most = cx.remaining() / 4;
            sleep(LAST_LOOK.min(most)).await;
            if !turn.has_begun() {
                sleep(FIRST_WORDS.min(most)).await;
            }
        });
        let mut is_closing = false;
        let served = poll_fn(|cx| {
            // First what was asked, so that a connection is not called idle whose request has just come.
            // An error is the client's: it is gone, or it speaks something else.
            if connection.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            if !is_closing && closing.as_mut().poll(cx).is_ready() {
                is_closing = true;
                connection.as_mut().graceful_shutdown();
                return connection.as_mut().poll(cx).map(drop);
            }
            Poll::Pending
        });
        match cut.run_until_cancelled(served).await {
            Some(()) => None,
            None => Some(CutOff { unanswered: turn.unanswered() }),
        }
    }
}

async fn answer<S: 'static>(
    mut router: Router,
    request: Request<Patient<Incoming>>,
    turn: Arc<Turn>,
    cx: Context<S>,
) -> Result<Response, Infallible> {
    turn.begin(request.method(), request.uri().path());
    let request = request.map(|body| Body::new(Watched::new(body, Side::Request, turn.clone())));
    let answered = caught(async { router.call(request).await }).await;
    let mut response = answered.unwrap_or_else(|message| {
        tracing::error!(service = cx.name(), request = turn.name(), "a handler panicked: {message}");
        Ok(StatusCode::INTERNAL_SERVER_ERROR.into_response())
    })?;
    // Already in the lame duck, so that a client which keeps its connection finds another server for its next request.
    // Of a restart the registry knows no reason: there it is the service that stops.
    if cx.reason().is_some() || cx.stopping().is_cancelled() {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response.map(|body| Body::new(Watched::new(body, Side::Response, turn))))
}
