//! [`TaskTable`]: which background tasks of one service run.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

use super::stop_tokens::StopTokens;
use crate::base::{Mutex, MutexGuard};
use crate::gate::Slot;
use crate::report::EventKind;
use crate::shared::Deadline;

/// The background tasks of one service.
pub(super) struct TaskTable {
    pub(super) runtime: Handle,
    pub(super) slot: Arc<Slot>,
    /// Each task has a child of `stopping`.
    pub(super) stop_tokens: Arc<StopTokens>,
    /// Of the phase in which its service is.
    pub(super) deadline: Arc<Deadline>,
    state: Mutex<TableState>,
    ended: Notify,
}

#[derive(Default)]
pub(super) struct TableState {
    pub(super) closed: bool,
    next: u64,
    running: BTreeMap<u64, RunningTask>,
}

/// A task that runs, or is about to.
struct RunningTask {
    name: Arc<str>,
    stop: CancellationToken,
    /// Absent while it is being started.
    abort: Option<AbortHandle>,
    /// Whether it is to be aborted as soon as it is started. It no longer counts as running.
    is_doomed: bool,
}

impl RunningTask {
    fn abort(&mut self) {
        self.is_doomed = true;
        if let Some(abort) = &self.abort {
            abort.abort();
        }
    }
}

/// What becomes of a task of the same name that is running.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum SameName {
    Beside,
    First,
    Replaced,
}

/// Takes its task out of the table when the task's future is dropped, however it ended.
pub(super) struct TaskEntry {
    tasks: Arc<TaskTable>,
    number: u64,
}

impl TaskTable {
    pub(super) fn new(runtime: Handle, slot: Arc<Slot>, stop_tokens: Arc<StopTokens>, deadline: Arc<Deadline>) -> Self {
        Self { runtime, slot, stop_tokens, deadline, state: Mutex::default(), ended: Notify::new() }
    }

    /// A place for a task, unless there is none for it. From here on a shutdown knows it, even before it runs.
    pub(super) fn reserve(
        self: &Arc<Self>,
        name: &Arc<str>,
        same: SameName,
        stop: &CancellationToken,
    ) -> Option<TaskEntry> {
        let mut state = self.lock();
        // First of all: what is refused puts an end to nothing.
        if state.closed || (same == SameName::First && state.named(name).next().is_some()) {
            return None;
        }
        if same == SameName::Replaced {
            state.abort(|running| *running == **name);
        }
        let number = state.next;
        state.next += 1;
        let task = RunningTask { name: name.clone(), stop: stop.clone(), abort: None, is_doomed: false };
        state.running.insert(number, task);
        Some(TaskEntry { tasks: self.clone(), number })
    }

    pub(super) fn refuse(&self, task: Arc<str>) {
        self.slot.emit(EventKind::TaskRefused { service: self.slot.name.clone(), task });
    }

    /// The task has been started, and may have ended. Not under one lock with its start: a runtime that is gone drops it
    /// at once, and its place with it.
    pub(super) fn started(&self, number: u64, abort: AbortHandle) {
        if let Some(task) = self.lock().running.get_mut(&number) {
            if task.is_doomed {
                abort.abort();
            }
            task.abort = Some(abort);
        }
    }

    /// Cancels the tokens of the tasks with this name. Returns their numbers.
    pub(super) fn ask_to_stop(&self, name: &str) -> Vec<u64> {
        let (numbers, tokens): (Vec<_>, Vec<_>) =
            self.lock().named(name).map(|(number, task)| (number, task.stop.clone())).unzip();
        // Outside of the lock: this wakes the tasks, and a waker is foreign code.
        tokens.iter().for_each(CancellationToken::cancel);
        numbers
    }

    /// Aborts those of these tasks that run. Returns how many these are.
    pub(super) fn abort_numbers(&self, numbers: &[u64]) -> usize {
        let mut state = self.lock();
        let left = state.running.iter_mut().filter(|(number, task)| numbers.contains(number) && !task.is_doomed);
        left.map(|(_, task)| task.abort()).count()
    }

    /// Waits until none of the tasks that `is_meant` accepts runs, those included that were aborted and have not noticed.
    pub(super) async fn ended(&self, is_meant: impl Fn(u64) -> bool) {
        loop {
            let ended = self.ended.notified();
            if !self.lock().running.keys().any(|number| is_meant(*number)) {
                break;
            }
            ended.await;
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, TableState> {
        self.state.lock()
    }
}

impl TableState {
    /// The running tasks, and not those that were aborted, in the order in which they were started.
    pub(super) fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.running.values().filter(|task| !task.is_doomed).map(|task| &task.name)
    }

    pub(super) fn has_had_any(&self) -> bool {
        self.next > 0
    }

    /// How many tasks have not ended, those included that were aborted and have not noticed.
    pub(super) fn alive(&self) -> usize {
        self.running.len()
    }

    /// Aborts the running tasks whose name is like this. Returns whether there was one.
    pub(super) fn abort(&mut self, is_meant: impl Fn(&str) -> bool) -> bool {
        let running = self.running.values_mut().filter(|task| !task.is_doomed);
        running.filter(|task| is_meant(&task.name)).map(RunningTask::abort).count() > 0
    }

    fn named(&self, name: &str) -> impl Iterator<Item = (u64, &RunningTask)> {
        let running = self.running.iter().filter(|(_, task)| !task.is_doomed);
        running.filter(move |(_, task)| *task.name == *name).map(|(number, task)| (*number, task))
    }
}

impl TaskEntry {
    pub(super) fn number(&self) -> u64 {
        self.number
    }
}

impl Drop for TaskEntry {
    fn drop(&mut self) {
        self.tasks.lock().running.remove(&self.number);
        self.tasks.ended.notify_waiters();
    }
}
