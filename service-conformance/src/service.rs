//! [`Service`]: one service of a plan, with the hooks that the suite wrote for it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::log::{Hook, HookEvent, Log};
use crate::service_spec::ServiceSpec;
use crate::{InjectedError, Value};

/// One service of a plan, with the hooks that the suite wrote for it. A cheap clone: all clones are the same service.
///
/// The hooks record their own calls, so that a registry is judged by what it does and not by what it reports.
#[derive(Clone)]
pub struct Service {
    name: Arc<str>,
    spec: Arc<ServiceSpec>,
    log: Log,
}

impl Service {
    pub(crate) fn new(spec: ServiceSpec, log: Log) -> Self {
        Self { name: spec.name.as_str().into(), spec: Arc::new(spec), log }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The names of the services that must be ready before its `init`, and are shut down after it.
    pub fn requires(&self) -> &[String] {
        &self.spec.requires
    }

    /// The names of the services that must be ready before its `init` if they are in the plan. Empty for a registry
    /// without [`Capability::Wants`](crate::Capability::Wants).
    pub fn wants(&self) -> &[String] {
        &self.spec.wants
    }

    /// The names of the services that it starts after if they are in the plan, without receiving their values. Empty for
    /// a registry without [`Capability::After`](crate::Capability::After).
    pub fn after(&self) -> &[String] {
        &self.spec.after
    }

    /// The budget of its `init`; `None` if the check does not set one.
    pub fn init_timeout(&self) -> Option<Duration> {
        self.spec.init_timeout
    }

    /// The budget of its `shutdown`; `None` if the check does not set one.
    pub fn shutdown_timeout(&self) -> Option<Duration> {
        self.spec.shutdown_timeout
    }

    /// Its `init` hook. It returns the service's value, and takes the values of the services that it requires and of
    /// those that it wants and that are ready.
    ///
    /// # Errors
    /// If the check injects an error.
    ///
    /// # Panics
    /// If the check injects a panic.
    pub async fn init(&self, dependencies: Vec<Value>) -> Result<Value, InjectedError> {
        let mut recorder = self.start(Hook::Init);
        self.log.add_dependencies(&self.name, dependencies);
        self.spec.init.run(|event| recorder.end(event)).await?;
        recorder.end(HookEvent::Succeeded);
        Ok(self.log.new_value(&self.name))
    }

    /// Its `shutdown` hook.
    ///
    /// # Errors
    /// If the check injects an error.
    ///
    /// # Panics
    /// If the check injects a panic.
    pub async fn shutdown(&self) -> Result<(), InjectedError> {
        let mut recorder = self.start(Hook::Shutdown);
        self.spec.shutdown.run(|event| recorder.end(event)).await?;
        recorder.end(HookEvent::Succeeded);
        Ok(())
    }

    fn start(&self, hook: Hook) -> HookRecorder {
        self.log.add(&self.name, hook, HookEvent::Started);
        HookRecorder { service: self.clone(), hook, has_ended: false }
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("spec", &self.spec).finish_non_exhaustive()
    }
}

/// Records how a hook ends, also if its future is dropped.
struct HookRecorder {
    service: Service,
    hook: Hook,
    has_ended: bool,
}

impl HookRecorder {
    fn end(&mut self, event: HookEvent) {
        self.has_ended = true;
        self.service.log.add(&self.service.name, self.hook, event);
    }
}

impl Drop for HookRecorder {
    fn drop(&mut self) {
        if !self.has_ended {
            self.end(HookEvent::Dropped);
        }
    }
}
