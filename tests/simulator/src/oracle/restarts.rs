//! Restarts in the model: which services are stopped for a restart, when and how often, and what follows when the restart
//! limit is reached.

use std::time::Duration;

use service_core::{Failure, Phase};

use super::ensure::ensure;
use super::registry_model::RegistryModel;
use super::restart_history::RestartDecision;
use super::service_model::ServiceState;
use crate::scenario::DependencyKind;

impl RegistryModel<'_> {
    /// A service is restarted, because its supervised task reached its restart limit or because its start failed.
    pub(super) fn restarting(
        &mut self,
        service: usize,
        delay: Duration,
        failure: &Failure,
        at: Duration,
    ) -> Result<(), String> {
        ensure!(!self.is_shutting_down(at), "{service} is restarted during the shutdown");
        let Some(model) = self.services.get(service) else { return Err("unknown service".to_owned()) };
        let Some(history) = &mut self.restart_histories[service] else {
            return Err(format!("{service} has no policy"));
        };
        let decision = history.decide(at, model.ready_for(at), true);
        let is_right = decision == RestartDecision::Restart(delay);
        ensure!(is_right, "{service} is restarted after {delay:?}, and its policy says {decision:?}");
        let is_optional = self.scenario.services[service].optional;
        let model = &mut self.services[service];
        if matches!(failure.phase(), Phase::Task(_)) {
            let escalated_at = model.escalates_at.take();
            ensure!(escalated_at == Some(at), "{service} is restarted without a reason: {failure}");
            let is_replaced = model.restarting_since.is_some_and(|since| since < at);
            ensure!(!is_replaced, "{service} was being restarted already, and a second restart is counted");
            model.restart_delay = delay;
            if matches!(model.state, ServiceState::Starting | ServiceState::Ready) {
                self.restart_with_holders(service, at);
            }
            return Ok(());
        }
        ensure!(model.state == ServiceState::Starting, "the start of {service} failed while it was {:?}", model.state);
        ensure!(model.aborted_at.is_none(), "the start of {service} failed after it was aborted");
        if model.ready_attempts.is_empty() {
            ensure!(is_optional, "{service} is restarted, and its failure fails the boot");
            // The next event reports the failure.
            model.retries_at = Some(at + delay);
            return Ok(());
        }
        (model.state, model.restart_delay) = (ServiceState::Idle, delay);
        self.start_failed(service, failure, at)
    }

    /// Begins the restart of a service, and of all services that hold its instance, directly or not.
    fn restart_with_holders(&mut self, service: usize, at: Duration) {
        let mut restarted = vec![false; self.services.len()];
        restarted[service] = true;
        for above in service + 1..self.services.len() {
            let mut dependencies = self.scenario.services[above].dependencies.iter();
            restarted[above] = self.services[above].is_active()
                && dependencies.any(|it| restarted[it.on] && it.kind != DependencyKind::After);
        }
        for (model, _) in self.services.iter_mut().zip(&restarted).filter(|(_, restarted)| **restarted) {
            if model.state == ServiceState::Starting {
                model.aborted_at.get_or_insert(at);
            }
            if model.state == ServiceState::Ready && model.restarting_since.is_none() {
                model.is_exempt = false;
            }
            model.restarting_since.get_or_insert(at);
        }
    }

    /// A service has stopped: for good, or until it can start again.
    pub(super) fn finish_stop(&mut self, service: usize, at: Duration) {
        let is_shutting_down = self.is_shutting_down(at);
        let model = &mut self.services[service];
        if model.restarting_since.take().is_some() && !is_shutting_down {
            model.state = ServiceState::Idle;
        }
    }

    /// The services that can stop for a restart and have not.
    pub(super) fn restartable(&self) -> Vec<usize> {
        let is_held = |service: usize| {
            let mut dependants = self.dependants[service].iter();
            dependants
                .any(|&above| self.services[above].is_alive(self.now) && self.scenario.holds_instance(above, service))
        };
        let is_restartable = |&service: &usize| {
            let model = &self.services[service];
            model.state == ServiceState::Ready && model.restarting_since.is_some() && !is_held(service)
        };
        (0..self.services.len()).filter(is_restartable).collect()
    }

    /// Whether a service has failed or is blocked, or was until this instant.
    pub(super) fn has_failed(&self, service: usize, at: Duration) -> bool {
        let model = &self.services[service];
        matches!(model.state, ServiceState::Failed | ServiceState::Blocked) || model.retried_at == Some(at)
    }

    /// When the next service that has failed is tried again.
    pub(super) fn next_retry(&self) -> Option<Duration> {
        let failed = self.services.iter().filter(|model| model.state == ServiceState::Failed);
        failed.filter_map(|model| model.retries_at).filter(|&retries_at| retries_at > self.now).min()
    }

    /// Makes the services idle that are due for a retry, and those that they blocked.
    pub(super) fn retry_failed(&mut self) {
        let now = self.now;
        if self.is_shutting_down(now) {
            return;
        }
        let mut blocks = vec![false; self.services.len()];
        for service in 0..self.services.len() {
            let is_blocked = self.scenario.services[service].required().any(|on| blocks[on]);
            let model = &mut self.services[service];
            let is_due = model.state == ServiceState::Failed && model.retries_at == Some(now);
            let has_failed = matches!(model.state, ServiceState::Failed | ServiceState::Blocked);
            blocks[service] = has_failed && (is_blocked || !is_due);
            if is_due || model.state == ServiceState::Blocked && !is_blocked {
                blocks[service] &= is_blocked;
                // If another service blocks it, an event will say so.
                (model.state, model.retries_at, model.retried_at) = (ServiceState::Idle, None, Some(now));
            }
        }
    }

    /// Whether a service that is not optional, and is or was ready, fails for good at this instant.
    pub(super) fn fails_registry(&self, at: Duration) -> bool {
        let escalates = (0..self.services.len()).any(|service| {
            let (model, is_optional) = (&self.services[service], self.scenario.services[service].optional);
            let is_replaced = model.restarting_since.is_some_and(|since| since < at);
            model.escalates_at == Some(at) && !is_optional && !is_replaced && !self.is_restarted(service, at)
        });
        self.fatal_failure_at == Some(at) || escalates
    }

    /// Whether a restart replaces the instance of a service whose supervised task has reached its limit. Its failure has no
    /// consequence then. If both happen at one instant, either may be first.
    fn is_replaced(&self, service: usize, at: Duration) -> bool {
        self.services[service].restarting_since.is_some_and(|since| since <= at)
    }

    /// Whether its policy restarts a service whose supervised task has reached its restart limit.
    fn is_restarted(&self, service: usize, at: Duration) -> bool {
        let ready_for = self.services[service].ready_for(at);
        let decision = self.restart_histories[service].clone().map(|mut it| it.decide(at, ready_for, true));
        matches!(decision, Some(RestartDecision::Restart(_)))
    }

    /// Checks that every escalation by now had its consequence.
    pub(super) fn check_escalations(&mut self) -> Result<(), String> {
        for service in 0..self.services.len() {
            let Some(at) = self.services[service].escalates_at.filter(|&at| at <= self.now) else { continue };
            let model = &self.services[service];
            // While its service stops, its task is stopped too. Either may come first.
            let task_stopped_at = match model.state {
                ServiceState::Starting => model.aborted_at,
                ServiceState::Ready => None,
                ServiceState::Draining | ServiceState::Stopping => Some(model.draining_since),
                ServiceState::Idle | ServiceState::Failed => model.undo.map(|it| it.failed_at).or(model.stopped_at),
                _ => model.stopped_at,
            };
            let is_stopped = task_stopped_at.is_some_and(|stopped_at| stopped_at <= at);
            if self.shutdown.is_none() && !is_stopped && !self.is_replaced(service, at) {
                let is_optional = self.scenario.services[service].optional;
                ensure!(!self.is_restarted(service, at), "the task of {service} escalated, and it is not restarted");
                ensure!(is_optional, "the task of {service} escalated, and the registry is not shut down");
            }
            self.services[service].escalates_at = None;
        }
        Ok(())
    }
}
