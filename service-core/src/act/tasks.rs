//! [`Tasks`]: the background tasks of one service, each with a name, none of them forgotten.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::Ending;
use super::panics;
use super::slot::Slot;
use crate::fact::{EventKind, Failure, Phase};
use crate::mechanism::ambient::{self, Role};

/// The background tasks of one service: joined, then aborted, then reported when it goes down.
#[derive(Clone)]
pub struct Tasks {
    inner: Arc<Inner>,
}

struct Inner {
    slot: Arc<Slot>,
    state: Mutex<State>,
    ended: Notify,
}

#[derive(Default)]
struct State {
    closed: bool,
    next: u64,
    running: BTreeMap<u64, (Arc<str>, AbortHandle)>,
    failures: Vec<Failure>,
}

/// Takes its task out of the table when the task's future is dropped, however it ended.
struct Place {
    tasks: Arc<Inner>,
    number: u64,
}

impl Tasks {
    pub(crate) fn new(slot: Arc<Slot>) -> Self {
        Self { inner: Arc::new(Inner { slot, state: Mutex::default(), ended: Notify::new() }) }
    }

    /// Starts a task, and says whether it did: not once the service is on its way down. A task should end when
    /// [`stopping`](super::Context::stopping) is cancelled; it has the service's drain budget for that, and is aborted
    /// afterwards. An error or a panic of a task is an event at once, and a part of the shutdown report.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn spawn<F>(&self, name: impl Into<Arc<str>>, future: F) -> bool
    where
        F: Future<Output: Ending> + Send + 'static,
    {
        let name = name.into();
        let runtime = Handle::current();
        // One lock over all of it: no task runs that a shutdown does not know, and none is known that cannot be aborted.
        let mut state = self.inner.lock();
        if state.closed {
            drop(state);
            self.inner.slot.emit(EventKind::TaskRefused { service: self.inner.slot.name.clone(), task: name });
            return false;
        }
        let number = state.next;
        state.next += 1;
        let place = Place { tasks: self.inner.clone(), number };
        let frame = self.inner.slot.frame(Role::Task);
        let task = name.clone();
        let handle = runtime.spawn(async move {
            let began = Instant::now();
            let result = panics::caught(ambient::marked(frame, future)).await;
            let Slot { name: service, place: at, .. } = &*place.tasks.slot;
            let phase = Phase::Task(task.clone());
            let failure = match result {
                Ok(ending) => {
                    ending.into_result().err().map(|e| Failure::error(service, *at, phase, began.elapsed(), e))
                }
                Err(message) => Some(Failure::panic(service, *at, phase, began.elapsed(), message)),
            };
            if let Some(failure) = failure {
                place.tasks.failed(task, failure);
            }
            drop(place);
        });
        state.running.insert(number, (name, handle.abort_handle()));
        true
    }

    /// Aborts the tasks of that name, and says whether there was one.
    pub fn cancel(&self, name: &str) -> bool {
        let state = self.inner.lock();
        let mut found = false;
        for (running, abort) in state.running.values() {
            if &**running == name {
                found = true;
                abort.abort();
            }
        }
        found
    }

    /// How many are running.
    pub fn len(&self) -> usize {
        self.inner.lock().running.len()
    }

    /// Whether none is running.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The names of those that are running, in the order in which they were started.
    pub fn names(&self) -> Vec<String> {
        self.inner.lock().running.values().map(|(name, _)| name.to_string()).collect()
    }

    /// Waits until none is running, or for this long, and says how many still are.
    pub async fn wait_all(&self, timeout: Duration) -> usize {
        // A time-out is an answer here, not an error: the count says it.
        let _ = tokio::time::timeout(timeout, self.ended()).await;
        self.len()
    }

    /// Waits until none is running.
    pub(crate) async fn ended(&self) {
        loop {
            let ended = self.inner.ended.notified();
            if self.is_empty() {
                break;
            }
            ended.await;
        }
    }

    /// Refuses new tasks from now on.
    pub(crate) fn close(&self) {
        self.inner.lock().closed = true;
    }

    /// Aborts what still runs.
    pub(crate) fn abort_all(&self) {
        for (_, abort) in self.inner.lock().running.values() {
            abort.abort();
        }
    }

    /// How tasks failed since the last time somebody took this.
    pub(crate) fn take_failures(&self) -> Vec<Failure> {
        std::mem::take(&mut self.inner.lock().failures)
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, task: Arc<str>, failure: Failure) {
        self.lock().failures.push(failure.clone());
        self.slot.emit(EventKind::TaskFailed { service: self.slot.name.clone(), task, failure });
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.tasks.lock().running.remove(&self.number);
        self.tasks.ended.notify_waiters();
    }
}

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tasks").field("running", &self.names()).finish_non_exhaustive()
    }
}
