//! The instructions that the compiler generated for one guarded call.

use std::process::Command;

use service_core::Result;

/// A guarded sync call: the fast path up to its return, then the cold code.
pub(crate) fn of_a_guarded_call() -> Result<String> {
    let exe = std::env::current_exe()?;
    let output = Command::new("objdump")
        .args(["--disassemble", "--no-show-raw-insn", "--demangle", "-M", "intel"])
        .arg(exe)
        .output()
        .map_err(|error| format!("objdump, which shows the instructions, cannot be run ({error}); install binutils"))?;
    let all = String::from_utf8_lossy(&output.stdout);
    let mut lines =
        all.lines().skip_while(|line| !(line.contains("Ledger>::guarded>:") || line.contains("Ledger::guarded>:")));
    let body = lines.by_ref().skip(1).take_while(|line| !line.is_empty()).filter(|line| !line.contains("int3"));
    // Without the addresses, which differ between builds.
    let bare = |line: &str| line.split_once(":\t").map_or(line, |(_, instruction)| instruction).trim_end().to_owned();
    Ok(body.map(bare).collect::<Vec<_>>().join("\n"))
}
