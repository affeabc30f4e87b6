//! [`Incarnation`]: what belongs to one run of one service, from the start of `init` to the last cleanup.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::stop_tokens::StopTokens;
use super::tasks::Tasks;
use crate::base::{Mutex, MutexGuard, Phase, Result};
use crate::gate::Slot;
use crate::shared::Deadline;
use crate::shared::PollMonitor;
use crate::shared::Shared;

/// A deferred cleanup.
pub(crate) type Cleanup = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

/// What belongs to one run of one service. A restart makes a new one.
pub(crate) struct Incarnation {
    pub shared: Arc<Shared>,
    pub slot: Arc<Slot>,
    pub tasks: Tasks,
    pub stop_tokens: StopTokens,
    pub deadline: Arc<Deadline>,
    phase: Mutex<Phase>,
    /// The monitor of the running hook.
    monitor: Mutex<Arc<PollMonitor>>,
    cleanups: Mutex<Vec<Cleanup>>,
}

impl Incarnation {
    pub(crate) fn new(shared: Arc<Shared>, index: usize, deadline: Arc<Deadline>) -> Self {
        let slot = shared.slots[index].clone();
        let stop_tokens = StopTokens::new(&shared.shutdown_requested);
        slot.failed_tasks.clear();
        Self {
            tasks: Tasks::new(slot.clone(), stop_tokens.stopping.clone(), deadline.clone()),
            shared,
            slot,
            stop_tokens,
            deadline,
            phase: Mutex::new(Phase::Init),
            monitor: Mutex::default(),
            cleanups: Mutex::default(),
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase.lock().clone()
    }

    pub(crate) fn enter_phase(&self, phase: Phase) {
        self.monitor.lock().enter(phase.clone());
        *self.phase.lock() = phase;
    }

    /// The monitor of the hook that begins now.
    pub(crate) fn new_monitor(&self) -> Arc<PollMonitor> {
        let monitor = Arc::new(PollMonitor::of(self.phase()));
        *self.monitor.lock() = monitor.clone();
        monitor
    }

    pub(crate) fn defer(&self, cleanup: Cleanup) {
        self.cleanups().push(cleanup);
    }

    /// The latest deferred cleanup that has not run.
    pub(crate) fn next_cleanup(&self) -> Option<Cleanup> {
        self.cleanups().pop()
    }

    fn cleanups(&self) -> MutexGuard<'_, Vec<Cleanup>> {
        self.cleanups.lock()
    }
}
