//! The assertions of the checks: about values, error texts and the log. Each returns a [`CheckResult`].

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::time::Duration;

use crate::check::CheckResult;
use crate::log::{Hook, HookEvent, Log};
use crate::service_spec::ServiceSpec;

/// The overhead that a registry may have, on the paused clock.
const SLACK: Duration = Duration::from_millis(10);

pub(crate) fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> CheckResult {
    if holds { Ok(()) } else { Err(otherwise()) }
}

pub(crate) fn ensure_eq<T: PartialEq + Debug>(what: &str, found: T, expected: T) -> CheckResult {
    ensure(found == expected, || format!("{what}: {found:?}, not {expected:?}"))
}

/// Not earlier than expected, and not noticeably later.
pub(crate) fn ensure_time(what: &str, found: Duration, expected: Duration) -> CheckResult {
    let is_close = (expected..=expected + SLACK).contains(&found);
    ensure(is_close, || format!("{what}: after {found:?}, not {expected:?}"))
}

/// The error text contains all of these.
pub(crate) fn ensure_mentions(error: &str, all: &[&str]) -> CheckResult {
    match all.iter().find(|expected| !error.contains(**expected)) {
        Some(missing) => Err(format!("the error does not mention `{missing}`: {error}")),
        None => Ok(()),
    }
}

impl Log {
    /// No hook has run.
    pub(crate) fn ensure_empty(&self) -> CheckResult {
        ensure(self.entries().is_empty(), || format!("hooks have run: {self}"))
    }

    /// A hook of a service has never started.
    pub(crate) fn ensure_never(&self, service: &str, hook: Hook) -> CheckResult {
        ensure(self.count(service, hook, HookEvent::Started) == 0, || format!("a hook of {service} has run: {self}"))
    }

    /// A hook of a service has started once, and succeeded.
    pub(crate) fn ensure_once(&self, service: &str, hook: Hook) -> CheckResult {
        let started = self.count(service, hook, HookEvent::Started);
        let succeeded = self.count(service, hook, HookEvent::Succeeded);
        ensure((started, succeeded) == (1, 1), || {
            format!("{hook} of {service} started {started} times and succeeded {succeeded} times")
        })
    }

    /// Every service whose `init` succeeded was shut down once, and no other service was shut down.
    pub(crate) fn ensure_balanced(&self) -> CheckResult {
        let ready = self.of(Hook::Init, HookEvent::Succeeded);
        let stopped = self.of(Hook::Shutdown, HookEvent::Started);
        let set = |names: &[String]| names.iter().cloned().collect::<BTreeSet<_>>();
        ensure(set(&ready) == set(&stopped), || format!("ready: {ready:?}, shut down: {stopped:?}"))?;
        ensure(ready.len() == stopped.len(), || format!("a service was shut down more than once: {stopped:?}"))
    }

    /// Each of these services started after the services that it requires, and stopped before them.
    pub(crate) fn ensure_order(&self, specs: &[ServiceSpec]) -> CheckResult {
        for spec in specs {
            for required in &spec.requires {
                let (above, below) = (spec.name.as_str(), required.as_str());
                if let Some(started) = self.index(above, Hook::Init, HookEvent::Started) {
                    let ready = self.index(below, Hook::Init, HookEvent::Succeeded);
                    ensure(ready.is_some_and(|ready| ready < started), || {
                        format!("init of {above} started before {below} was ready")
                    })?;
                }
                let was_ready = self.index(above, Hook::Init, HookEvent::Succeeded).is_some();
                if let (true, Some(started)) = (was_ready, self.index(below, Hook::Shutdown, HookEvent::Started)) {
                    let stopped = self.end(above, Hook::Shutdown);
                    ensure(stopped.is_some_and(|stopped| stopped < started), || {
                        format!("shutdown of {below} started before {above} had stopped")
                    })?;
                }
            }
        }
        Ok(())
    }

    /// The index of the entry with which a hook of a service ended, however it ended.
    fn end(&self, service: &str, hook: Hook) -> Option<usize> {
        let ends = [HookEvent::Succeeded, HookEvent::Failed, HookEvent::Panicked, HookEvent::Dropped];
        ends.into_iter().filter_map(|event| self.index(service, hook, event)).min()
    }

    /// The largest number of `init` hooks that ran at the same time.
    pub(crate) fn most_concurrent_inits(&self) -> usize {
        let (mut running, mut most) = (0_usize, 0);
        for entry in self.entries().iter().filter(|entry| entry.hook == Hook::Init) {
            running = if entry.event == HookEvent::Started { running + 1 } else { running.saturating_sub(1) };
            most = most.max(running);
        }
        most
    }
}
