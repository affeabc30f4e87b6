//! [`FailedTasks`]: the background tasks of a service that have failed and do not run again.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::{Failure, Mutex};

/// The background tasks of a service that have failed and do not run again, by name. They degrade the service.
#[derive(Default)]
pub(crate) struct FailedTasks(Mutex<BTreeMap<Arc<str>, Failure>>);

impl FailedTasks {
    pub(crate) fn insert(&self, task: Arc<str>, failure: Failure) {
        // The former failure is user code in parts; it is dropped after the lock is released.
        let _former = self.0.lock().insert(task, failure);
    }

    /// A task of this name runs again.
    pub(crate) fn remove(&self, task: &str) {
        let _former = self.0.lock().remove(task);
    }

    /// The service starts anew, without tasks.
    pub(crate) fn clear(&self) {
        let _former = std::mem::take(&mut *self.0.lock());
    }

    /// The failures, in the order of the names.
    pub(crate) fn failures(&self) -> Vec<Failure> {
        self.0.lock().values().cloned().collect()
    }
}
