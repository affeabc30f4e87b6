//! [`FailedTasks`]: the background tasks of a service that have failed and do not run.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::{Failure, Mutex};

/// The background tasks of a service that have failed and do not run, by name; and what the service itself reported as
/// broken. Both degrade the service.
#[derive(Default)]
pub(crate) struct FailedTasks(Mutex<BTreeMap<Arc<str>, Vec<FailedTask>>>);

struct FailedTask {
    failure: Failure,
    /// Whether its policy runs it again after a pause.
    runs_again: bool,
}

impl FailedTasks {
    pub(crate) fn insert(&self, task: Arc<str>, failure: Failure, runs_again: bool) {
        self.0.lock().entry(task).or_default().push(FailedTask { failure, runs_again });
    }

    /// A task of this name runs again.
    pub(crate) fn remove(&self, task: &str) {
        // A failure is user code in parts; it is dropped after the lock is released.
        let _former = self.0.lock().remove(task);
    }

    /// The service starts anew, without tasks.
    pub(crate) fn clear(&self) {
        let _former = std::mem::take(&mut *self.0.lock());
    }

    /// The failures of the tasks that do not run now, in the order of the names.
    pub(crate) fn all(&self) -> Vec<Failure> {
        self.0.lock().values().flatten().map(|task| task.failure.clone()).collect()
    }

    /// The failures of the tasks that nothing runs again, in the order of the names.
    pub(crate) fn given_up(&self) -> Vec<Failure> {
        let tasks = self.0.lock();
        tasks.values().flatten().filter(|task| !task.runs_again).map(|task| task.failure.clone()).collect()
    }
}
