//! Writes lines to stderr.

use std::fmt::Display;
use std::io::{Write, stderr};

/// Writes a line to stderr. If stderr is closed, nothing happens: `eprintln!` would panic and change the exit code.
pub(crate) fn print_line(words: impl Display) {
    let _ = writeln!(stderr(), "{words}");
}
