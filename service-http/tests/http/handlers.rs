//! Handlers that several tests serve.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::routing::get;
use tokio::sync::Notify;

/// Controls a handler that waits for the test.
pub(crate) struct BlockingHandler {
    /// Notified when a request has reached the handler.
    pub(crate) entered: Arc<Notify>,
    /// Lets the handler respond.
    pub(crate) release: Arc<Notify>,
}

impl BlockingHandler {
    /// The handler at `/slow`, beside [`hello`].
    pub(crate) fn routes() -> (Self, Router) {
        let handler = Self { entered: Arc::default(), release: Arc::default() };
        let (entered, release) = (handler.entered.clone(), handler.release.clone());
        let slow = async move || {
            entered.notify_one();
            release.notified().await;
            "done"
        };
        (handler, hello().route("/slow", get(slow)))
    }
}

/// Responds to `/`.
pub(crate) fn hello() -> Router {
    Router::new().route("/", get(|| async { "hello" }))
}

/// Reads the whole body, and responds with its length.
pub(crate) async fn body_length(body: Bytes) -> String {
    body.len().to_string()
}
