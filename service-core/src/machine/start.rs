//! The start of a service: its attempts, their waits, and how it ends.

use std::time::Duration;

use super::effect::{Effect, Timer};
use super::lifecycle_event::FailedAttempt;
use super::machine::Machine;
use super::node::PendingRetry;
use crate::base::{Failure, State, StopOutcome};
use crate::report::EventKind;

impl Machine {
    pub(super) fn start(&mut self, service: usize) {
        self.starting += 1;
        self.mark_alive(service);
        self.enter(service, State::Starting);
        let node = &mut self.nodes[service];
        (node.attempt, node.ready_since) = (1, None);
        let pause = std::mem::take(&mut node.restart_delay);
        let name = node.name.clone();
        self.emit(EventKind::Starting { service: name });
        let until = self.now.saturating_add(pause).saturating_add(self.plan.services()[service].facts.budgets.init);
        let after = (!pause.is_zero()).then_some(pause);
        self.effects.push(Effect::Start { service, attempt: 1, after, until });
    }

    pub(super) fn started(&mut self, service: usize, elapsed: Duration) {
        if self.nodes[service].aborting {
            self.effects.push(Effect::Unwind { service, limit: self.limit(service) });
            return;
        }
        self.starting -= 1;
        let node = &mut self.nodes[service];
        (node.state, node.was_up, node.ready_since) = (State::Ready, true, Some(self.now));
        node.setback = None;
        let name = node.name.clone();
        self.tell_dependants(service);
        self.effects.push(Effect::Open(service));
        self.emit(EventKind::Ready { service: name, elapsed });
        self.settle_for_demands(service);
    }

    /// What follows a failure follows at once; only a next start waits until the attempt is unwound.
    pub(super) fn start_failed(&mut self, service: usize, attempt: FailedAttempt) {
        let FailedAttempt { failure, retry_until, drawn } = attempt;
        self.nodes[service].unwinding = true;
        self.effects.push(Effect::Unwind { service, limit: self.limit(service) });
        let node = &self.nodes[service];
        let next = self.plan.services()[service].facts.retry.delay_after(node.attempt).zip(retry_until);
        // If the budget would run out in the pause, there is none: the error explains more than a timeout would.
        match next.filter(|(delay, until)| self.now.saturating_add(*delay) < *until) {
            Some((delay, until)) if !node.aborting => {
                self.will_retry(service, PendingRetry { delay, until, failure, drawn });
            }
            // Its start was aborted before it could be tried again, or to begin anew.
            Some(_) => self.nodes[service].setback = Some(failure),
            None if self.comes_back(service) => self.nodes[service].setback = Some(failure),
            None => self.failed_for_good(service, self.with_attempts(service, failure, next.is_some()), drawn),
        }
    }

    fn will_retry(&mut self, service: usize, retry: PendingRetry) {
        let node = &mut self.nodes[service];
        node.setback = Some(retry.failure.clone());
        let retrying = EventKind::Retrying {
            service: node.name.clone(),
            attempt: node.attempt,
            delay: retry.delay,
            failure: retry.failure.clone(),
        };
        node.retry = Some(retry);
        self.emit(retrying);
    }

    /// The failed attempt is unwound: the next one follows, unless unwinding has used up the budget.
    fn retry(&mut self, service: usize, retry: PendingRetry) {
        let PendingRetry { delay, until, failure, drawn } = retry;
        if self.now.saturating_add(delay) < until {
            let node = &mut self.nodes[service];
            node.attempt += 1;
            let attempt = node.attempt;
            self.effects.push(Effect::Start { service, attempt, after: Some(delay), until });
        } else {
            self.failed_for_good(service, self.with_attempts(service, failure, true), drawn);
            self.failure_unwound(service);
        }
    }

    /// The failure says how many attempts there were, and whether the budget of the start has ended them.
    fn with_attempts(&self, service: usize, failure: Failure, is_out_of_budget: bool) -> Failure {
        let allowed = self.plan.services()[service].facts.retry.attempts();
        let node = &self.nodes[service];
        if allowed == 1 {
            return failure;
        }
        // A timeout says less than the error of the attempt before it.
        let before = node.setback.as_ref().filter(|_| failure.is_timeout() && node.attempt > 1);
        let is_cut_short = is_out_of_budget || node.attempt < allowed;
        failure.with_attempts(node.attempt, allowed, is_cut_short, before)
    }

    fn failed_for_good(&mut self, service: usize, failure: Failure, drawn: f64) {
        let failure = failure.with_path(self.path(service));
        let was_up = self.nodes[service].was_up;
        // In the lame-duck delay too: there, what is down may come back, and nothing that is up is taken down.
        let is_needed = self.nodes[service].wanted && self.shutdown.is_none();
        let may_return = is_needed && (was_up || self.is_optional(service));
        if may_return && let Some(pause) = self.restart_pause(service, &failure, drawn) {
            if was_up {
                self.nodes[service].restart_delay = pause;
                self.start_ended(service);
                return;
            }
            self.effects.push(Effect::SetTimer(Timer::Retry(service), self.now.saturating_add(pause)));
        }
        self.nodes[service].failure = Some(failure.clone());
        self.fail(service);
        if self.is_broken(service) {
            self.break_down(&failure);
        }
    }

    pub(super) fn unwound(&mut self, service: usize, outcome: StopOutcome) {
        let node = &mut self.nodes[service];
        let has_failed = std::mem::take(&mut node.unwinding);
        let retry = node.retry.take().filter(|_| !node.aborting);
        // The failure was reported; there is no more to say if it was unwound cleanly.
        if !has_failed || node.aborting || !outcome.is_clean() {
            let unwound = EventKind::Unwound { service: node.name.clone(), outcome };
            self.emit(unwound);
            self.effects.push(Effect::Record(service));
        }
        match retry {
            Some(retry) => self.retry(service, retry),
            None if self.nodes[service].state == State::Starting => {
                self.start_ended(service);
                self.mark_dead(service);
            }
            None => self.failure_unwound(service),
        }
    }

    /// Nothing is left of a start that has failed: what it depends on may stop, and it may start again.
    fn failure_unwound(&mut self, service: usize) {
        self.enqueue_if_clear(service);
        self.mark_dead(service);
    }

    fn start_ended(&mut self, service: usize) {
        self.starting -= 1;
        self.nodes[service].aborting = false;
        self.after_stop(service);
    }

    pub(super) fn pause(&mut self, service: usize) {
        self.nodes[service].waits += 1;
        self.paused += usize::from(self.nodes[service].waits == 1);
    }

    /// Its place may be taken: then one more service starts for a while. If it waited for a place, it could wait for itself.
    pub(super) fn resume(&mut self, service: usize) {
        self.nodes[service].waits -= 1;
        self.paused -= usize::from(self.nodes[service].waits == 0);
    }
}
