//! [`ExchangeState`]: the request that a connection is answering, and whether the client or the server has to act next.
//! HTTP/1.1 answers one request at a time, so a connection has one state.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use axum::http::Method;

/// One end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    Client,
    Server,
}

impl Peer {
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// A request whose response is not complete yet.
#[derive(Debug)]
struct Exchange {
    request: String,
    started: Instant,
    waits_for: Peer,
}

/// What is known about the exchanges of one connection.
#[derive(Debug, Default)]
pub(crate) struct ExchangeState {
    current: Mutex<Option<Exchange>>,
    had_request: AtomicBool,
    has_unread_body: AtomicBool,
}

impl ExchangeState {
    fn current(&self) -> MutexGuard<'_, Option<Exchange>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that the head of a request was read. The exchange waits for the server.
    pub(crate) fn start(&self, method: &Method, path: &str) {
        self.had_request.store(true, Ordering::Release);
        self.has_unread_body.store(false, Ordering::Release);
        let request = format!("{method} {path}");
        *self.current() = Some(Exchange { request, started: Instant::now(), waits_for: Peer::Server });
    }

    /// Records which side has to act next.
    pub(crate) fn wait_for(&self, peer: Peer) {
        if let Some(exchange) = &mut *self.current() {
            exchange.waits_for = peer;
        }
    }

    /// Records that the handler dropped the request's body before its end.
    pub(crate) fn leave_body_unread(&self) {
        self.has_unread_body.store(true, Ordering::Release);
    }

    /// Records that the response is complete.
    pub(crate) fn finish(&self) {
        *self.current() = None;
    }

    /// Whether the connection has carried a request.
    pub(crate) fn had_request(&self) -> bool {
        self.had_request.load(Ordering::Acquire)
    }

    /// Whether the client may still be sending a body that no handler reads.
    pub(crate) fn has_unread_body(&self) -> bool {
        self.has_unread_body.load(Ordering::Acquire)
    }

    /// The method and path of the current request.
    pub(crate) fn request(&self) -> String {
        self.current().as_ref().map(|exchange| exchange.request.clone()).unwrap_or_default()
    }

    /// The current request and its age, if the exchange waits for the server.
    pub(crate) fn unanswered(&self) -> Option<String> {
        let current = self.current();
        let exchange = current.as_ref().filter(|exchange| exchange.waits_for == Peer::Server)?;
        Some(format!("{} after {:.1?}", exchange.request, exchange.started.elapsed()))
    }
}
