//! Counts instructions: runs this program under valgrind with some calls, and with twice as many. The difference is the cost
//! of the calls.

use service_core::Result;

use crate::case::Case;

const CALLS: u64 = 100_000;

/// The number of instructions of one call.
pub(crate) fn instructions(case: Case) -> Result<f64> {
    let (few, many) = (total(case, CALLS)?, total(case, 2 * CALLS)?);
    Ok(many.saturating_sub(few) as f64 / CALLS as f64)
}

fn total(case: Case, calls: u64) -> Result<u64> {
    benches::instructions(&["repeat", &format!("{case:?}"), &calls.to_string()])
}
