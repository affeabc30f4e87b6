//! The transitions of a service in the model: it starts, becomes ready, fails, is blocked, is unwound, and stops.

use std::time::Duration;

use service_core::{Failure, StopOutcome};

use super::ensure::ensure;
use super::prediction::{ExpectedStop, PredictedStop, TaskFailure};
use super::registry_model::RegistryModel;
use super::restart_history::RestartDecision;
use super::service_model::{ServiceModel, ServiceState, Undo};
use crate::scenario::{DependencyKind, ms};
use crate::trace::{Hook, HookEvent, TraceEntry};

impl RegistryModel<'_> {
    pub(super) fn starting(&mut self, service: usize, at: Duration) -> Result<(), String> {
        ensure!(self.boot_began.is_some() && self.eager[service], "{service} starts, and nothing needs it");
        ensure!(!self.is_shutting_down(at), "{service} starts during the shutdown");
        ensure!(!self.services[service].is_unwinding(at), "{service} starts while its last start is unwound");
        for dependency in &self.scenario.services[service].dependencies {
            let on = &self.services[dependency.on];
            let is_met = match dependency.kind {
                DependencyKind::Requires => on.is_up(),
                // Neither a service that is not booted nor one that is due for a retry keeps it back.
                DependencyKind::Wants | DependencyKind::After => {
                    !self.eager[dependency.on] || on.is_settled() || on.retried_at == Some(at)
                }
            };
            ensure!(is_met, "rule 2: {service} starts while {} is {:?}", dependency.on, on.state);
        }
        if !self.has_lazy {
            let height = self.heights[service];
            let mut others = self.startable().into_iter().filter(|&other| !self.services[other].becomes_startable(at));
            let better = others.find(|&other| self.heights[other] > height);
            ensure!(better.is_none(), "rule 2: {service} starts before {better:?}, whose remaining path is longer");
        }
        self.starting += 1;
        ensure!(
            self.starting <= self.concurrency,
            "{} start at once; the limit is {}",
            self.starting,
            self.concurrency
        );
        let began = at + self.services[service].restart_delay;
        // A start that was aborted during its restart delay made no attempt.
        let earlier_attempts = self.inits[service].iter().filter(|&&init| init < began).count() as u32;
        let observed = self.task_failures[service].get(&(earlier_attempts + 1)).copied();
        let task_failure = observed.map(|failure| TaskFailure {
            at: failure.at.saturating_sub(began).as_millis() as u64,
            is_permanent: failure.is_permanent,
        });
        let start = self.scenario.services[service].predict_start(earlier_attempts, task_failure);
        let model = self.transition(service, ServiceState::Idle, ServiceState::Starting, at)?;
        let last = std::mem::replace(model, ServiceModel::new(start));
        model.state = ServiceState::Starting;
        model.start_began = began;
        model.escalates_at = observed.filter(|failure| failure.escalates).map(|failure| failure.at);
        model.stopped_at = last.stopped_at;
        model.has_earlier_stop = last.stop_outcome.is_some();
        model.stop_outcome = last.stop_outcome;
        model.undo = last.undo;
        model.expected_stop = last.expected_stop;
        model.ready_attempts = last.ready_attempts;
        model.restarted_attempts = last.restarted_attempts;
        model.is_exempt = last.is_exempt;
        Ok(())
    }

    pub(super) fn ready(&mut self, service: usize, elapsed: Duration, at: Duration) -> Result<(), String> {
        ensure!(!self.is_shutting_down(at), "rule 4: {service} became ready during the shutdown");
        let model = self.transition(service, ServiceState::Starting, ServiceState::Ready, at)?;
        ensure!(model.aborted_at.is_none(), "{service} is ready; its start was aborted at {:?}", model.aborted_at);
        ensure!(model.start_began <= at, "{service} is ready during the delay before its start");
        model.ready_at = Some(at);
        model.ready_attempts.push(model.start.last_attempt);
        let took = at - model.start_began;
        ensure!(took == elapsed, "{service} took {took:?}, and the event says {elapsed:?}");
        if !model.start.is_ambiguous {
            let due = ms(model.start.takes);
            ensure!(model.start.fails.is_none(), "{service} is ready and must fail: {:?}", model.start.fails);
            ensure!(took == due, "{service} took {took:?} instead of {due:?}");
        }
        self.starting -= 1;
        Ok(())
    }

    pub(super) fn failed(&mut self, service: usize, failure: &Failure, at: Duration) -> Result<(), String> {
        let is_optional = self.scenario.services[service].optional;
        let is_shutdown = self.shutdown.is_some();
        let model = &self.services[service];
        let may_be_stopped = self.shutdown.is_some_and(|it| at >= it.since);
        ensure!(model.restarting_since.is_none() || may_be_stopped, "{service} failed while it was being restarted");
        if model.retries_at.is_none() && !may_be_stopped && (is_optional || !model.ready_attempts.is_empty()) {
            let history = self.restart_histories[service].as_mut();
            let decision = history.map(|history| history.decide(at, Duration::ZERO, true));
            let is_restarted = matches!(decision, Some(RestartDecision::Restart(_)));
            ensure!(!is_restarted, "{service} failed, and is not restarted: {failure}");
        }
        let model = self.transition(service, ServiceState::Starting, ServiceState::Failed, at)?;
        model.failure = Some(failure.clone());
        model.is_exempt = true;
        self.start_failed(service, failure, at)?;
        if !is_shutdown && !is_optional {
            self.fatal_failure_at = Some(at);
        }
        Ok(())
    }

    pub(super) fn blocked(&mut self, service: usize, by: usize, at: Duration) -> Result<(), String> {
        let spec = &self.scenario.services[service];
        let has_cause = spec.required().any(|on| self.has_failed(on, at));
        ensure!(has_cause, "{service} is blocked, and no service that it requires has failed");
        ensure!(self.has_failed(by, at), "{service} is blocked by {by}, which has not failed");
        self.transition(service, ServiceState::Idle, ServiceState::Blocked, at)?.is_exempt = true;
        if !spec.optional {
            self.fatal_failure_at = Some(at);
        }
        Ok(())
    }

    /// The start of a service has failed, and what it has begun is unwound from now on.
    pub(super) fn start_failed(&mut self, service: usize, failure: &Failure, at: Duration) -> Result<(), String> {
        let ends_at = self.unwound_at(service, at);
        let model = &mut self.services[service];
        model.check_failed_start(at).map_err(|violation| format!("{service} {violation}: {failure}"))?;
        let due = model.start_began + ms(model.start.unwound_at);
        let is_exact = !model.start.is_ambiguous;
        model.undo = Some(Undo { failed_at: at, ends_at, due, is_exact, is_checked: false });
        model.stopped_at = Some(ends_at);
        self.starting -= 1;
        Ok(())
    }

    /// When the last hook ended of the attempt that has failed at this time.
    fn unwound_at(&self, service: usize, failed_at: Duration) -> Duration {
        let is_init = |entry: &TraceEntry| matches!((entry.hook, entry.event), (Hook::Init(_), HookEvent::Started));
        let entries = || self.trace.iter().filter(|entry| entry.service == service);
        let attempts = entries().filter(|entry| is_init(entry) && entry.at <= failed_at).count();
        let mut inits = 0;
        let of_attempt = entries().filter(|entry| {
            inits += usize::from(is_init(entry));
            inits == attempts
        });
        of_attempt.map(|entry| entry.at).fold(failed_at, Duration::max)
    }

    /// Checks the failed starts that are unwound by now.
    pub(super) fn check_undos(&mut self) -> Result<(), String> {
        for service in 0..self.services.len() {
            let now = self.now;
            let Some(undo) = self.services[service].undo.filter(|undo| !undo.is_checked && undo.ends_at <= now) else {
                continue;
            };
            let cut_short = self.may_cut_short(undo.due);
            let is_due = undo.ends_at == undo.due || cut_short && undo.ends_at < undo.due || !undo.is_exact;
            ensure!(is_due, "{service} failed, and was unwound at {:?} instead of {:?}", undo.ends_at, undo.due);
            let model = &mut self.services[service];
            model.undo = Some(Undo { is_checked: true, ..undo });
            if cut_short {
                model.expected_stop = None;
            }
        }
        Ok(())
    }

    /// What a failed attempt had begun is unwound, and not cleanly.
    pub(super) fn failure_unwound(
        &mut self,
        service: usize,
        outcome: &StopOutcome,
        at: Duration,
    ) -> Result<(), String> {
        ensure!(!outcome.is_clean(), "{service} failed and was unwound cleanly, which needs no event");
        let model = &mut self.services[service];
        if model.state == ServiceState::Starting {
            let elapsed = (at - model.start_began).as_millis() as u64;
            let is_due = model.start.is_unwound_at(elapsed, |it| it.matches(outcome));
            ensure!(is_due || model.start.is_ambiguous, "{service} was unwound at {at:?} for no further attempt");
            // If the last attempt is unwound cleanly, the report shows how this one was.
            (model.has_earlier_stop, model.expected_stop) = (true, None);
        } else {
            let ends_at = model.undo.map(|undo| undo.ends_at);
            ensure!(ends_at == Some(at), "{service} was unwound at {at:?}, and its hooks ended at {ends_at:?}");
        }
        Ok(())
    }

    /// Its start was aborted, and what it had begun is unwound.
    pub(super) fn unwound(&mut self, service: usize, at: Duration) -> Result<(), String> {
        let spec = &self.scenario.services[service];
        let Some(model) = self.services.get(service) else { return Err("unknown service".to_owned()) };
        let Some(aborted_at) = model.aborted_at.into_iter().chain(self.shutdown.map(|it| it.since)).min() else {
            return Err(format!("{service} was unwound without a reason"));
        };
        let (began, is_ambiguous) = (model.start_began, model.start.is_ambiguous);
        let answers = match aborted_at.checked_sub(began) {
            Some(elapsed) => model.start.predict_abort(spec, elapsed.as_millis() as u64),
            // During the delay before its start.
            None => Vec::new(),
        };
        let ends =
            |answer: &Option<(u64, PredictedStop)>| answer.map(|(from, stop)| (began + ms(from + stop.takes()), stop));
        let mut due: Vec<_> = answers.iter().filter_map(ends).collect();
        if aborted_at < began {
            due.push((aborted_at, PredictedStop::of_hooks(0, ExpectedStop::Clean)));
        }
        if model.aborted_at.is_some() && answers.iter().any(Option::is_none) {
            // It was failing by itself, which does not count as a failure of a service that is being restarted.
            let takes = model.start.unwound_at - model.start.takes;
            due.push((began + ms(model.start.unwound_at), PredictedStop::of_hooks(takes, model.start.unwound)));
        }
        let cut_short = due.iter().any(|(_, stop)| self.may_cut_stop_short(service, *stop));
        let is_due = due.iter().any(|(end, stop)| *end == at || stop.is_ambiguous || cut_short && *end >= at);
        ensure!(is_due || is_ambiguous, "{service} was unwound at {at:?}, not at one of {due:?}");
        let only = due.first().filter(|(_, stop)| due.len() == 1 && !cut_short && !stop.is_ambiguous);
        let expected_stop = only.map(|(_, stop)| stop.outcome);
        let model = self.transition(service, ServiceState::Starting, ServiceState::Unwound, at)?;
        model.expected_stop = expected_stop.filter(|_| !is_ambiguous);
        self.starting -= 1;
        self.finish_stop(service, at);
        Ok(())
    }

    pub(super) fn draining(&mut self, service: usize, at: Duration) -> Result<(), String> {
        let latest = |since: Duration, above: &[usize]| {
            let stopped = above.iter().filter_map(|&above| self.services[above].stopped_at);
            stopped.fold(since, Duration::max)
        };
        let dependants = &self.dependants[service];
        let holders = dependants.iter().copied().filter(|&above| self.scenario.holds_instance(above, service));
        let holders: Vec<_> = holders.collect();
        let for_restart = self.services[service].restarting_since.map(|since| latest(since, &holders));
        let for_good = self.shutdown.map(|shutdown| latest(shutdown.since, dependants));
        let shutdown_since = self.shutdown.map_or(Duration::MAX, |shutdown| shutdown.since);
        // For a restart it stops while services that only start after it stay up; for good it does not.
        let is_restarted = for_restart == Some(at) && at <= shutdown_since;
        let is_shut_down = for_good == Some(at) && for_restart.is_none_or(|at| at >= shutdown_since);
        ensure!(
            is_restarted || is_shut_down,
            "rule 3: {service} stops at {at:?}, and is due at {for_restart:?} for a restart and at {for_good:?} for good"
        );
        for &above in dependants {
            let dependant = &self.services[above];
            let may_stay = is_restarted && !holders.contains(&above);
            ensure!(
                !dependant.is_alive(at) || may_stay,
                "rule 3: {service} stops while {above} is {:?}",
                dependant.state
            );
        }
        let model = self.transition(service, ServiceState::Ready, ServiceState::Draining, at)?;
        model.draining_since = at;
        if is_restarted {
            model.restarted_attempts.push(model.start.last_attempt);
        }
        Ok(())
    }

    pub(super) fn stopping(&mut self, service: usize, at: Duration) -> Result<(), String> {
        let stop = self.predicted_stop(service);
        let cut_short = self.may_cut_stop_short(service, stop);
        let model = self.transition(service, ServiceState::Draining, ServiceState::Stopping, at)?;
        let (took, due) = (at - model.draining_since, ms(stop.drain));
        ensure!(took == due || cut_short && took <= due, "{service} drained for {took:?} instead of {due:?}");
        Ok(())
    }

    pub(super) fn stopped(
        &mut self,
        service: usize,
        outcome: &StopOutcome,
        elapsed: Duration,
        at: Duration,
    ) -> Result<(), String> {
        let stop = self.predicted_stop(service);
        let cut_short = self.may_cut_stop_short(service, stop);
        let (took, due) = (at - self.services[service].draining_since, ms(stop.takes()));
        ensure!(took == elapsed, "{service} took {took:?} to stop, and the event says {elapsed:?}");
        let is_exact = !cut_short && !stop.is_ambiguous;
        ensure!(!is_exact || took == due, "{service} took {took:?} instead of {due:?} to stop");
        let model = self.transition(service, ServiceState::Stopping, ServiceState::Stopped, at)?;
        model.stop_outcome = Some(outcome.clone());
        model.expected_stop = is_exact.then_some(stop.outcome);
        self.finish_stop(service, at);
        Ok(())
    }
}

impl ServiceModel {
    /// When its start ends.
    pub(super) fn start_due(&self) -> Duration {
        self.start_began + ms(self.start.takes)
    }

    /// Checks that its start fails, and when.
    fn check_failed_start(&mut self, at: Duration) -> Result<(), String> {
        if self.start.is_ambiguous {
            self.expected_stop = None;
            return Ok(());
        }
        // If it is unwound cleanly, the report still shows how its last incarnation stopped.
        if self.start.unwound != ExpectedStop::Clean || !self.has_earlier_stop {
            self.expected_stop = Some(self.start.unwound);
        }
        let due = self.start_due();
        ensure!(self.start.fails.is_some(), "failed and must not fail");
        ensure!(at == due, "failed at {at:?} instead of {due:?}");
        Ok(())
    }
}
