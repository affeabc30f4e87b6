//! The start of a service: its attempts, their waits, and how it ends.

use std::time::Duration;

use super::effect::{Effect, Timer};
use super::lifecycle_event::FailedAttempt;
use super::machine::Machine;
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
        let name = node.name.clone();
        self.effects.push(Effect::Open(service));
        self.emit(EventKind::Ready { service: name, elapsed });
        self.release_dependants(service);
        self.settle_for_demands(service);
    }

    pub(super) fn start_failed(&mut self, service: usize, attempt: FailedAttempt) {
        let FailedAttempt { failure, retry_until, outcome, drawn } = attempt;
        if let Some((delay, until)) = self.next_attempt(service, retry_until) {
            self.retry(service, delay, until, failure, outcome);
        } else if self.comes_back(service) {
            // Its start was aborted to begin again.
            self.unwound(service, outcome);
        } else {
            self.failed_for_good(service, failure, outcome, drawn);
        }
    }

    /// The pause before another attempt, and when its budget ends. If the budget would run out in the pause, there is none:
    /// the error explains more than a timeout would.
    fn next_attempt(&self, service: usize, retry_until: Option<Duration>) -> Option<(Duration, Duration)> {
        let until = retry_until?;
        let delay = self.plan.services()[service].facts.retry.delay_after(self.nodes[service].attempt)?;
        (self.now.saturating_add(delay) < until).then_some((delay, until))
    }

    fn retry(&mut self, service: usize, delay: Duration, until: Duration, failure: Failure, outcome: StopOutcome) {
        let node = &mut self.nodes[service];
        let (name, attempt) = (node.name.clone(), node.attempt);
        node.attempt += 1;
        self.emit(EventKind::Retrying { service: name, attempt, delay, failure });
        if self.nodes[service].aborting {
            self.unwound(service, outcome);
        } else {
            self.effects.push(Effect::Start { service, attempt: attempt + 1, after: Some(delay), until });
        }
    }

    fn failed_for_good(&mut self, service: usize, failure: Failure, outcome: StopOutcome, drawn: f64) {
        let failure = failure.with_path(self.path(service));
        if !outcome.is_clean() {
            self.record_unwound(service, outcome);
        }
        let was_up = self.nodes[service].was_up;
        let may_return = self.shutdown.is_none() && (was_up || self.is_optional(service));
        if may_return && let Some(pause) = self.restart_pause(service, &failure, drawn) {
            self.nodes[service].restart_delay = pause;
            if was_up {
                self.settle_unwound(service);
                return;
            }
            self.nodes[service].restart_delay = Duration::ZERO;
            self.effects.push(Effect::SetTimer(Timer::Retry(service), self.now.saturating_add(pause)));
        }
        self.nodes[service].failure = Some(failure.clone());
        self.fail(service);
        if self.is_broken(service) {
            self.break_down(&failure);
        }
    }

    pub(super) fn unwound(&mut self, service: usize, outcome: StopOutcome) {
        self.record_unwound(service, outcome);
        self.settle_unwound(service);
    }

    fn record_unwound(&mut self, service: usize, outcome: StopOutcome) {
        self.emit(EventKind::Unwound { service: self.nodes[service].name.clone(), outcome });
        self.effects.push(Effect::Record(service));
    }

    fn settle_unwound(&mut self, service: usize) {
        self.starting -= 1;
        self.nodes[service].aborting = false;
        self.after_stop(service);
        self.mark_dead(service);
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
