//! `SERVICE_GRAPH`: prints the plan instead of booting it.

use std::ffi::OsString;
use std::io::Write;

use crate::plan::Plan;
use crate::report::PlanError;

const FORMATS: &str = match cfg!(feature = "render") {
    true => "text, dot, mermaid or json",
    false => "text, and with the feature `render` of service-core also dot, mermaid or json",
};

/// The value of `SERVICE_GRAPH`, if it is set.
pub(super) fn requested() -> Option<OsString> {
    // A shell unsets a variable for one command by making it empty.
    std::env::var_os("SERVICE_GRAPH").filter(|format| !format.is_empty())
}

/// Prints the plan in this format and exits the process, before any `init`: with code 0, with 1 if the plan is unsound, with 2
/// if the format is unknown.
pub(super) fn print_and_exit(format: OsString, plan: Result<Plan, PlanError>) -> ! {
    let show: fn(&Plan) -> String = match format.to_str() {
        Some("text") => Plan::to_string,
        #[cfg(feature = "render")]
        Some("dot") => Plan::to_dot,
        #[cfg(feature = "render")]
        Some("mermaid") => Plan::to_mermaid,
        #[cfg(feature = "render")]
        Some("json") => Plan::to_json,
        _ => {
            let word = format.to_string_lossy();
            exit(2, &format!("SERVICE_GRAPH is {FORMATS}, not {word}\n"), std::io::stderr())
        }
    };
    let text = match plan {
        Ok(plan) => show(&plan),
        Err(error) => exit(1, &format!("{error}\n"), std::io::stderr()),
    };
    exit(0, &format!("{}\n", text.trim_end()), std::io::stdout())
}

/// Prints, flushes, and ends the process.
fn exit(code: i32, text: &str, mut to: impl Write) -> ! {
    // If the reader has closed the pipe, there is nobody to report an error to.
    let _ = to.write_all(text.as_bytes()).and_then(|()| to.flush());
    std::process::exit(code)
}
