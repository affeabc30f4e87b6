//! [`SupervisedTask`]: a task of a service that is restarted when it ends.

use serde::{Deserialize, Serialize};

use super::{Outcome, RestartPolicy};

/// A supervised task, spawned when `init` begins. It ends immediately when its service is stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupervisedTask {
    /// Whether and when it is restarted.
    pub policy: RestartPolicy,
    /// Its runs, across all incarnations of its service. Any later run lasts until the service is stopped.
    pub runs: Vec<TaskRun>,
}

/// One run of a supervised task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskRun {
    /// How long it takes; `None` means until [`FailTask`](super::Action::FailTask) is injected.
    pub takes: Option<u64>,
    /// How it ends.
    pub outcome: Outcome,
}
