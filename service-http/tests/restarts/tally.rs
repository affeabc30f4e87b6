//! [`Tally`]: how the requests of the clients ended.

use std::fmt;
use std::ops::AddAssign;

/// How many requests ended in which way.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// Complete responses with status 200.
    pub(crate) answered: u64,
    /// Responses with another status: the guarded call was refused.
    pub(crate) refused: u64,
    /// Requests on a new connection, or with a partial response, that were not answered completely.
    pub(crate) lost: u64,
    /// Requests on a kept connection that the server closed without a response. The client has to send them again.
    pub(crate) closed: u64,
    /// Attempts to connect after the server had closed its listener.
    pub(crate) not_connected: u64,
}

impl Tally {
    /// Whether every request was answered.
    pub(crate) fn is_clean(&self) -> bool {
        self.refused + self.lost + self.closed == 0
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.answered += other.answered;
        self.refused += other.refused;
        self.lost += other.lost;
        self.closed += other.closed;
        self.not_connected += other.not_connected;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { answered, refused, lost, closed, not_connected } = self;
        write!(
            f,
            "{answered} answered, {refused} refused, {lost} lost, {closed} closed without a response, \
             {not_connected} not connected"
        )
    }
}
