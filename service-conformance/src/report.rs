//! [`Report`]: the results of one registry. [`Verdict`]: the result of one check. [`Counts`]: how many had which result.

use std::fmt;

use crate::CheckInfo;

/// The result of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The registry has the behaviour.
    Passed,
    /// The registry behaves differently; how.
    Failed(String),
    /// The registry does not offer a capability that the check needs; the reason is the adapter's.
    NotApplicable(String),
}

impl Verdict {
    /// The verdict of two runs of one check: a behaviour that holds only sometimes does not hold.
    fn merge(self, other: Self) -> Self {
        if matches!(other, Self::Failed(_)) && !matches!(self, Self::Failed(_)) { other } else { self }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Passed => "passes",
            Self::Failed(_) => "fails",
            Self::NotApplicable(_) => "not applicable",
        })
    }
}

/// The results of one registry: a verdict for every check that was run, in the order of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The name of the registry, with its version.
    pub registry: String,
    /// The checks and their verdicts.
    pub verdicts: Vec<(CheckInfo, Verdict)>,
}

/// How many checks had which verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// How many passed.
    pub passed: usize,
    /// How many failed.
    pub failed: usize,
    /// How many are not applicable to the registry.
    pub not_applicable: usize,
}

impl Report {
    /// The checks that failed, and how.
    pub fn failed(&self) -> impl Iterator<Item = (&CheckInfo, &str)> {
        self.verdicts.iter().filter_map(|(check, verdict)| match verdict {
            Verdict::Failed(how) => Some((check, how.as_str())),
            _ => None,
        })
    }

    /// How many checks had which verdict.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for (_, verdict) in &self.verdicts {
            match verdict {
                Verdict::Passed => counts.passed += 1,
                Verdict::Failed(_) => counts.failed += 1,
                Verdict::NotApplicable(_) => counts.not_applicable += 1,
            }
        }
        counts
    }

    /// Merges two runs of the same checks: a check that failed in either run has failed. For a registry that does not
    /// behave the same in each run.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        for (check, verdict) in other.verdicts {
            if let Some((_, known)) = self.verdicts.iter_mut().find(|(known, _)| *known == check) {
                *known = std::mem::replace(known, Verdict::Passed).merge(verdict);
            }
        }
        self
    }
}
