//! [`Check`]: one behaviour, and how a subject is tried for it. [`Description`]: what it is called.

use crate::bench::Bench;
use crate::subject::Soon;
use crate::{Capability, checks};

/// What a check finds: nothing, or what was wrong, in words.
pub(crate) type Finding = Result<(), String>;

/// One behaviour, and how a subject is tried for it.
pub(crate) struct Check {
    pub(crate) description: Description,
    pub(crate) run: fn(Bench) -> Soon<'static, Finding>,
}

/// What a check is called, and what a registry must offer to be held to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Description {
    /// The line of the list of behaviours that it comes from, such as `B05`. Several checks may share a line.
    pub line: &'static str,
    /// The behaviour, in words. No two checks have the same.
    pub behaviour: &'static str,
    /// What it needs: a subject that lacks one of these is not held to it.
    pub needs: &'static [Capability],
}

/// Every check, in the order of the table.
///
/// ```
/// let all = service_conformance::descriptions();
/// assert!(all.iter().any(|check| check.line == "B05"));
/// ```
pub fn descriptions() -> Vec<Description> {
    checks::all().map(|check| check.description).collect()
}

/// A page of checks: the line, the behaviour, what it needs, and the function that tries it.
macro_rules! page {
    ($($line:literal $behaviour:literal [$($need:ident),*] $run:ident;)*) => {
        pub(super) const CHECKS: &[$crate::check::Check] = &[$(
            $crate::check::Check {
                description: $crate::Description {
                    line: $line,
                    behaviour: $behaviour,
                    needs: &[$($crate::Capability::$need),*],
                },
                run: |bench| Box::pin($run(bench)),
            },
        )*];
    };
}

pub(crate) use page;
