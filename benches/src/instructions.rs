//! [`instructions`]: counts instructions with valgrind.

use std::process::{Command, Stdio};

use service_core::Result;

/// The number of instructions that this program executes with these arguments.
///
/// Large copies count by the vector and not by the byte: otherwise valgrind counts an instruction for each byte that `rep movsb`
/// copies.
///
/// # Errors
/// If valgrind cannot be run.
pub fn instructions(arguments: &[&str]) -> Result<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .env("GLIBC_TUNABLES", "glibc.cpu.x86_rep_movsb_threshold=100000000")
        .arg(std::env::current_exe()?)
        .args(arguments)
        .stdout(Stdio::null())
        .output()
        .map_err(|error| format!("valgrind, which counts the instructions, cannot be run ({error}); install it"))?;
    let log = String::from_utf8_lossy(&output.stderr);
    let counted = log.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok());
    counted.ok_or_else(|| format!("valgrind reported no count: {log}").into())
}
