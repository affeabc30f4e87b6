//! [`KeptRuntime`]: timers of a runtime that fire although user code blocks the thread that waits for them.
//!
//! In a tokio runtime with several threads, one thread waits for timers and I/O on behalf of all. If this thread polls a
//! future that blocks it, no other thread takes over until a task is spawned from outside of the runtime (tokio issue 4730).
//! So a thread of ours spawns an empty task at an interval while a registry is busy. There is one such thread for the
//! process. It waits without a timer while no registry is busy, and ends with the last registry.
//!
//! A runtime with one thread cannot be helped. Its clock may be paused, so it is left alone.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::runtime::{Handle, RuntimeFlavor};

use crate::base::{Mutex, stderr};

/// How long a timer may be late at most, if a thread of its runtime is idle.
const INTERVAL: Duration = Duration::from_millis(50);

static KEEPER: Mutex<Keeper> = Mutex::new(Keeper { runtimes: BTreeMap::new(), thread: None });

struct Keeper {
    /// The runtimes of registries, by the number of the registry.
    runtimes: BTreeMap<u32, Runtime>,
    thread: Option<KeeperThread>,
}

struct Runtime {
    handle: Handle,
    /// How many [`Busy`] there are.
    busy: usize,
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
        let busy: Vec<_> = {
            let keeper = KEEPER.lock();
            keeper.runtimes.values().filter(|runtime| runtime.busy > 0).map(|runtime| runtime.handle.clone()).collect()
        };
        if busy.is_empty() {
            thread::park();
        } else {
            thread::park_timeout(INTERVAL);
            busy.iter().for_each(|handle| drop(handle.spawn(async {})));
        }
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
    /// For a runtime with several threads.
    pub(crate) fn new(registry: u32, handle: &Handle) -> Option<Self> {
        if handle.runtime_flavor() == RuntimeFlavor::CurrentThread {
            return None;
        }
        let mut keeper = KEEPER.lock();
        keeper.runtimes.insert(registry, Runtime { handle: handle.clone(), busy: 0 });
        if keeper.thread.is_none() {
            keeper.thread = KeeperThread::start();
        }
        Some(Self { registry })
    }

    pub(crate) fn busy(&self) -> Busy {
        let mut keeper = KEEPER.lock();
        if let Some(runtime) = keeper.runtimes.get_mut(&self.registry) {
            runtime.busy += 1;
            if runtime.busy == 1
                && let Some(thread) = &keeper.thread
            {
                thread.join.thread().unpark();
            }
        }
        Busy { registry: self.registry }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        if let Some(runtime) = KEEPER.lock().runtimes.get_mut(&self.registry) {
            runtime.busy -= 1;
        }
    }
}

impl Drop for KeptRuntime {
    fn drop(&mut self) {
        let (_runtime, thread) = {
            let mut keeper = KEEPER.lock();
            let runtime = keeper.runtimes.remove(&self.registry);
            let is_last = keeper.runtimes.is_empty();
            (runtime, if is_last { keeper.thread.take() } else { None })
        };
        // After the lock is released, because the thread takes it too.
        if let Some(thread) = thread {
            thread.end();
        }
    }
}
