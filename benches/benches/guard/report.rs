//! The report, as Markdown: the figures that do not depend on the machine first.

use std::fmt::Write;
use std::time::Duration;

use crate::CALLS;
use crate::case::{Case, GOAL};
use crate::crowd::{Crowd, WAYS};

/// What one case costs: instructions of one call, and the time of [`CALLS`] of them.
pub(crate) struct Measured {
    pub(crate) case: Case,
    pub(crate) instructions: f64,
    pub(crate) time: Duration,
}

const INTRODUCTION: &str = "\
# What a guarded call costs

Written by `cargo bench -p benches --bench guard`; run it to have the figures of your machine. The service is ready, and
nothing else happens. Instructions are counted by valgrind, and do not depend on how busy the machine is; the loop around
the calls is taken off. The times are the best of 25 runs in one process, and only their relation means something.
";

const PYTHON: &str = "\
For the guard of the Python original, 2,888 ns are quoted; that was not measured here.
";

const ASSEMBLY: &str = "\
## The instructions

One guarded sync call that adds two numbers, as the compiler made it: the fast path, then the cold code.

1. Does this thread allow the fast path? One comparison with the depth of the context stack, which is too large if there
   is no room, the thread has no number or a service is starting.
2. Which counter: the lane of the method plus the stripe of the thread, in bounds, so there is no other check.
3. Count in, `lock inc`.
4. Is this value the managed one, and is it up? One comparison with the address that the gate shows, after counting in, so
   that a gate which closes in between finds the call in its count.
5. Push the frame of the call, so that what it calls is known to be part of it.
6. The body: one addition.
7. Pop the frame, and count out, `lock dec`; the sign tells whether a drain is waiting.

The two locked instructions are most of the time, as they are of an `Arc` that is cloned and dropped. What is pushed and popped
at both ends is for the cold code, and is shared with the body if that calls anything.

An async call does the same at its first poll, inlined into whoever awaits it. What it costs beyond a sync one is memory: the
body is a future inside of the method's own, so its arguments, its state and how far the call is are written to where both
lie, and looked at there once it has ended.
";

pub(crate) fn text(costs: &[Measured], crowds: &[Crowd], assembly: &str) -> String {
    let mut page = String::from(INTRODUCTION);
    page += "\n| | instructions | time |\n|---|---:|---:|\n";
    let nothing = costs.iter().find(|it| it.case == Case::Nothing);
    let base = nothing.map_or((0.0, 0.0), |it| (it.instructions, nanos(it.time, CALLS)));
    for Measured { case, instructions, time } in costs {
        let Some(title) = case.title() else { continue };
        let time = (nanos(*time, CALLS) - base.1).max(0.0);
        let _ = writeln!(page, "| {title} | {:.0} | {time:.1} ns |", instructions - base.0);
    }
    let _ = write!(page, "\n{PYTHON}\n");
    page += "## The bounds\n\nHeld by `.ci/slow`, where valgrind is installed: a little above what is reached, so that no change makes a call\n";
    let _ = writeln!(page, "dearer unnoticed. The goal is {GOAL} over a plain call; an async one does not reach it.\n");
    page += "| | beside | instructions more | at most |\n|---|---|---:|---:|\n";
    for Bound { case, beside, more, most } in bounds(costs) {
        let beside = beside.title().unwrap_or("nothing");
        let _ = writeln!(page, "| {} | {beside} | {more:.0} | {most:.0} |", case.title().unwrap_or_default());
    }
    page += "\n## Several threads on one service\n\nWhat one call takes each of them, from the first to begin to the last to end. Threads\n";
    let _ = writeln!(page, "beyond the processors ({}) take turns.\n", processors());
    let _ = writeln!(page, "| threads | {} |\n|---:|---:|---:|---:|---:|", WAYS.join(" | "));
    for Crowd { threads, times, calls } in crowds {
        let times: Vec<_> = times.iter().map(|time| format!("{:.1} ns", nanos(*time, *calls))).collect();
        let _ = writeln!(page, "| {threads} | {} |", times.join(" | "));
    }
    let _ = write!(page, "\n{ASSEMBLY}\n```text\n{}\n```\n", assembly.trim_end());
    page
}

/// How much dearer one case is than another, and may be.
pub(crate) struct Bound {
    pub(crate) case: Case,
    pub(crate) beside: Case,
    pub(crate) more: f64,
    pub(crate) most: f64,
}

pub(crate) fn bounds(costs: &[Measured]) -> Vec<Bound> {
    let instructions = |case| costs.iter().find(|it| it.case == case).map(|it| it.instructions);
    let bound = |it: &Measured| {
        let (beside, most) = it.case.bound()?;
        Some(Bound { case: it.case, beside, more: it.instructions - instructions(beside)?, most })
    };
    costs.iter().filter_map(bound).collect()
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn nanos(time: Duration, calls: u64) -> f64 {
    time.as_nanos() as f64 / calls as f64
}
