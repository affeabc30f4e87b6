//! `SERVICE_GRAPH`: prints the plan instead of booting it.

use std::io::Write;

use super::assembly::Assembly;
use crate::plan::Plan;

/// If `SERVICE_GRAPH` is set, prints the plan in that format and exits the process before any `init`.
pub(super) fn print_graph_and_leave_if_asked() {
    // A shell unsets a variable for one command by making it empty.
    let Some(format) = std::env::var_os("SERVICE_GRAPH").filter(|format| !format.is_empty()) else { return };
    let show: fn(&Plan) -> String = match format.to_str() {
        Some("text") => Plan::to_string,
        Some("dot") => Plan::to_dot,
        Some("mermaid") => Plan::to_mermaid,
        Some("json") => Plan::to_json,
        _ => {
            let word = format.to_string_lossy();
            leave(2, &format!("SERVICE_GRAPH is text, dot, mermaid or json, not {word}\n"), std::io::stderr())
        }
    };
    let text = match Assembly::default().plan() {
        Ok(plan) => show(&plan),
        Err(error) => leave(1, &format!("{error}\n"), std::io::stderr()),
    };
    leave(0, &format!("{}\n", text.trim_end()), std::io::stdout())
}

/// Prints, flushes, and ends the process.
fn leave(code: i32, text: &str, mut to: impl Write) -> ! {
    // If the reader has closed the pipe, there is nobody to report an error to.
    let _ = to.write_all(text.as_bytes()).and_then(|()| to.flush());
    std::process::exit(code)
}
