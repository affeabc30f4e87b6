//! [`RequestLog`]: a span for each request, and a line when it is answered.

use std::collections::hash_map::RandomState;
use std::future::Future;
use std::hash::BuildHasher;
use std::pin::Pin;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Instant;

use axum::http::header::{HeaderName, HeaderValue};
use axum::http::{Request, Response, StatusCode};
use tower_layer::Layer;
use tower_service::Service;
use tracing::field::Empty;
use tracing::{Instrument, Span};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that is taken over from a client.
const LONGEST_ID: usize = 128;

/// Gives each request a span of `tracing`, `request`, in which the handler runs, with the fields `method`, `path` (without
/// the query, in which there may be secrets) and `request_id`; and when it is answered, `status` and `duration_ms`, which
/// an event in the span tells, too: at the level of a warning if the status is 500 or above. The duration ends where the
/// handler returns, not where the client has read everything. Of a request that nobody waits for any more, the event says
/// that instead.
///
/// The id is that of the request's header `x-request-id`, if it is at most 128 visible characters of ASCII, else a new
/// one; handlers find it in that header, and clients in that of the answer.
///
/// ```
/// use axum::{Router, routing::get};
/// use service_http::RequestLog;
///
/// let router: Router = Router::new().route("/", get(|| async { "hello" })).layer(RequestLog);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct RequestLog;

/// What [`RequestLog`] makes of a service of tower.
#[derive(Clone, Copy, Debug)]
pub struct Logged<I> {
    inner: I,
}

impl<I> Layer<I> for RequestLog {
    type Service = Logged<I>;

    fn layer(&self, inner: I) -> Logged<I> {
        Logged { inner }
    }
}

impl<I, A, B> Service<Request<A>> for Logged<I>
where
    I: Service<Request<A>, Response = Response<B>, Future: Send + 'static>,
{
    type Response = Response<B>;
    type Error = I::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<B>, I::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), I::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<A>) -> Self::Future {
        let id = request.headers().get(&X_REQUEST_ID).filter(|id| is_fit(id)).cloned().unwrap_or_else(new_id);
        let span = tracing::info_span!(
            "request",
            method = %request.method(),
            path = request.uri().path(),
            request_id = id.to_str().unwrap_or_default(),
            status = Empty,
            duration_ms = Empty,
        );
        request.headers_mut().insert(X_REQUEST_ID, id.clone());
        let line = Line { span: span.clone(), began: Instant::now(), is_told: false };
        let answered = span.in_scope(|| self.inner.call(request));
        let logged = async move {
            let mut response = answered.await?;
            line.answered(response.status());
            response.headers_mut().insert(X_REQUEST_ID, id);
            Ok(response)
        };
        Box::pin(logged.instrument(span))
    }
}

/// The line of one request, told however it ends.
struct Line {
    span: Span,
    began: Instant,
    is_told: bool,
}

impl Line {
    fn duration_ms(&self) -> f64 {
        (self.began.elapsed().as_secs_f64() * 1e6).round() / 1e3
    }

    fn answered(mut self, status: StatusCode) {
        let (status, duration_ms) = (status.as_u16(), self.duration_ms());
        self.span.record("status", status).record("duration_ms", duration_ms);
        self.is_told = true;
        if status < 500 {
            tracing::info!(parent: &self.span, status, duration_ms, "answered");
        } else {
            tracing::warn!(parent: &self.span, status, duration_ms, "answered");
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if !self.is_told {
            let duration_ms = self.duration_ms();
            self.span.record("duration_ms", duration_ms);
            tracing::info!(parent: &self.span, duration_ms, "not answered: nobody waits for it any more, or it failed");
        }
    }
}

fn is_fit(id: &HeaderValue) -> bool {
    let bytes = id.as_bytes();
    (1..=LONGEST_ID).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic)
}

/// Not alike in two processes, and never twice in one.
fn new_id() -> HeaderValue {
    static PROCESS: LazyLock<u32> = LazyLock::new(|| RandomState::new().hash_one(std::process::id()) as u32);
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let id = format!("{:08x}-{:x}", *PROCESS, NEXT.fetch_add(1, Ordering::Relaxed));
    HeaderValue::try_from(id).unwrap_or_else(|_| HeaderValue::from_static("0"))
}
