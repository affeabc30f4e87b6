//! [`Check`]: one behaviour, and the function that tests a registry for it. [`CheckInfo`]: its public description.

use crate::Capability;
use crate::adapter::LocalBoxFuture;
use crate::harness::Harness;

/// The result of a check; the error says what was wrong.
pub(crate) type CheckResult = Result<(), String>;

/// One behaviour, and the function that tests a registry for it.
pub(crate) struct Check {
    pub(crate) info: CheckInfo,
    pub(crate) run: fn(Harness) -> LocalBoxFuture<'static, CheckResult>,
}

/// The description of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckInfo {
    /// The id of the behaviour in the list of behaviours, such as `B05`. Several checks may share an id.
    pub id: &'static str,
    /// The behaviour as text, unique among all checks.
    pub behaviour: &'static str,
    /// The capabilities that it needs. It is not applicable to a registry that lacks one of them.
    pub needs: &'static [Capability],
}

/// Defines the checks of one file: the id, the behaviour, the capabilities it needs, and the function that tests it.
macro_rules! checks {
    ($($id:literal $behaviour:literal [$($need:ident),*] $run:ident;)*) => {
        pub(super) const CHECKS: &[$crate::check::Check] = &[$(
            $crate::check::Check {
                info: $crate::CheckInfo {
                    id: $id,
                    behaviour: $behaviour,
                    needs: &[$($crate::Capability::$need),*],
                },
                run: |harness| Box::pin($run(harness)),
            },
        )*];
    };
}

pub(crate) use checks;
