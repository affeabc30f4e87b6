//! [`WorkerWatch`]: finds the threads of a runtime that somebody's code blocks, from outside of the runtime.
//!
//! A guarded call records nothing that would say how long it has been running, so that it costs little. The runtime counts how
//! often each of its threads went to sleep and woke up, and for how long it was busy; it updates both between polls. A thread
//! that is awake, and for which neither has changed for a while, is in the middle of one poll.

use std::fmt;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

use crate::base::lasted;

/// A thread that has been in one poll for so long is blocked. The counts of a thread that is merely busy change after at most 61
/// polls.
const BLOCKED: Duration = Duration::from_secs(1);

/// The threads of a runtime.
pub(super) struct WorkerWatch {
    workers: Vec<Worker>,
}

/// What the runtime counted for a thread, and since when it has not changed.
struct Worker {
    counted: Counted,
    since: Instant,
    is_reported: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Counted {
    parked_or_unparked: u64,
    busy: Duration,
}

/// Threads of a runtime that are blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlockedThreads {
    pub threads: usize,
    /// How many threads the runtime has.
    pub of: usize,
    /// For how long one of them has been blocked, at least.
    pub elapsed: Duration,
}

impl WorkerWatch {
    pub(super) fn new() -> Self {
        Self { workers: Vec::new() }
    }

    /// Looks at the threads. Returns those that are blocked, and whether one of them was not blocked at the last look.
    pub(super) fn look(&mut self, runtime: &Handle, now: Instant) -> Option<(BlockedThreads, bool)> {
        self.workers.resize_with(threads(runtime), || Worker {
            counted: Counted { parked_or_unparked: 0, busy: Duration::ZERO },
            since: now,
            is_reported: false,
        });
        let mut blocked = BlockedThreads { threads: 0, of: self.workers.len(), elapsed: Duration::ZERO };
        let mut is_new = false;
        for (index, worker) in self.workers.iter_mut().enumerate() {
            let counted = count(runtime, index);
            // The first count of a thread is 0, and its thread is awake: the runtime has not started it yet.
            if counted != worker.counted || !counted.is_awake() || counted.parked_or_unparked == 0 {
                *worker = Worker { counted, since: now, is_reported: false };
                continue;
            }
            let elapsed = now.saturating_duration_since(worker.since);
            if elapsed >= BLOCKED {
                blocked.threads += 1;
                blocked.elapsed = blocked.elapsed.max(elapsed);
                is_new |= !worker.is_reported;
                worker.is_reported = true;
            }
        }
        (blocked.threads > 0).then_some((blocked, is_new))
    }
}

impl fmt::Display for BlockedThreads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { threads, of, elapsed } = self;
        let are = if *threads == 1 { "is" } else { "are" };
        let elapsed = lasted(*elapsed);
        write!(f, "{threads} of the {of} threads of the runtime {are} blocked, for {elapsed:?} so far; ")?;
        f.write_str("work that does not await belongs in spawn_blocking")
    }
}

impl Counted {
    fn is_awake(self) -> bool {
        self.parked_or_unparked.is_multiple_of(2)
    }
}

#[cfg(target_has_atomic = "64")]
fn threads(runtime: &Handle) -> usize {
    runtime.metrics().num_workers()
}

#[cfg(target_has_atomic = "64")]
fn count(runtime: &Handle, worker: usize) -> Counted {
    let metrics = runtime.metrics();
    Counted {
        parked_or_unparked: metrics.worker_park_unpark_count(worker),
        busy: metrics.worker_total_busy_duration(worker),
    }
}

/// Without 64-bit atomics, the runtime counts nothing: no thread is watched.
#[cfg(not(target_has_atomic = "64"))]
fn threads(_: &Handle) -> usize {
    0
}

#[cfg(not(target_has_atomic = "64"))]
fn count(_: &Handle, _: usize) -> Counted {
    Counted { parked_or_unparked: 1, busy: Duration::ZERO }
}
