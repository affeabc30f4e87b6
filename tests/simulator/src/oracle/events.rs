//! Replays the events of a run: each event must be possible in the state that the model is in, and happen at exactly the
//! instant that the model predicts.

use std::time::Duration;

use service_core::{Event, EventKind, ShutdownReason};

use super::ensure::ensure;
use super::registry_model::{RegistryModel, ShutdownModel};
use super::service_model::{ServiceModel, ServiceState};
use super::supervised_tasks::TaskFailures;
use crate::Run;
use crate::boot_outcome::BootOutcome;
use crate::scenario::{Action, Scenario, Teardown, ms};

/// What the replay of a whole run found.
pub(super) struct Replayed {
    /// The services at the end.
    pub services: Vec<ServiceModel>,
    /// The services when the boot succeeded. `None` where something happened to the service at the same instant.
    pub at_boot: Vec<Option<ServiceModel>>,
    /// The shutdown was caused by a failure after the boot.
    pub is_broken: bool,
    /// Whether a supervised task of the service has reached its restart limit.
    pub escalated: Vec<bool>,
}

/// Replays a run from its first event to its last.
pub(super) fn replay(scenario: &Scenario, run: &Run, task_failures: Vec<TaskFailures>) -> Result<Replayed, String> {
    let has_escalated = |failures: &TaskFailures| failures.values().any(|failure| failure.escalates);
    let escalated: Vec<_> = task_failures.iter().map(has_escalated).collect();
    let mut registry = RegistryModel::new(scenario, run, task_failures);
    let mut at_boot = vec![None; scenario.services.len()];
    for (number, event) in run.events.iter().enumerate() {
        ensure!(event.number == number as u64, "event {number} is missing");
        ensure!(!registry.is_shut_down, "{:?} was emitted after the end", event.kind);
        registry.advance(event.at)?;
        registry.replay(event).map_err(|violation| format!("event {number}, at {:?}: {violation}", event.at))?;
        match event.kind.service().map(Scenario::index) {
            Some(service) if registry.booted_at == Some(event.at) => at_boot[service] = None,
            None if matches!(event.kind, EventKind::Booted { .. }) => {
                at_boot = registry.services.iter().cloned().map(Some).collect();
            }
            _ => {}
        }
    }
    if run.events.is_empty() {
        ensure!(matches!(run.boot, BootOutcome::Dropped), "no event was emitted");
        return Ok(Replayed { services: registry.services, at_boot, is_broken: false, escalated });
    }
    ensure!(registry.is_shut_down, "the end of the shutdown was not emitted");
    registry.check_undos()?;
    for (service, model) in registry.services.iter().enumerate() {
        ensure!(!model.is_alive(registry.now), "{service} is {:?} at the end", model.state);
    }
    Ok(Replayed { services: registry.services, at_boot, is_broken: registry.is_broken, escalated })
}

impl RegistryModel<'_> {
    fn replay(&mut self, event: &Event) -> Result<(), String> {
        let at = event.at;
        let service = event.kind.service().map_or(usize::MAX, Scenario::index);
        match &event.kind {
            EventKind::Booting { services } => {
                let eager = self.eager.iter().filter(|eager| **eager).count();
                ensure!(*services == eager, "{services} services are booted, not {eager}");
                self.boot_began = Some(at);
            }
            EventKind::Starting { .. } => self.starting(service, at)?,
            EventKind::Ready { elapsed, .. } => self.ready(service, *elapsed, at)?,
            EventKind::Failed { failure, .. } => self.failed(service, failure, at)?,
            EventKind::Restarting { delay, failure, .. } => self.restarting(service, *delay, failure, at)?,
            EventKind::Blocked { by, .. } => self.blocked(service, Scenario::index(by), at)?,
            EventKind::Unwound { outcome, .. } => {
                let Some(model) = self.services.get(service) else { return Err("unknown service".to_owned()) };
                let is_aborted = model.aborted_at.is_some() || self.shutdown.is_some_and(|it| it.since <= at);
                if model.state == ServiceState::Starting && is_aborted {
                    self.unwound(service, at)?;
                } else {
                    self.failure_unwound(service, outcome, at)?;
                }
                self.services[service].stop_outcome = Some(outcome.clone());
            }
            EventKind::Booted { elapsed } => self.booted(*elapsed, at)?,
            EventKind::RollingBack => {
                let config = &self.scenario.config;
                let timed_out = config.boot_timeout.map(ms) == self.boot_began.map(|began| at - began);
                let budget = ms(config.rollback_timeout);
                ensure!(self.fatal_failure_at == Some(at) || timed_out, "the boot is rolled back without a reason");
                ensure!(self.booted_at.is_none(), "a boot that succeeded is rolled back");
                self.begin_shutdown(ShutdownModel { since: at, budget })?;
            }
            EventKind::ShuttingDown { reason } => {
                ensure!(self.is_possible(reason, at), "the registry is shut down for a wrong reason: {reason}");
                self.is_broken |= matches!(reason, ShutdownReason::Failed(_));
                let config = &self.scenario.config;
                let shutdown = match self.booted_at {
                    None => ShutdownModel { since: at, budget: ms(config.rollback_timeout) },
                    Some(_) => ShutdownModel { since: at + ms(config.lame_duck), budget: ms(config.shutdown_timeout) },
                };
                self.begin_shutdown(shutdown)?;
            }
            EventKind::Draining { .. } => self.draining(service, at)?,
            EventKind::Stopping { .. } => self.stopping(service, at)?,
            EventKind::Stopped { outcome, elapsed, .. } => self.stopped(service, outcome, *elapsed, at)?,
            EventKind::ShutDown { elapsed } => self.shut_down(*elapsed, at)?,
            _ => {}
        }
        Ok(())
    }

    /// Whether the registry may be shut down now for this reason. Until its boot has ended, there is no handle that could
    /// request the shutdown or be dropped: dropping the future of the boot cancels it.
    fn is_possible(&self, reason: &ShutdownReason, at: Duration) -> bool {
        let is_booted = self.booted_at.is_some();
        let is_injected = |action| self.scenario.injection.is_some_and(|it| it.action == action);
        match reason {
            ShutdownReason::Failed(_) => self.fails_registry(at),
            ShutdownReason::Requested(_) => is_booted,
            ShutdownReason::Dropped => {
                is_booted && (self.scenario.teardown == Teardown::Drop || is_injected(Action::Drop))
            }
            // Without a handle, an injected request cancels the token.
            ShutdownReason::Cancelled => {
                let is_cancelled = is_injected(Action::Cancel) || is_injected(Action::RequestShutdown);
                // The future of the boot may be dropped at the instant at which the boot ends, before it has returned.
                let may_have_returned = self.booted_at.is_some_and(|booted_at| booted_at < at);
                let is_abandoned = !may_have_returned && is_injected(Action::Drop);
                self.scenario.teardown == Teardown::Cancel || is_cancelled || is_abandoned
            }
            _ => false,
        }
    }

    fn booted(&mut self, elapsed: Duration, at: Duration) -> Result<(), String> {
        let took = at - self.boot_began.unwrap_or_default();
        ensure!(elapsed == took, "the boot took {took:?}, and the event says {elapsed:?}");
        let has_failed = self.shutdown.is_some() || self.fatal_failure_at.is_some();
        ensure!(!has_failed, "a boot that failed was reported as a success");
        ensure!(self.all_settled(), "the boot ended while a service was starting");
        self.booted_at = Some(at);
        Ok(())
    }

    fn shut_down(&mut self, elapsed: Duration, at: Duration) -> Result<(), String> {
        let Some(shutdown) = self.shutdown else { return Err("the shutdown ended without a begin".to_owned()) };
        let took = at - shutdown.since;
        ensure!(took == elapsed, "the shutdown took {took:?}, and the event says {elapsed:?}");
        let longest = shutdown.budget + self.slack();
        ensure!(elapsed <= longest, "rule 5: the shutdown took {elapsed:?}, and its budget is {:?}", shutdown.budget);
        let last = self.last_stopped_at();
        ensure!(last == at, "the end was emitted at {at:?}, and the last service stopped at {last:?}");
        self.is_shut_down = true;
        Ok(())
    }
}
