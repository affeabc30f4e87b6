//! Checks the trace of the hooks: no hook of a service runs before its required services are ready, or after a service
//! that it depends on has begun to stop; each `shutdown` runs once, after the service's tasks and before its cleanups;
//! each deferred cleanup runs once, the latest first.

use super::ensure::ensure;
use super::service_model::ServiceModel;
use crate::boot_outcome::BootOutcome;
use crate::scenario::{DependencyKind, Scenario};
use crate::trace::{Hook, HookEvent, TraceEntry};
use crate::{Run, scenario::ServiceSpec};

/// What the trace says about the hooks of one service so far.
#[derive(Clone, Default)]
struct HookState {
    /// How many hooks have started and not ended.
    running: usize,
    /// How many of these are tasks.
    tasks: usize,
    has_instance: bool,
    /// The latest attempt, counted across all incarnations.
    attempt: u32,
    shutdowns: usize,
    is_shut_down: bool,
    is_stopping: bool,
    /// The deferred cleanups that have not run, the latest last.
    cleanups: Vec<Hook>,
}

/// The hooks of all services, and what they are checked against.
struct HookChecker<'a> {
    scenario: &'a Scenario,
    dependants: Vec<Vec<usize>>,
    services: &'a [ServiceModel],
    states: Vec<HookState>,
}

/// Checks the trace of a run, whose events were replayed to these services.
pub(super) fn check(scenario: &Scenario, run: &Run, services: &[ServiceModel]) -> Result<(), String> {
    let states = vec![HookState::default(); scenario.services.len()];
    let mut checker = HookChecker { scenario, dependants: scenario.dependants(), services, states };
    for (number, entry) in run.trace.iter().enumerate() {
        checker.check(entry).map_err(|violation| format!("trace entry {number}, {entry:?}: {violation}"))?;
        if let (BootOutcome::Failed(_), HookEvent::Started) = (&run.boot, entry.event) {
            ensure!(entry.at <= run.booted_at, "rule 4: a hook started after boot() had failed: {entry:?}");
        }
    }
    for (service, state) in checker.states.iter().enumerate() {
        let has_shutdown = scenario.services[service].shutdown.is_some();
        let shutdowns = if has_shutdown { services[service].ready_attempts.len() } else { 0 };
        ensure!(state.shutdowns == shutdowns, "rule 3: shutdown of {service} ran {} times", state.shutdowns);
        ensure!(state.running == 0, "{} hooks of {service} are still running", state.running);
        ensure!(state.cleanups.is_empty(), "cleanups of {service} never ran: {:?}", state.cleanups);
    }
    Ok(())
}

impl HookChecker<'_> {
    fn spec(&self, service: usize) -> &ServiceSpec {
        &self.scenario.services[service]
    }

    fn check(&mut self, entry: &TraceEntry) -> Result<(), String> {
        let service = entry.service;
        let is_task = matches!(entry.hook, Hook::BackgroundTask(..) | Hook::SupervisedTask(..));
        match entry.event {
            HookEvent::Deferred => self.states[service].cleanups.push(entry.hook),
            HookEvent::Started => {
                self.check_dependencies(service)?;
                self.check_start(entry)?;
                self.check_dependants(entry)?;
                let state = &mut self.states[service];
                state.running += 1;
                state.tasks += usize::from(is_task);
            }
            HookEvent::Finished | HookEvent::Stopped | HookEvent::Dropped => {
                let state = &mut self.states[service];
                state.running -= 1;
                state.tasks -= usize::from(is_task);
                state.has_instance |= matches!(entry.hook, Hook::Init(_)) && entry.event == HookEvent::Finished;
            }
        }
        Ok(())
    }

    fn check_dependencies(&self, service: usize) -> Result<(), String> {
        for dependency in &self.spec(service).dependencies {
            let on = &self.states[dependency.on];
            let is_required = dependency.kind == DependencyKind::Requires;
            ensure!(on.has_instance || !is_required, "rule 2: {} has no instance", dependency.on);
            // A service that has stopped, for good or for a restart, only keeps back the services that require it.
            let has_stopped = self.scenario.has_restarts() && on.running == 0 && !is_required;
            let is_restarted = self.services[dependency.on].restarted_attempts.contains(&on.attempt);
            let may_run = has_stopped || is_restarted && dependency.kind == DependencyKind::After;
            ensure!(!on.is_stopping || may_run, "rule 3: {} is being stopped", dependency.on);
        }
        Ok(())
    }

    fn check_start(&mut self, entry: &TraceEntry) -> Result<(), String> {
        let (service, state) = (&self.services[entry.service], &mut self.states[entry.service]);
        match entry.hook {
            Hook::Init(attempt) => {
                ensure!(state.running == state.tasks && state.cleanups.is_empty(), "the last attempt has not ended");
                let is_shut_down = state.is_shut_down || self.scenario.services[entry.service].shutdown.is_none();
                let was_ready = service.ready_attempts.contains(&state.attempt);
                ensure!(is_shut_down || !was_ready, "rule 3: its last incarnation has not ended");
                ensure!(attempt == state.attempt + 1, "attempt {attempt} follows attempt {}", state.attempt);
                state.attempt = attempt;
                (state.has_instance, state.is_shut_down, state.is_stopping) = (false, false, false);
            }
            Hook::Shutdown => {
                state.shutdowns += 1;
                ensure!(service.ready_attempts.contains(&state.attempt), "rule 3: it was never ready");
                ensure!(!std::mem::replace(&mut state.is_shut_down, true), "rule 3: it was shut down before");
                ensure!(state.running == 0, "rule 6: {} of its hooks are still running", state.running);
            }
            Hook::Cleanup(..) => {
                ensure!(state.cleanups.pop() == Some(entry.hook), "cleanups do not run in reverse order");
                ensure!(state.running == 0, "rule 6: {} of its hooks are still running", state.running);
            }
            _ => {}
        }
        Ok(())
    }

    /// When a service that was ready stops, no hook of a dependant may run. A failed attempt may be followed by another.
    fn check_dependants(&mut self, entry: &TraceEntry) -> Result<(), String> {
        let service = entry.service;
        let attempt = self.states[service].attempt;
        let stops = matches!(entry.hook, Hook::Shutdown | Hook::Cleanup(..));
        if !stops || !self.services[service].ready_attempts.contains(&attempt) {
            return Ok(());
        }
        self.states[service].is_stopping = true;
        let is_restarted = self.services[service].restarted_attempts.contains(&attempt);
        for &dependant in &self.dependants[service] {
            if is_restarted && !self.scenario.holds_instance(dependant, service) {
                continue;
            }
            let running = self.states[dependant].running;
            ensure!(running == 0, "rule 3: {running} hooks of {dependant}, which depends on it, are still running");
        }
        Ok(())
    }
}
