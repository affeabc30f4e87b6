//! The shutdown of everything: its first reason, the lame-duck delay, the rollback, and each service's share of the budget.

use std::time::Duration;

use super::budget_share;
use super::effect::{Effect, Timer};
use super::finish::{BootCause, Finish};
use super::machine::{Machine, Shutdown};
use crate::base::{Failure, ShutdownReason, State, StopOutcome};
use crate::report::EventKind;

impl Machine {
    /// The first reason counts; a later one changes nothing.
    pub(super) fn reason_given(&mut self, reason: ShutdownReason) {
        self.reason.get_or_insert(reason);
    }

    pub(super) fn request_shutdown(&mut self, reason: ShutdownReason) {
        if std::mem::replace(&mut self.shutdown_requested, true) {
            return;
        }
        let reason = self.publish_reason(reason);
        self.emit(EventKind::ShuttingDown { reason: reason.clone() });
        self.boot_end = Some(match reason {
            ShutdownReason::Cancelled => BootCause::Cancelled,
            reason => BootCause::ShutDown(reason),
        });
        let lame_duck = self.settings.lame_duck;
        if self.is_booting() {
            self.begin_shutdown(self.settings.rollback_timeout);
        } else if self.is_booted() && !lame_duck.is_zero() {
            self.effects.push(Effect::SetTimer(Timer::LameDuck, self.now.saturating_add(lame_duck)));
        } else {
            self.begin_shutdown(self.settings.shutdown_timeout);
        }
    }

    pub(super) fn break_down(&mut self, failure: &Failure) {
        self.request_shutdown(ShutdownReason::Failed(failure.to_string().into()));
    }

    pub(super) fn dropped(&mut self) {
        if self.shutdown_requested {
            return;
        }
        let ready = self.nodes.iter().filter(|node| node.state == State::Ready);
        let services: Vec<_> = ready.map(|node| node.name.clone()).collect();
        if !services.is_empty() {
            self.emit(EventKind::LeftRunning { services });
        }
        self.request_shutdown(ShutdownReason::Dropped);
    }

    pub(super) fn roll_back(&mut self) {
        self.shutdown_requested = true;
        self.publish_reason(ShutdownReason::BootFailed);
        self.emit(EventKind::RollingBack);
        self.begin_shutdown(self.settings.rollback_timeout);
    }

    fn publish_reason(&mut self, reason: ShutdownReason) -> ShutdownReason {
        let reason = self.reason.get_or_insert(reason).clone();
        self.effects.push(Effect::SetReason(reason.clone()));
        reason
    }

    pub(super) fn begin_shutdown(&mut self, total: Duration) {
        if self.shutdown.is_some() {
            return;
        }
        self.shutdown = Some(Shutdown { since: self.now, total });
        self.effects.push(Effect::CancelTimer(Timer::Boot));
        for service in 0..self.nodes.len() {
            let node = &self.nodes[service];
            // What stops or is unwound already; the others get their limit with the effect that stops them.
            if node.state == State::Stopping || node.state == State::Starting && node.aborting || node.unwinding {
                self.effects.push(Effect::Limit { service, limit: self.limit(service) });
            }
        }
        let open = self.demands.open();
        self.effects.extend(open.into_iter().map(Effect::Dismiss));
        self.stop_everything();
    }

    fn stop_everything(&mut self) {
        self.queue.clear();
        // First, so that a start is aborted before it sees that another service is down.
        for service in (0..self.nodes.len()).rev() {
            if self.nodes[service].state == State::Starting {
                self.stop_if_unneeded(service);
            }
        }
        for service in 0..self.nodes.len() {
            if matches!(self.nodes[service].state, State::Starting | State::Stopping) {
                self.effects.push(Effect::Refuse { service, cause: self.status(service).cause });
            }
        }
        // The plan's order is dependencies first; the shutdown's is the reverse.
        for service in (0..self.nodes.len()).rev() {
            self.set_wanted(service, false);
            if matches!(self.nodes[service].state, State::Idle | State::Waiting) {
                self.forget(service, State::Stopped);
            } else {
                self.stop_if_unneeded(service);
            }
        }
    }

    /// The service is down and will not be started.
    pub(super) fn forget(&mut self, service: usize, state: State) {
        self.nodes[service].was_up = false;
        self.enter(service, state);
    }

    pub(super) fn stopped(&mut self, service: usize, outcome: StopOutcome, elapsed: Duration) {
        self.emit(EventKind::Stopped { service: self.nodes[service].name.clone(), outcome, elapsed });
        self.effects.push(Effect::Record(service));
        self.nodes[service].ready_since = None;
        self.after_stop(service);
        self.mark_dead(service);
    }

    /// How much of the common budget this service may use, so that something is left for those below it.
    pub(super) fn limit(&self, service: usize) -> Option<Duration> {
        let Shutdown { since, total } = self.shutdown.as_ref()?;
        let remaining = total.saturating_sub(self.now - *since);
        Some(budget_share::share(*total, remaining, self.levels, self.nodes[service].depth))
    }

    pub(super) fn finish_if_down(&mut self) {
        let Some(since) = self.shutdown.as_ref().filter(|_| self.alive == 0).map(|it| it.since) else { return };
        self.finished = true;
        let reason = self.reason.clone().unwrap_or(ShutdownReason::Cancelled);
        let boot = self.boot_error(&reason);
        self.effects.push(Effect::Finish(Finish { reason, since, boot }));
    }
}
