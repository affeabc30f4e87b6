//! [`PlanError`]: all problems of a plan at once.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use crate::base::sort_by;

mod problem;
#[cfg(test)]
mod tests;

pub use problem::{CycleStep, NotFound, Problem, ServiceLocation};

/// All problems of a plan at once. No code of a service has run, except the functions in `when`.
///
/// `Debug` prints the same text as `Display`, because `main` prints an error with `Debug`. The text depends on the
/// services alone, never on the order in which the linker found them.
#[derive(Clone, PartialEq, Eq)]
pub struct PlanError {
    problems: Arc<[Problem]>,
}

impl PlanError {
    pub(crate) fn new(mut problems: Vec<Problem>) -> Self {
        sort_by(&mut problems, Ord::cmp);
        problems.dedup();
        Self { problems: problems.into() }
    }

    /// Every problem, grouped by kind and sorted within each; never empty.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.problems {
            [problem] => write!(f, "the plan is unsound: {problem}"),
            problems => {
                write!(f, "the plan is unsound, with {} problems:", problems.len())?;
                problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
            }
        }
    }
}

impl fmt::Debug for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for PlanError {}
