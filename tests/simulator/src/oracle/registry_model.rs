//! [`RegistryModel`]: the reference model of a registry during the replay, and what must hold at the end of each instant.

use std::time::Duration;

use super::ensure::ensure;
use super::prediction::PredictedStop;
use super::restart_history::RestartHistory;
use super::service_model::{ServiceModel, ServiceState};
use super::supervised_tasks::TaskFailures;
use crate::Run;
use crate::scenario::{DependencyKind, Scenario, ms};
use crate::trace::{Hook, HookEvent, TraceEntry};

/// What every service gets at least, even if the budget of the rollback or the shutdown is used up.
const MIN_SHARE: Duration = Duration::from_millis(100);

/// A rollback or a shutdown.
#[derive(Clone, Copy, Debug)]
pub(super) struct ShutdownModel {
    pub since: Duration,
    pub budget: Duration,
}

/// What the oracle knows about a registry at one moment of a run.
pub(super) struct RegistryModel<'a> {
    pub scenario: &'a Scenario,
    pub trace: &'a [TraceEntry],
    pub services: Vec<ServiceModel>,
    pub eager: Vec<bool>,
    pub has_lazy: bool,
    pub dependants: Vec<Vec<usize>>,
    /// For each service, the length of the longest path of dependants above it; lazy ones count only above lazy ones.
    pub heights: Vec<usize>,
    pub task_failures: Vec<TaskFailures>,
    /// When each attempt of each service began.
    pub inits: Vec<Vec<Duration>>,
    /// The restarts of each service that has a policy.
    pub restart_histories: Vec<Option<RestartHistory>>,
    pub starting: usize,
    pub concurrency: usize,
    pub now: Duration,
    pub boot_began: Option<Duration>,
    pub booted_at: Option<Duration>,
    /// When a failure occurred that fails the registry.
    pub fatal_failure_at: Option<Duration>,
    pub shutdown: Option<ShutdownModel>,
    /// The shutdown was caused by a failure after the boot.
    pub is_broken: bool,
    pub is_shut_down: bool,
}

impl<'a> RegistryModel<'a> {
    pub(super) fn new(scenario: &'a Scenario, run: &'a Run, task_failures: Vec<TaskFailures>) -> Self {
        let dependants = scenario.dependants();
        let eager = scenario.eager();
        let mut heights = vec![0; dependants.len()];
        for service in (0..dependants.len()).rev() {
            let counted = dependants[service].iter().filter(|&&above| eager[above] || !eager[service]);
            heights[service] = counted.map(|&above| heights[above] + 1).max().unwrap_or(0);
        }
        let mut inits = vec![Vec::new(); dependants.len()];
        for entry in &run.trace {
            if let (Hook::Init(_), HookEvent::Started) = (entry.hook, entry.event) {
                inits[entry.service].push(entry.at);
            }
        }
        let specs = &scenario.services;
        Self {
            scenario,
            trace: &run.trace,
            services: specs.iter().map(|spec| ServiceModel::new(spec.predict_start(0, None))).collect(),
            eager,
            has_lazy: specs.iter().any(|spec| spec.lazy),
            task_failures,
            inits,
            restart_histories: specs.iter().map(|spec| spec.restart.map(RestartHistory::new)).collect(),
            dependants,
            heights,
            starting: 0,
            concurrency: scenario.config.concurrency.unwrap_or(usize::MAX),
            now: Duration::ZERO,
            boot_began: None,
            booted_at: None,
            fatal_failure_at: None,
            shutdown: None,
            is_broken: false,
            is_shut_down: false,
        }
    }

    /// Moves a service from one state to the next.
    pub(super) fn transition(
        &mut self,
        service: usize,
        from: ServiceState,
        to: ServiceState,
        at: Duration,
    ) -> Result<&mut ServiceModel, String> {
        let Some(model) = self.services.get_mut(service) else { return Err("unknown service".to_owned()) };
        ensure!(model.state == from, "{service} became {to:?} while it was {:?}", model.state);
        model.state = to;
        if matches!(to, ServiceState::Failed | ServiceState::Stopped | ServiceState::Unwound) {
            model.stopped_at = Some(at);
        }
        Ok(model)
    }

    /// Advances the clock. Everything that was possible before must have happened.
    pub(super) fn advance(&mut self, to: Duration) -> Result<(), String> {
        ensure!(to >= self.now, "the clock goes back from {:?} to {to:?}", self.now);
        while self.now < to {
            self.check_instant()?;
            let next = self.next_retry().unwrap_or(to).min(to).min(self.next_undone().unwrap_or(to));
            if let (None, Some(began), None) = (self.shutdown, self.boot_began, self.booted_at) {
                let is_late = self.scenario.config.boot_timeout.is_some_and(|time| next > began + ms(time));
                ensure!(!is_late, "the boot timed out before {next:?}, and is not rolled back");
            }
            self.now = next;
            self.retry_failed();
        }
        Ok(())
    }

    /// Checks an instant that is over: everything that was possible at it has happened.
    fn check_instant(&mut self) -> Result<(), String> {
        let now = self.now;
        self.check_escalations()?;
        self.check_undos()?;
        if self.boot_began.is_none() || self.shutdown.is_some() {
            return Ok(());
        }
        ensure!(
            self.fatal_failure_at.is_none(),
            "the failure at {:?} is fatal, and nothing is stopped at {now:?}",
            self.fatal_failure_at
        );
        ensure!(
            self.booted_at.is_some() || !self.all_settled(),
            "every service was settled at {now:?}, and the boot did not end"
        );
        if self.starting < self.concurrency {
            let late = self.startable();
            ensure!(late.is_empty(), "rule 2: {late:?} could start at {now:?} and did not");
        }
        let late = self.restartable();
        ensure!(late.is_empty(), "{late:?} could stop for a restart at {now:?} and did not");
        Ok(())
    }

    /// The services that can start and have not.
    pub(super) fn startable(&self) -> Vec<usize> {
        let is_met = |on: usize, kind: DependencyKind| match kind {
            DependencyKind::Requires => self.services[on].is_up(),
            DependencyKind::Wants | DependencyKind::After => !self.eager[on] || self.services[on].is_settled(),
        };
        let is_startable = |service: &usize| {
            let mut dependencies = self.scenario.services[*service].dependencies.iter();
            self.eager[*service]
                && self.services[*service].state == ServiceState::Idle
                && !self.services[*service].is_unwinding(self.now)
                && dependencies.all(|dependency| is_met(dependency.on, dependency.kind))
        };
        (0..self.services.len()).filter(is_startable).collect()
    }

    /// When the next failed start is unwound.
    fn next_undone(&self) -> Option<Duration> {
        let ends = self.services.iter().filter_map(|model| model.undo.map(|undo| undo.ends_at));
        ends.filter(|&ends_at| ends_at > self.now).min()
    }

    /// Whether the boot waits for no service any more.
    pub(super) fn all_settled(&self) -> bool {
        let mut services = self.services.iter().zip(&self.eager);
        services.all(|(service, eager)| !eager || service.is_exempt || service.is_settled())
    }

    pub(super) fn begin_shutdown(&mut self, shutdown: ShutdownModel) -> Result<(), String> {
        ensure!(self.shutdown.is_none(), "the shutdown began twice");
        self.shutdown = Some(shutdown);
        for service in &mut self.services {
            // A service that was due for a retry at this very instant may have failed for good, or not.
            service.is_undetermined = service.retried_at == Some(self.now);
        }
        Ok(())
    }

    /// Whether services no longer start. At the very end of a lame-duck delay they still may.
    pub(super) fn is_shutting_down(&self, at: Duration) -> bool {
        let lame_duck = ms(if self.booted_at.is_some() { self.scenario.config.lame_duck } else { 0 });
        self.shutdown.is_some_and(|it| at > it.since || at == it.since && lame_duck.is_zero())
    }

    /// How a service that is ready stops.
    pub(super) fn predicted_stop(&self, service: usize) -> PredictedStop {
        let model = &self.services[service];
        let elapsed = model.draining_since - model.start_began - ms(model.start.last_attempt_begins());
        self.scenario.services[service].predict_stop(elapsed.as_millis() as u64, model.start.task_failure)
    }

    /// Whether the budget of the shutdown may cut short this stop.
    pub(super) fn may_cut_stop_short(&self, service: usize, stop: PredictedStop) -> bool {
        let (model, Some(shutdown)) = (&self.services[service], self.shutdown) else { return false };
        let since = match model.ready_at {
            Some(_) => model.draining_since,
            None => model.aborted_at.unwrap_or(shutdown.since),
        };
        self.may_cut_short(since + ms(stop.takes()))
    }

    /// Whether the budget of the shutdown may cut short what is due at this time.
    pub(super) fn may_cut_short(&self, due: Duration) -> bool {
        self.shutdown.is_some_and(|it| due.saturating_sub(it.since) + MIN_SHARE * self.levels() > it.budget)
    }

    /// The number of services on the longest path.
    fn levels(&self) -> u32 {
        self.heights.iter().max().map_or(1, |height| *height as u32 + 1)
    }

    /// The clock counts in milliseconds, so each share of a budget may be one millisecond too long; a stop has three.
    pub(super) fn slack(&self) -> Duration {
        ms(3) * self.levels()
    }

    /// When the last service stopped.
    pub(super) fn last_stopped_at(&self) -> Duration {
        let last = self.services.iter().filter_map(|service| service.stopped_at).max().unwrap_or_default();
        last.max(self.shutdown.map_or(Duration::ZERO, |shutdown| shutdown.since))
    }
}
