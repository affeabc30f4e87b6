//! Counts instructions: runs this program under valgrind with some calls, and with twice as many. The difference is the cost
//! of the calls.

use std::process::{Command, Stdio};

use service_core::Result;

use crate::case::Case;

const CALLS: u64 = 100_000;

/// The number of instructions of one call.
pub(crate) fn instructions(case: Case) -> Result<f64> {
    let (few, many) = (total(case, CALLS)?, total(case, 2 * CALLS)?);
    Ok(many.saturating_sub(few) as f64 / CALLS as f64)
}

fn total(case: Case, calls: u64) -> Result<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe()?)
        .args(["repeat", &format!("{case:?}"), &calls.to_string()])
        .stdout(Stdio::null())
        .output()
        .map_err(|error| format!("valgrind, which counts the instructions, cannot be run ({error}); install it"))?;
    let log = String::from_utf8_lossy(&output.stderr);
    let counted = log.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok());
    counted.ok_or_else(|| format!("valgrind reported no count: {log}").into())
}
