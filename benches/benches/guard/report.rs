//! The report, as Markdown.
use crate::case::Case;
use crate::crowd::Crowd;
use std::time::Duration;

/// What one case costs: instructions of one call, and the time of [`CALLS`](crate::CALLS) of them.
pub(crate) struct Measured {
    pub(crate) case: Case,
    pub(crate) instructions: f64,
    pub(crate) time: Duration,
}

pub(crate) fn text(costs: &[Measured], crowds: &[Crowd], assembly: &str) -> String {
    let mut s = String::new();
    for c in costs {
        s += &format!(
            "{:?} {:.1} instr {:.2} ns\n",
            c.case,
            c.instructions,
            c.time.as_nanos() as f64 / crate::CALLS as f64
        );
    }
    for c in crowds {
        s += &format!("{} threads: {:?}\n", c.threads, c.times.map(|t| t.as_nanos() as f64 / c.calls as f64));
    }
    s + assembly
}
