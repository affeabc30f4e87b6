//! [`Limits`]: how long a server waits for its clients. Each limit has a name, under which the log shows what it closed.

use std::time::Duration;

use tokio::time::Instant;

/// How long the server waits for a client, and how much it must send.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) idle: Duration,
    pub(crate) head: Duration,
    pub(crate) body: Duration,
    pub(crate) request: Duration,
    /// In bytes per second.
    pub(crate) body_rate: u32,
    pub(crate) write: Duration,
    pub(crate) half_closed: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // Longer than the usual proxies keep an idle connection, which is one minute. With a shorter timeout, the
            // server would sometimes close a connection while a proxy sends a request on it.
            idle: Duration::from_secs(75),
            head: Duration::from_secs(30),
            body: Duration::from_secs(60),
            request: Duration::from_secs(300),
            body_rate: 240,
            write: Duration::from_secs(60),
            half_closed: Duration::from_secs(30),
        }
    }
}

/// A limit that a client can exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    Idle,
    Head,
    Body,
    Request,
    BodyRate,
    Write,
    HalfClosed,
}

impl Limit {
    /// The name of the method of [`Server`](crate::Server) that sets the limit.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle_timeout",
            Self::Head => "head_timeout",
            Self::Body => "body_timeout",
            Self::Request => "request_timeout",
            Self::BodyRate => "min_body_rate",
            Self::Write => "write_timeout",
            Self::HalfClosed => "half_closed_timeout",
        }
    }
}

/// The instant at which a limit ends, also for a duration that no clock can represent.
pub(crate) fn after(start: Instant, time: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);
    start + time.min(FAR)
}
