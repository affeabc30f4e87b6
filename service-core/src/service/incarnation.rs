//! [`Incarnation`]: what belongs to one run of one service, from the start of `init` to the last cleanup.

use std::any::{Any, TypeId};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::stop_tokens::StopTokens;
use super::tasks::Tasks;
use crate::base::{BoxError, Failure, Key, Mutex, Phase, Result, State};
use crate::gate::Slot;
use crate::report::EventKind;
use crate::shared::Deadline;
use crate::shared::PollMonitor;
use crate::shared::Shared;

/// A deferred cleanup.
pub(crate) type Cleanup = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

/// The value of a service, whatever its type.
type MadeValue = Arc<dyn Any + Send + Sync>;

/// The deferred cleanups that have not run.
#[derive(Default)]
struct Cleanups {
    pending: Vec<Cleanup>,
    /// Whether no more are accepted.
    is_closed: bool,
    /// How many were not accepted.
    refused: usize,
}

/// What belongs to one run of one service. A restart makes a new one.
pub(crate) struct Incarnation {
    pub shared: Arc<Shared>,
    pub slot: Arc<Slot>,
    pub tasks: Tasks,
    pub stop_tokens: Arc<StopTokens>,
    pub deadline: Arc<Deadline>,
    phase: Mutex<Phase>,
    /// The monitor of the running hook.
    monitor: Mutex<Arc<PollMonitor>>,
    cleanups: Mutex<Cleanups>,
    /// The value that `init` has made, until the service is ready.
    made: Mutex<Option<MadeValue>>,
    /// What the report of the shutdown says beside failures.
    notes: Mutex<Vec<String>>,
}

impl Incarnation {
    pub(crate) fn new(shared: Arc<Shared>, index: usize, deadline: Arc<Deadline>) -> Self {
        let slot = shared.slots[index].clone();
        let stop_tokens = Arc::new(StopTokens::new(&shared.shutdown_requested));
        slot.failed_tasks.clear();
        Self {
            tasks: Tasks::new(shared.runtime.clone(), slot.clone(), stop_tokens.clone(), deadline.clone()),
            shared,
            slot,
            stop_tokens,
            deadline,
            phase: Mutex::new(Phase::Init),
            monitor: Mutex::default(),
            cleanups: Mutex::default(),
            made: Mutex::default(),
            notes: Mutex::default(),
        }
    }

    /// The slot of the declared dependency that is named by this type.
    pub(crate) fn need(&self, named: TypeId) -> Option<&Slot> {
        let needs = &self.shared.plan.services()[self.slot.index].needs;
        let need = needs.iter().find(|need| matches!(need.key, Key::Type(id) if id == named))?;
        Some(&self.shared.slots[need.index])
    }

    pub(crate) fn note(&self, words: String) {
        self.notes.lock().push(words);
    }

    pub(crate) fn take_notes(&self) -> Vec<String> {
        std::mem::take(&mut self.notes.lock())
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase.lock().clone()
    }

    pub(crate) fn enter_phase(&self, phase: Phase) {
        self.monitor.lock().enter(phase.clone());
        *self.phase.lock() = phase;
    }

    /// What the running hook does.
    pub(crate) fn describe_hook(&self) -> String {
        self.monitor.lock().describe()
    }

    /// The monitor of the hook that begins now.
    pub(crate) fn new_monitor(&self) -> Arc<PollMonitor> {
        let monitor = Arc::new(PollMonitor::of(self.phase()));
        *self.monitor.lock() = monitor.clone();
        monitor
    }

    /// The service reports that this incarnation is broken.
    pub(crate) fn fail(&self, why: String) {
        let slot = &self.slot;
        let (phase, since) = match slot.state() {
            State::Starting => (self.phase(), slot.times().began),
            _ => (Phase::Operation, slot.times().ended),
        };
        let elapsed = since.map_or(Duration::ZERO, |since| since.elapsed());
        let (reported, why) = (format!("Context::fail: {why}").into(), BoxError::from(why));
        let failure = Failure::error(&slot.name, slot.location, phase, elapsed, why);
        slot.emit(EventKind::Broken { service: slot.name.clone(), failure: failure.clone() });
        if !self.stop_tokens.is_draining() {
            slot.failed_tasks.insert(reported, failure.clone(), false);
            self.shared.escalate(slot.index, failure);
        }
    }

    pub(crate) fn defer(&self, cleanup: Cleanup) {
        let mut cleanups = self.cleanups.lock();
        if cleanups.is_closed {
            cleanups.refused += 1;
            drop(cleanups);
            // After the lock is released, because dropping it runs the user's code.
            drop(cleanup);
        } else {
            cleanups.pending.push(cleanup);
        }
    }

    /// The latest deferred cleanup that has not run. If there is none, no more are accepted, because nothing would run them.
    pub(crate) fn next_cleanup(&self) -> Option<Cleanup> {
        let mut cleanups = self.cleanups.lock();
        let next = cleanups.pending.pop();
        cleanups.is_closed |= next.is_none();
        next
    }

    /// Accepts no more cleanups.
    pub(crate) fn close_cleanups(&self) {
        self.cleanups.lock().is_closed = true;
    }

    /// How many cleanups were not accepted.
    pub(crate) fn refused_cleanups(&self) -> usize {
        self.cleanups.lock().refused
    }

    /// Keeps the value that `init` has made. If `start` or the first `health` fails, the value is dropped in a step of its own,
    /// so that a destructor that blocks or panics does not hide the failure.
    pub(crate) fn keep_made(&self, value: MadeValue) {
        *self.made.lock() = Some(value);
    }

    pub(crate) fn take_made(&self) -> Option<MadeValue> {
        self.made.lock().take()
    }
}
