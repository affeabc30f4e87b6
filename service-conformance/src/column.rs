//! [`Column`]: what became of one subject. [`Verdict`]: of one subject and one check. [`Counts`]: of all checks.

use std::fmt;

use crate::Description;

/// What became of one subject and one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It does what the line says.
    Passed,
    /// It does something else; what, in words.
    Failed(String),
    /// It does not offer what the check needs; why, in the adapter's words.
    NotApplicable(String),
}

impl Verdict {
    /// Of two runs of the same check, the one that counts: a behaviour that holds only sometimes does not hold.
    fn worse(self, other: Self) -> Self {
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

/// What became of one subject: a verdict for every check that was run, in the order of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Column {
    /// The name of the subject, with its version.
    pub subject: String,
    /// The checks, and what became of each.
    pub verdicts: Vec<(Description, Verdict)>,
}

/// How many checks came to which verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Those that passed.
    pub passed: usize,
    /// Those that failed.
    pub failed: usize,
    /// Those that the subject is not held to.
    pub not_applicable: usize,
}

impl Column {
    /// The checks that failed, and how.
    pub fn failed(&self) -> impl Iterator<Item = (&Description, &str)> {
        self.verdicts.iter().filter_map(|(check, verdict)| match verdict {
            Verdict::Failed(how) => Some((check, how.as_str())),
            _ => None,
        })
    }

    /// How many checks came to which verdict.
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

    /// This run and another of the same checks as one: what failed in either has failed. For a subject that does not do
    /// the same each time.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        for (check, verdict) in other.verdicts {
            if let Some((_, known)) = self.verdicts.iter_mut().find(|(known, _)| *known == check) {
                *known = std::mem::replace(known, Verdict::Passed).worse(verdict);
            }
        }
        self
    }
}
