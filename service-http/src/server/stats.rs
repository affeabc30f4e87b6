//! [`Stats`]: what a server counts.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// What a [`Server`](crate::Server) has counted, as returned by [`Server::stats`](crate::Server::stats).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// The number of connections that are open.
    pub connections: usize,
    /// The number of requests that were not valid HTTP, since the server was bound. No handler has seen them.
    pub refused: u64,
    /// The number of connections that the server has closed because the client exceeded a limit.
    pub limited: u64,
}

/// The counters of one server.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    connections: AtomicUsize,
    refused: AtomicU64,
    limited: AtomicU64,
}

impl Counters {
    pub(crate) fn opened(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn closed(&self) {
        self.connections.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn limited(&self) {
        self.limited.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn stats(&self) -> Stats {
        Stats {
            connections: self.connections.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            limited: self.limited.load(Ordering::Relaxed),
        }
    }
}
