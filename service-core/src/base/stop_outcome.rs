//! [`StopOutcome`]: how the shutdown of one service ended.

use std::fmt;

use super::failure::Failure;

/// How the shutdown of one service ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StopOutcome {
    /// Every step ended in time and without an error.
    Clean,
    /// `shutdown`, a deferred cleanup or a task failed. The remaining steps ran.
    Failed(Failure),
    /// A step exceeded its budget and was abandoned. The remaining steps ran.
    Abandoned(Failure),
}

impl StopOutcome {
    /// Whether every step ended in time and without an error.
    pub fn is_clean(&self) -> bool {
        matches!(self, Self::Clean)
    }

    /// `clean`, `failed` or `abandoned`.
    pub fn status(&self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Failed(_) => "failed",
            Self::Abandoned(_) => "abandoned",
        }
    }

    /// The failure, if a step failed or was abandoned.
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
