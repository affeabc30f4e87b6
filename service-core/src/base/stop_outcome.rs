//! [`StopOutcome`]: how one service went down.

use std::fmt;

use super::failure::Failure;

/// How one service went down.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum StopOutcome {
    /// Everything ended in time and without an error.
    Clean,
    /// `shutdown`, a deferred cleanup or a task failed; the rest of its steps ran all the same.
    Failed(Failure),
    /// A step did not end in its budget and was abandoned; the rest of its steps ran all the same.
    Abandoned(Failure),
}

impl StopOutcome {
    /// Whether nothing went wrong.
    pub fn is_clean(&self) -> bool {
        matches!(self, Self::Clean)
    }

    /// What went wrong, if anything did.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Clean => None,
            Self::Failed(failure) | Self::Abandoned(failure) => Some(failure),
        }
    }
}

impl fmt::Display for StopOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clean => f.write_str("clean"),
            Self::Failed(failure) => write!(f, "failed: {failure}"),
            Self::Abandoned(failure) => write!(f, "abandoned: {failure}"),
        }
    }
}
