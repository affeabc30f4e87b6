//! [`RequestLog`]: a span for each request, and an event when the request ends.
//!
//! tower-http cannot replace it. Its `TraceLayer` logs nothing when the response future is dropped, and that is what
//! happens when a client disconnects. Its `SetRequestIdLayer` accepts every id that a client sends, of any length.

use std::borrow::Cow;
use std::collections::hash_map::RandomState;
use std::future::Future;
use std::hash::BuildHasher;
use std::pin::Pin;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Instant;

use axum::http::header::{HeaderName, HeaderValue, USER_AGENT};
use axum::http::{Request, Response, StatusCode};
use http_body::Body;
use service_core::record;
use tower_layer::Layer;
use tower_service::Service;
use tracing::field::Empty;
use tracing::{Instrument, Span};

use super::trace_parent::TraceParent;
use crate::client_address::ClientAddress;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The length of the longest id that is accepted from a client.
const MAX_ID_LENGTH: usize = 128;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// How many characters of what a client has sent are logged.
const MAX_METHOD: usize = 32;
const MAX_PATH: usize = 256;
const MAX_USER_AGENT: usize = 128;

/// A layer that runs each request in a `tracing` span, and logs an event when the request ends.
///
/// The span is named `request`. Its fields:
///
/// | field | value |
/// |---|---|
/// | `method` | the HTTP method |
/// | `path` | the path without the query, because a query can contain secrets |
/// | `request_id` | the header `x-request-id` of the request, or a new id |
/// | `version` | `HTTP/1.1`, for example |
/// | `client` | the address of the peer, if [`Server`](crate::Server) serves the request: the client, or a proxy |
/// | `user_agent` | the header of that name |
/// | `trace_id`, `parent_id` | from the header `traceparent`, if it is valid |
/// | `bytes` | the length of the body of the response, if that is known when the body begins |
/// | `http.status_code` | the status of the response |
/// | `duration_ms` | the time until the handler returned; the client may read the response later |
///
/// What a client has sent is shortened: the method to 32 characters, the path to 256 and the user agent to 128.
///
/// The event contains `domain="http"`, `action="request"`, `http.status_code` and `duration_ms`, and a `status` as
/// [`record!`](service_core::record) defines it. That is `error`, with the level `WARN`, for a status code of 500 or above, and else
/// `success`, with the level `INFO`. If the client disconnects before the response, the status is `cancelled`, and the event says that
/// the request was not answered. If the handler panics, the status is `error`, with the level `ERROR`.
///
/// An id from a client is accepted if it has at most 128 visible ASCII characters. Handlers find the id in the
/// request's `x-request-id` header, and clients in the response's.
///
/// ```
/// use axum::{Router, routing::get};
/// use service_http::RequestLog;
///
/// let router: Router = Router::new().route("/", get(|| async { "hello" })).layer(RequestLog);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct RequestLog;

/// The middleware that [`RequestLog`] creates.
#[derive(Clone, Copy, Debug)]
pub struct RequestLogService<S> {
    inner: S,
}

impl<S> Layer<S> for RequestLog {
    type Service = RequestLogService<S>;

    fn layer(&self, inner: S) -> RequestLogService<S> {
        RequestLogService { inner }
    }
}

impl<S, A, B> Service<Request<A>> for RequestLogService<S>
where
    S: Service<Request<A>, Response = Response<B>, Future: Send + 'static>,
    B: Body,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<B>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<A>) -> Self::Future {
        let id = request.headers().get(&X_REQUEST_ID).filter(|id| is_valid(id)).cloned().unwrap_or_else(new_id);
        let header = |name| request.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let trace = header(TRACEPARENT).and_then(TraceParent::parse);
        let span = tracing::info_span!(
            "request",
            method = &*shortened(request.method().as_str(), MAX_METHOD),
            path = &*shortened(request.uri().path(), MAX_PATH),
            request_id = id.to_str().unwrap_or_default(),
            version = ?request.version(),
            client = request.extensions().get::<ClientAddress>().map(|ClientAddress(address)| display(*address)),
            user_agent = header(USER_AGENT).map(|agent| display(shortened(agent, MAX_USER_AGENT))),
            trace_id = trace.map(|trace| trace.trace),
            parent_id = trace.map(|trace| trace.parent),
            http.status_code = Empty,
            bytes = Empty,
            duration_ms = Empty,
        );
        request.headers_mut().insert(X_REQUEST_ID, id.clone());
        let completion = Completion { span: span.clone(), started: Instant::now(), is_logged: false };
        let response = span.in_scope(|| self.inner.call(request));
        let logged = async move {
            let mut response = response.await?;
            completion.answered(response.status(), response.body().size_hint().exact());
            response.headers_mut().insert(X_REQUEST_ID, id);
            Ok(response)
        };
        Box::pin(logged.instrument(span))
    }
}

/// Logs the end of one request, also if its future is dropped.
struct Completion {
    span: Span,
    started: Instant,
    is_logged: bool,
}

impl Completion {
    fn duration_ms(&self) -> f64 {
        (self.started.elapsed().as_secs_f64() * 1e6).round() / 1e3
    }

    fn answered(mut self, status: StatusCode, bytes: Option<u64>) {
        let (code, duration_ms) = (status.as_u16(), self.duration_ms());
        if let Some(bytes) = bytes {
            self.span.record("bytes", bytes);
        }
        self.span.record("http.status_code", code).record("duration_ms", duration_ms);
        self.is_logged = true;
        self.span.in_scope(|| match code {
            ..500 => record!(
                domain: "http", action: "request", status: success, http.status_code = code, duration_ms, "answered"
            ),
            _ => record!(
                level: WARN, domain: "http", action: "request", status: error, http.status_code = code, duration_ms, "answered"
            ),
        });
    }
}

impl Drop for Completion {
    fn drop(&mut self) {
        if !self.is_logged {
            let duration_ms = self.duration_ms();
            self.span.record("duration_ms", duration_ms);
            self.span.in_scope(|| {
                if std::thread::panicking() {
                    record!(domain: "http", action: "request", status: error, duration_ms, "the handler panicked");
                    return;
                }
                record!(
                    level: INFO,
                    domain: "http",
                    action: "request",
                    status: cancelled,
                    duration_ms,
                    "not answered: client disconnected, or handler failed"
                );
            });
        }
    }
}

/// At most this many characters of a text, and a mark if that is not all of it.
fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        None => text.into(),
        Some((end, _)) => format!("{}…", &text[..end]).into(),
    }
}

fn is_valid(id: &HeaderValue) -> bool {
    let bytes = id.as_bytes();
    (1..=MAX_ID_LENGTH).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic)
}

/// An id that is unique in this process. Its first half is random per process.
fn new_id() -> HeaderValue {
    static PROCESS: LazyLock<u32> = LazyLock::new(|| RandomState::new().hash_one(std::process::id()) as u32);
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let id = format!("{:08x}-{:x}", *PROCESS, NEXT.fetch_add(1, Ordering::Relaxed));
    HeaderValue::try_from(id).unwrap_or_else(|_| HeaderValue::from_static("0"))
}
