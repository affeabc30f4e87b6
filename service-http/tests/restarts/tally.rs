//! [`Tally`]: what became of the requests.

use std::fmt;
use std::ops::AddAssign;

/// What became of the requests.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// 200, to its last byte.
    pub(crate) answered: u64,
    /// Another status: the call was refused.
    pub(crate) refused: u64,
    /// The connection was there, and new, but nothing or not all came back.
    pub(crate) lost: u64,
    /// A connection that was kept was closed instead of answered: nothing came back. The client has to ask again.
    pub(crate) crossed: u64,
    /// No connection any more: not the server's, the next one's.
    pub(crate) turned_away: u64,
}

impl Tally {
    /// Whether no call was refused, and none went without an answer.
    pub(crate) fn is_clean(&self) -> bool {
        self.refused + self.lost + self.crossed == 0
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.answered += other.answered;
        self.refused += other.refused;
        self.lost += other.lost;
        self.crossed += other.crossed;
        self.turned_away += other.turned_away;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { answered, refused, lost, crossed, turned_away } = self;
        write!(
            f,
            "{answered} answered, {refused} refused, {lost} lost, {crossed} crossed with the end, {turned_away} not let in"
        )
    }
}
