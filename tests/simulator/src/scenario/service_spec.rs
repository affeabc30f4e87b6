//! [`ServiceSpec`]: what one service of a scenario depends on, and what its hooks do.

use serde::{Deserialize, Serialize};

use super::{Behaviour, RestartPolicy, SupervisedTask};

/// One service of a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceSpec {
    /// What it depends on.
    pub dependencies: Vec<Dependency>,
    /// It is not booted unless another service requires it.
    pub lazy: bool,
    /// Its failure does not fail the boot.
    pub optional: bool,
    /// The budget of its start: `init` with all retries, `start` and the first `health`.
    pub init_timeout: u64,
    /// The budget for joining its background tasks.
    pub drain_timeout: u64,
    /// The budget of `shutdown` and the cleanups.
    pub shutdown_timeout: u64,
    /// How many times `init` is tried in one incarnation.
    pub attempts: u32,
    /// The delay after the first attempt. It doubles after each attempt, up to four times its length.
    pub retry_delay: u64,
    /// What each attempt of `init` does, across all incarnations. Later attempts repeat the last one.
    pub inits: Vec<Behaviour>,
    /// What `start` does.
    pub start: Option<Behaviour>,
    /// What the first `health` does.
    pub health: Option<Behaviour>,
    /// What `shutdown` does.
    pub shutdown: Option<Behaviour>,
    /// Its background tasks, spawned when `init` begins.
    pub background_tasks: Vec<BackgroundTask>,
    /// Its deferred cleanups.
    pub cleanups: Vec<Cleanup>,
    /// Its supervised task. With one, or with a restart policy, `attempts` is 1.
    pub supervised_task: Option<SupervisedTask>,
    /// Whether and when the service is restarted.
    pub restart: Option<RestartPolicy>,
}

/// A dependency of one service on another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    /// The index of the service that is depended on.
    pub on: usize,
    /// The kind of the dependency.
    pub kind: DependencyKind,
}

/// The kind of a dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DependencyKind {
    /// `requires`
    Requires,
    /// `wants`
    Wants,
    /// `after`
    After,
}

/// A background task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackgroundTask {
    /// How long it runs; `None` means until `stopping()` is cancelled.
    pub runs: Option<u64>,
    /// What it does after that.
    pub behaviour: Behaviour,
}

/// A deferred cleanup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cleanup {
    /// Whether it is deferred when `init` begins, or just before `init` ends.
    pub early: bool,
    /// What it does.
    pub behaviour: Behaviour,
}

impl Dependency {
    /// A `requires` dependency.
    pub const fn requires(on: usize) -> Self {
        Self { on, kind: DependencyKind::Requires }
    }
}

impl ServiceSpec {
    /// A service without faults: it starts and stops in these times, and its budgets are generous.
    pub fn healthy(dependencies: Vec<Dependency>, start: u64, stop: u64) -> Self {
        Self {
            dependencies,
            lazy: false,
            optional: false,
            init_timeout: 30_000,
            drain_timeout: 10_000,
            shutdown_timeout: 10_000,
            attempts: 1,
            retry_delay: 0,
            inits: vec![Behaviour::succeeds(start)],
            start: None,
            health: None,
            shutdown: Some(Behaviour::succeeds(stop)),
            background_tasks: Vec::new(),
            cleanups: Vec::new(),
            supervised_task: None,
            restart: None,
        }
    }

    /// What this attempt of `init` does. Attempts count from 1.
    pub fn init(&self, attempt: u32) -> Behaviour {
        let last = self.inits.len() - 1;
        self.inits[(attempt as usize - 1).min(last)]
    }

    /// The services that it requires.
    pub fn required(&self) -> impl Iterator<Item = usize> {
        let required = self.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Requires);
        required.map(|dependency| dependency.on)
    }
}
