//! The checks, a file for each kind of behaviour, in the order of the table.

mod boot;
mod cancellation;
mod concurrency;
mod failure;
mod graph;
mod panic;
mod registry;
mod rollback;
mod shutdown;
mod timeout;

use crate::check::{Check, CheckInfo};

/// Every check, in the order of the table.
pub(crate) fn all() -> impl Iterator<Item = &'static Check> {
    let files = [
        graph::CHECKS,
        boot::CHECKS,
        concurrency::CHECKS,
        failure::CHECKS,
        rollback::CHECKS,
        panic::CHECKS,
        timeout::CHECKS,
        cancellation::CHECKS,
        shutdown::CHECKS,
        registry::CHECKS,
    ];
    files.into_iter().flatten()
}

/// The description of every check, in the order of the table.
///
/// ```
/// let all = service_conformance::all_checks();
/// assert!(all.iter().any(|check| check.id == "B05"));
/// ```
pub fn all_checks() -> Vec<CheckInfo> {
    all().map(|check| check.info).collect()
}
