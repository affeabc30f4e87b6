//! [`ExchangeState`]: the request that a connection is answering, and whether the client or the server has to act next.
//! HTTP/1.1 answers one request at a time, so a connection has one state.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::{Method, Uri};
use tokio::time::Instant;

use super::limits::{Limit, Limits, after};

/// One end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    Client,
    Server,
}

/// A request whose response is not complete yet.
#[derive(Debug)]
struct Exchange {
    method: Method,
    uri: Uri,
    /// When the first byte of the head arrived.
    started: Instant,
    waits_for: Peer,
    /// Whether the client has sent the whole request.
    is_received: bool,
    /// Whether the handler has returned a response.
    is_answered: bool,
}

impl Exchange {
    fn request(&self) -> String {
        format!("{} {}", self.method, self.uri.path())
    }
}

#[derive(Debug)]
struct State {
    exchange: Option<Exchange>,
    /// The last request whose response is complete. The client may not have read the response yet.
    last: Option<Exchange>,
    /// When the client connected, or when it had taken the last response.
    idle_since: Instant,
    /// When the first byte of the next request arrived.
    head_since: Option<Instant>,
    /// Since when the client has taken nothing of what the server sends.
    blocked_since: Option<Instant>,
    /// When the client closed its sending side, although it waits for a response.
    half_closed_since: Option<Instant>,
    had_request: bool,
    has_unread_input: bool,
    exceeded: Option<Limit>,
}

/// Why a connection was cut off.
#[derive(Debug)]
pub(crate) enum CutOff {
    /// A handler has not answered this request.
    Unanswered(String),
    /// The client has not read the whole response to this request.
    Unread(String),
    /// The client has not sent a whole request.
    Unsent,
}

/// What is known about the exchanges of one connection.
#[derive(Debug)]
pub(crate) struct ExchangeState {
    state: Mutex<State>,
}

impl ExchangeState {
    pub(crate) fn new() -> Self {
        let state = State {
            exchange: None,
            last: None,
            idle_since: Instant::now(),
            head_since: None,
            blocked_since: None,
            half_closed_since: None,
            had_request: false,
            has_unread_input: false,
            exceeded: None,
        };
        Self { state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that the client has sent something.
    pub(crate) fn received(&self) {
        let mut state = self.state();
        if state.exchange.is_none() && state.head_since.is_none() {
            state.head_since = Some(Instant::now());
        }
    }

    /// Records that the client has closed its sending side. Returns whether it waits for the response to a request that
    /// it has sent completely.
    pub(crate) fn half_closed(&self) -> bool {
        let mut state = self.state();
        let is_waiting = state.exchange.as_ref().is_some_and(|exchange| exchange.is_received);
        if is_waiting && state.half_closed_since.is_none() {
            state.half_closed_since = Some(Instant::now());
        }
        is_waiting
    }

    /// Records that the client takes nothing of what the server sends, or that it has taken something.
    pub(crate) fn blocked(&self, is_blocked: bool) {
        let mut state = self.state();
        if is_blocked {
            state.blocked_since.get_or_insert_with(Instant::now);
        } else if state.blocked_since.take().is_some() {
            state.idle_since = Instant::now();
        }
    }

    /// Records that the head of a request was read. The exchange waits for the server.
    pub(crate) fn start(&self, method: &Method, uri: &Uri, has_body: bool) {
        let mut state = self.state();
        state.had_request = true;
        state.has_unread_input = false;
        state.exchange = Some(Exchange {
            method: method.clone(),
            uri: uri.clone(),
            started: state.head_since.take().unwrap_or_else(Instant::now),
            waits_for: Peer::Server,
            is_received: !has_body,
            is_answered: false,
        });
    }

    /// Records which side has to act next.
    pub(crate) fn wait_for(&self, peer: Peer) {
        if let Some(exchange) = &mut self.state().exchange {
            exchange.waits_for = peer;
        }
    }

    /// Records that the body of the request has arrived completely.
    pub(crate) fn complete_request(&self) {
        if let Some(exchange) = &mut self.state().exchange {
            exchange.is_received = true;
        }
    }

    /// Records that the server does not read what the client may still be sending.
    pub(crate) fn leave_input_unread(&self) {
        self.state().has_unread_input = true;
    }

    /// Records that the handler has returned a response.
    pub(crate) fn answer(&self) {
        if let Some(exchange) = &mut self.state().exchange {
            exchange.is_answered = true;
        }
    }

    /// Records that the response is complete.
    pub(crate) fn finish(&self) {
        let mut state = self.state();
        state.last = state.exchange.take();
        state.idle_since = Instant::now();
    }

    /// Records that the client has exceeded a limit. The connection closes.
    pub(crate) fn exceed(&self, limit: Limit) {
        self.state().exceeded.get_or_insert(limit);
    }

    /// The limit that the client has exceeded.
    pub(crate) fn exceeded(&self) -> Option<Limit> {
        self.state().exceeded
    }

    /// Whether the connection has carried a request.
    pub(crate) fn had_request(&self) -> bool {
        self.state().had_request
    }

    /// Whether the client has closed its sending side and waits for a response.
    pub(crate) fn is_half_closed(&self) -> bool {
        self.state().half_closed_since.is_some()
    }

    /// Whether the client may still be sending something that the server does not read: a body, or the rest of a head
    /// that is not a valid one.
    pub(crate) fn has_unread_input(&self) -> bool {
        let state = self.state();
        state.has_unread_input || state.head_since.is_some()
    }

    /// The method and path of the current request, or else of the last one.
    pub(crate) fn request(&self) -> String {
        let state = self.state();
        state.exchange.as_ref().or(state.last.as_ref()).map(Exchange::request).unwrap_or_default()
    }

    /// How long ago the first byte of the current request arrived.
    pub(crate) fn elapsed(&self) -> Duration {
        self.state().exchange.as_ref().map(|exchange| exchange.started.elapsed()).unwrap_or_default()
    }

    /// Until when the client has to act, and the limit that it exceeds otherwise. The body of a request has limits of its
    /// own.
    pub(crate) fn deadline(&self, limits: &Limits) -> Option<(Instant, Limit)> {
        let state = self.state();
        if let Some(since) = state.blocked_since {
            return Some((after(since, limits.write), Limit::Write));
        }
        match (&state.exchange, state.head_since) {
            (Some(_), _) => state.half_closed_since.map(|since| (after(since, limits.half_closed), Limit::HalfClosed)),
            (None, Some(since)) => Some((after(since, limits.head), Limit::Head)),
            (None, None) => Some((after(state.idle_since, limits.idle), Limit::Idle)),
        }
    }

    /// What the connection was waiting for when it was cut off.
    pub(crate) fn cut_off(&self) -> CutOff {
        let state = self.state();
        match (&state.exchange, &state.last) {
            (Some(exchange), _) if exchange.waits_for == Peer::Server => {
                CutOff::Unanswered(format!("{} after {:.1?}", exchange.request(), exchange.started.elapsed()))
            }
            (Some(exchange), _) if exchange.is_answered => CutOff::Unread(exchange.request()),
            (None, Some(last)) if state.blocked_since.is_some() => CutOff::Unread(last.request()),
            _ => CutOff::Unsent,
        }
    }
}

#[cfg(test)]
mod tests;
