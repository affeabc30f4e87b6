//! The report, as Markdown.

use std::fmt::Write;
use std::time::Duration;

use crate::CALLS;
use crate::case::{Case, GOAL};
use crate::contention::{Contention, OPERATIONS};

/// What one case costs: instructions of one call, and the time of [`CALLS`] of them.
pub(crate) struct Measured {
    pub(crate) case: Case,
    pub(crate) instructions: f64,
    pub(crate) time: Duration,
}

const INTRODUCTION: &str = "\
# What a guarded call costs

`cargo bench -p benches --bench guard` writes this page; run it to measure your own machine. The service is ready, and the
machine has no other load. valgrind counts the instructions, so they do not depend on the load; the cost of the loop around
the calls is subtracted. The times are the best of 25 runs in one process; compare them only with each other.
";

const PYTHON: &str = "\
The Python original quotes 2,888 ns for its guard. This was not measured here.
";

const ASSEMBLY: &str = "\
## The instructions

The machine code of one guarded sync call that adds two numbers: first the fast path, then the cold paths.

1. Check whether the fast path is open on this thread. The check reads the depth of the context stack. A full stack, a thread
   without a number and a service that is starting all make the depth too large.
2. Select a counter: the lane of the method plus the stripe of the thread. The index is always in bounds.
3. Increment the counter, `lock inc`.
4. Check that this value is the managed one and that its service is ready: one comparison with the address in the gate. It comes
   after the increment, so that a gate that closes in between still counts the call.
5. Push a frame for the call, so that calls from the body are known to be nested.
6. Run the body: one addition.
7. Pop the frame and decrement the counter, `lock dec`. The sign shows whether a drain is waiting.

Most of the time is spent in the two locked instructions, as in the clone and drop of an `Arc`. The registers that are saved at
the start and restored at the end are used by the cold paths, and by a body that calls other functions.

An async call does the same at its first poll, inlined into the future that awaits it. It costs more than a sync call because
of memory accesses: the body is a future inside the method's own future. The arguments, the state and the progress of the call
are stored in both, and are read again when the body has ended.
";

pub(crate) fn text(costs: &[Measured], contention: &[Contention], assembly: &str) -> String {
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
    page += "## The bounds\n\n`.ci/slow` checks these bounds if valgrind is installed. They are slightly above the measured values, so that a\n";
    let _ = writeln!(
        page,
        "regression is noticed. The goal is {GOAL} more than a plain call; an async call does not reach it.\n"
    );
    page += "| | compared with | additional instructions | limit |\n|---|---|---:|---:|\n";
    for Bound { case, beside, more, most } in bounds(costs) {
        let beside = beside.title().unwrap_or("nothing");
        let _ = writeln!(page, "| {} | {beside} | {more:.0} | {most:.0} |", case.title().unwrap_or_default());
    }
    page += "\n## Several threads on one service\n\nThe time of one call for each thread, from the first start to the last end. If there are\n";
    let _ = writeln!(page, "more threads than processors ({}), they take turns.\n", processors());
    let _ = writeln!(page, "| threads | {} |\n|---:|---:|---:|---:|---:|", OPERATIONS.join(" | "));
    for Contention { threads, times, calls } in contention {
        let times: Vec<_> = times.iter().map(|time| format!("{:.1} ns", nanos(*time, *calls))).collect();
        let _ = writeln!(page, "| {threads} | {} |", times.join(" | "));
    }
    let _ = write!(page, "\n{ASSEMBLY}\n```text\n{}\n```\n", assembly.trim_end());
    page
}

/// How many instructions a case needs in addition to another one, and the limit.
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
