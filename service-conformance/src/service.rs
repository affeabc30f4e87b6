//! [`Service`]: one service of a plan, with the hooks that the suite wrote for it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::log::{Deed, Hook, Log};
use crate::script::Script;
use crate::{Fault, Value};

/// One service of a plan, with the hooks that the suite wrote for it. A cheap clone: all clones are the same service.
///
/// The hooks tell the suite's log themselves what they see, so that a subject is judged by what it does and not by what
/// it says.
#[derive(Clone)]
pub struct Service {
    name: Arc<str>,
    script: Arc<Script>,
    log: Log,
}

impl Service {
    pub(crate) fn new(script: Script, log: Log) -> Self {
        Self { name: script.name.as_str().into(), script: Arc::new(script), log }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The names of what must be ready before its `init`, and is shut down after it.
    pub fn requires(&self) -> &[String] {
        &self.script.requires
    }

    /// The names of what is ready before it where it is in the plan, and may be absent. Empty for a subject that lacks
    /// [`Capability::Wants`](crate::Capability::Wants).
    pub fn wants(&self) -> &[String] {
        &self.script.wants
    }

    /// The names of what it comes after where that is in the plan. Empty for a subject that lacks
    /// [`Capability::After`](crate::Capability::After).
    pub fn after(&self) -> &[String] {
        &self.script.after
    }

    /// The budget of its `init`; `None` where the check does not care.
    pub fn init_timeout(&self) -> Option<Duration> {
        self.script.init_timeout
    }

    /// The budget of its `shutdown`; `None` where the check does not care.
    pub fn shutdown_timeout(&self) -> Option<Duration> {
        self.script.shutdown_timeout
    }

    /// Its `init` hook: makes its value from the values that the registry hands out for what it requires and, where
    /// they are there, wants.
    ///
    /// # Errors
    /// Where the script says so.
    ///
    /// # Panics
    /// Where the script says so.
    pub async fn init(&self, given: Vec<Value>) -> Result<Value, Fault> {
        let mut watch = self.watch(Hook::Init);
        self.log.told(&self.name, given);
        self.script.init.perform(|deed| watch.tell(deed)).await?;
        watch.tell(Deed::Ended);
        Ok(self.log.value(&self.name))
    }

    /// Its `shutdown` hook.
    ///
    /// # Errors
    /// Where the script says so.
    ///
    /// # Panics
    /// Where the script says so.
    pub async fn shutdown(&self) -> Result<(), Fault> {
        let mut watch = self.watch(Hook::Shutdown);
        self.script.shutdown.perform(|deed| watch.tell(deed)).await?;
        watch.tell(Deed::Ended);
        Ok(())
    }

    fn watch(&self, hook: Hook) -> Watch {
        self.log.add(&self.name, hook, Deed::Began);
        Watch { service: self.clone(), hook, is_over: false }
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("script", &self.script).finish_non_exhaustive()
    }
}

/// Tells the log how a hook ended, also where its future is dropped.
struct Watch {
    service: Service,
    hook: Hook,
    is_over: bool,
}

impl Watch {
    fn tell(&mut self, deed: Deed) {
        self.is_over = true;
        self.service.log.add(&self.service.name, self.hook, deed);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.is_over {
            self.tell(Deed::Dropped);
        }
    }
}
