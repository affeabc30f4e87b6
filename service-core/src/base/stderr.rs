//! Words on stderr.

use std::fmt::Display;
use std::io::{Write, stderr};

/// Writes a line. Where nobody can read it, that must not change how the process ends, as the panic of `eprintln!` would.
pub(crate) fn tell(words: impl Display) {
    let _ = writeln!(stderr(), "{words}");
}
