//! The checks, a page for each kind of behaviour, in the order of the table.

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

use crate::check::Check;

/// Every check, in the order of the table.
pub(crate) fn all() -> impl Iterator<Item = &'static Check> {
    let pages = [
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
    pages.into_iter().flatten()
}
