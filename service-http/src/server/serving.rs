//! [`Serving`]: what all connections of a server share.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use service_core::{Context, Result, record};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;

use super::exchange_state::CutOff;
use super::limits::{Limit, Limits};
use super::stats::Counters;

/// How many requests a report lists.
const LISTED: usize = 5;

/// A server at work.
pub(crate) struct Serving<S> {
    pub(crate) cx: Context<S>,
    pub(crate) router: Router,
    pub(crate) limits: Limits,
    pub(crate) counters: Arc<Counters>,
    /// Cancelled when the server stops.
    pub(crate) draining: CancellationToken,
    /// Cancelled when the time of the connections is over.
    pub(crate) cut_off: CancellationToken,
}

/// One of the connections that may be open. An upgraded connection keeps its place.
pub(crate) struct Place {
    _permit: OwnedSemaphorePermit,
    counters: Arc<Counters>,
}

impl Place {
    /// Counts a connection until the place is dropped.
    pub(crate) fn new(permit: OwnedSemaphorePermit, counters: Arc<Counters>) -> Self {
        counters.opened();
        Self { _permit: permit, counters }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.counters.closed();
    }
}

impl<S> Serving<S> {
    /// Logs and counts a request that hyper's parser has refused.
    pub(crate) fn report_invalid(&self, client: SocketAddr, error: &hyper::Error) {
        let reason = error.to_string();
        // hyper has sent one of these, and does not tell which.
        let status = match error.is_parse_too_large() {
            _ if error.is_parse_version_h2() => None,
            true if reason.contains("URI") => Some(StatusCode::URI_TOO_LONG),
            true => Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
            false => Some(StatusCode::BAD_REQUEST),
        };
        self.report_refused(client, status, &reason);
    }

    /// Logs and counts a request that is not valid HTTP, and that no handler sees.
    pub(crate) fn report_refused(&self, client: SocketAddr, status: Option<StatusCode>, reason: &str) {
        let status = status.map(|status| status.as_u16());
        self.counters.refused();
        record!(
            domain: "http", action: "request", status: warning, service = self.cx.name(), %client,
            http.status_code = status, "refused a request: {reason}"
        );
    }

    /// Logs and counts a connection that a limit closes. That of an idle connection is no fault of its client.
    pub(crate) fn report_exceeded(&self, client: SocketAddr, limit: Limit, request: &str) {
        let (service, name) = (self.cx.name(), limit.name());
        self.counters.limited();
        match limit {
            Limit::Idle => record!(
                domain: "http", action: "close", status: success, service, %client, limit = name, "closed an idle connection"
            ),
            Limit::Head => record!(
                domain: "http", action: "close", status: warning, service, %client, limit = name,
                "closed a connection that exceeded a limit"
            ),
            _ => record!(
                domain: "http", action: "close", status: warning, service, %client, limit = name, request,
                "closed a connection that exceeded a limit"
            ),
        }
    }

    /// Reports slow clients as progress, unread responses also as a warning and in the report, and requests without an answer as an error.
    pub(crate) fn report_cut_off(&self, connections: Vec<CutOff>) -> Result<()> {
        let (mut unanswered, mut unread, mut unsent) = (Vec::new(), Vec::new(), 0);
        for connection in connections {
            match connection {
                CutOff::Unanswered(request) => unanswered.push(request),
                CutOff::Unread(request) => unread.push(request),
                CutOff::Unsent => unsent += 1,
            }
        }
        if unsent > 0 {
            self.cx.progress(format!("cut off {} that had not sent all of a request", clients(unsent)));
        }
        if !unread.is_empty() {
            let words =
                format!("cut off {} that had not read all of a response: {}", clients(unread.len()), listed(&unread));
            record!(domain: "http", action: "shutdown", status: warning, service = self.cx.name(), "{words}");
            self.cx.note(words);
        }
        if unanswered.is_empty() {
            return Ok(());
        }
        let requests = listed(&unanswered);
        Err(format!("cut off while being answered: {requests}; drain_timeout is how long they have").into())
    }
}

fn clients(number: usize) -> String {
    if number == 1 { "a client".to_owned() } else { format!("{number} clients") }
}

/// The first requests of a list.
fn listed(requests: &[String]) -> String {
    let (listed, rest) = requests.split_at(requests.len().min(LISTED));
    let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
    format!("{}{more}", listed.join(", "))
}
