//! [`ServiceSpec`]: one service of a plan, as a check defines it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Barrier;

use crate::hook_spec::{HookSpec, Outcome};

/// One service of a plan, as a check defines it.
#[derive(Clone, Debug, Default)]
pub(crate) struct ServiceSpec {
    pub(crate) name: String,
    pub(crate) requires: Vec<String>,
    pub(crate) wants: Vec<String>,
    pub(crate) after: Vec<String>,
    pub(crate) init_timeout: Option<Duration>,
    pub(crate) shutdown_timeout: Option<Duration>,
    pub(crate) init: HookSpec,
    pub(crate) shutdown: HookSpec,
}

/// A service with this name, whose hooks succeed immediately.
pub(crate) fn service(name: impl Into<String>) -> ServiceSpec {
    ServiceSpec { name: name.into(), ..ServiceSpec::default() }
}

fn list<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Vec<String> {
    names.into_iter().map(Into::into).collect()
}

impl ServiceSpec {
    pub(crate) fn requires<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.requires = list(names);
        self
    }

    pub(crate) fn wants<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.wants = list(names);
        self
    }

    pub(crate) fn after<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.after = list(names);
        self
    }

    /// How many milliseconds `init` takes.
    pub(crate) fn init_takes(mut self, ms: u64) -> Self {
        self.init.takes = Duration::from_millis(ms);
        self
    }

    /// How many milliseconds `shutdown` takes.
    pub(crate) fn shutdown_takes(mut self, ms: u64) -> Self {
        self.shutdown.takes = Duration::from_millis(ms);
        self
    }

    pub(crate) fn init_ends(mut self, outcome: Outcome) -> Self {
        self.init.outcome = outcome;
        self
    }

    pub(crate) fn shutdown_ends(mut self, outcome: Outcome) -> Self {
        self.shutdown.outcome = outcome;
        self
    }

    /// Its `init` waits at this barrier.
    pub(crate) fn init_waits_at(mut self, barrier: &Arc<Barrier>) -> Self {
        self.init.barrier = Some(Arc::clone(barrier));
        self
    }

    pub(crate) fn init_timeout(mut self, time: Duration) -> Self {
        self.init_timeout = Some(time);
        self
    }

    pub(crate) fn shutdown_timeout(mut self, time: Duration) -> Self {
        self.shutdown_timeout = Some(time);
        self
    }
}
