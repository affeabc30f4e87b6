//! [`KeptRuntime`]: timers of a runtime that fire although user code blocks the thread that waits for them.
//!
//! In a tokio runtime with several threads, one thread waits for timers and I/O on behalf of all. If this thread polls a
//! future that blocks it, no other thread takes over until a task is spawned from outside of the runtime (tokio issue 4730).
//! So a thread of ours spawns an empty task at an interval while a registry is busy. There is one such thread for the
//! process, and it ends with the last registry. It also looks for threads that are blocked: at each interval, and every second
//! while no registry is busy.
//!
//! A runtime with one thread cannot be helped. Its clock may be paused, so it is left alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::runtime::{Handle, RuntimeFlavor};

use super::worker_watch::{BlockedThreads, WorkerWatch};
use crate::base::{Mutex, stderr};

/// How long a timer may be late at most, if a thread of its runtime is idle.
const INTERVAL: Duration = Duration::from_millis(50);

/// How often blocked threads are looked for while no registry is busy.
const LOOK: Duration = Duration::from_secs(1);

static KEEPER: Mutex<Keeper> = Mutex::new(Keeper { runtimes: Vec::new(), thread: None });

struct Keeper {
    /// The runtimes of registries.
    runtimes: Vec<Runtime>,
    thread: Option<KeeperThread>,
}

impl Keeper {
    fn runtime_of(&mut self, registry: u32) -> Option<&mut Runtime> {
        self.runtimes.iter_mut().find(|runtime| runtime.registry == registry)
    }
}

struct Runtime {
    registry: u32,
    handle: Handle,
    /// How many [`Busy`] there are.
    busy: usize,
    watch: WorkerWatch,
    /// What the last look has found.
    blocked: Option<BlockedThreads>,
    report: Report,
}

/// Called on the runtime when a thread of it is found blocked.
pub(crate) type Report = Arc<dyn Fn(BlockedThreads) + Send + Sync>;

impl Runtime {
    /// Looks for blocked threads, and has those reported that were not blocked before.
    fn look(&mut self, now: Instant) {
        let found = self.watch.look(&self.handle, now);
        self.blocked = found.map(|(blocked, _)| blocked);
        if let Some((blocked, true)) = found {
            let report = self.report.clone();
            // Not on this thread: a report calls the observers, which are the user's code.
            self.handle.spawn(async move { report(blocked) });
        }
    }
}

struct KeeperThread {
    join: JoinHandle<()>,
    is_over: Arc<AtomicBool>,
}

impl KeeperThread {
    fn start() -> Option<Self> {
        let is_over = Arc::<AtomicBool>::default();
        let over = is_over.clone();
        let started = thread::Builder::new().name("service-core timers".to_owned()).spawn(move || keep_timers(&over));
        match started {
            Ok(join) => Some(Self { join, is_over }),
            Err(error) => {
                stderr::print_line(format_args!(
                    "no thread could be started ({error}): if a hook blocks its thread, its budget may end late"
                ));
                None
            }
        }
    }

    fn end(self) {
        self.is_over.store(true, Ordering::Release);
        self.join.thread().unpark();
        // It never panics, and ends as soon as it is unparked.
        let _ = self.join.join();
    }
}

fn keep_timers(is_over: &AtomicBool) {
    while !is_over.load(Ordering::Acquire) {
        let is_busy = KEEPER.lock().runtimes.iter().any(|runtime| runtime.busy > 0);
        thread::park_timeout(if is_busy { INTERVAL } else { LOOK });
        let now = Instant::now();
        let busy: Vec<_> = {
            let mut keeper = KEEPER.lock();
            keeper.runtimes.iter_mut().for_each(|runtime| runtime.look(now));
            keeper.runtimes.iter().filter(|runtime| runtime.busy > 0).map(|runtime| runtime.handle.clone()).collect()
        };
        busy.iter().for_each(|handle| drop(handle.spawn(async {})));
    }
}

/// The runtime of one registry, while the registry is alive.
#[derive(Debug)]
pub(crate) struct KeptRuntime {
    registry: u32,
}

/// While it exists, the timers of a runtime fire in time.
#[derive(Debug)]
pub(crate) struct Busy {
    registry: u32,
}

impl KeptRuntime {
    /// For a runtime with several threads. `report` is called when one of them is found blocked.
    pub(crate) fn new(registry: u32, handle: &Handle, report: Report) -> Option<Self> {
        if handle.runtime_flavor() == RuntimeFlavor::CurrentThread {
            return None;
        }
        let mut keeper = KEEPER.lock();
        let (handle, watch) = (handle.clone(), WorkerWatch::new());
        keeper.runtimes.push(Runtime { registry, handle, busy: 0, watch, blocked: None, report });
        if keeper.thread.is_none() {
            keeper.thread = KeeperThread::start();
        }
        Some(Self { registry })
    }

    pub(crate) fn busy(&self) -> Busy {
        let mut keeper = KEEPER.lock();
        if let Some(runtime) = keeper.runtime_of(self.registry) {
            runtime.busy += 1;
            if runtime.busy == 1
                && let Some(thread) = &keeper.thread
            {
                thread.join.thread().unpark();
            }
        }
        Busy { registry: self.registry }
    }

    /// The threads of the runtime that were blocked a moment ago.
    pub(crate) fn blocked(&self) -> Option<BlockedThreads> {
        KEEPER.lock().runtime_of(self.registry)?.blocked
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        if let Some(runtime) = KEEPER.lock().runtime_of(self.registry) {
            runtime.busy -= 1;
        }
    }
}

impl Drop for KeptRuntime {
    fn drop(&mut self) {
        let (_runtime, thread) = {
            let mut keeper = KEEPER.lock();
            let place = keeper.runtimes.iter().position(|runtime| runtime.registry == self.registry);
            let runtime = place.map(|place| keeper.runtimes.swap_remove(place));
            let is_last = keeper.runtimes.is_empty();
            (runtime, if is_last { keeper.thread.take() } else { None })
        };
        // After the lock is released, because the thread takes it too.
        if let Some(thread) = thread {
            thread.end();
        }
    }
}
