//! What must follow an event in every [`Life`].

use std::time::Duration;

use super::known::Doing;
use super::life::Life;
use crate::base::State;
use crate::machine::{BOOT, Effect, FailedAttempt, LifecycleEvent, Timer};
use crate::report::{EventKind, RefusalCause};

/// What the world knew before an event.
pub(super) struct Before {
    was_shutting_down: bool,
    is_aborting: bool,
    /// Whether the service that escalates, or is to restart, has an instance that nothing replaces yet.
    is_replaceable: bool,
    /// Those that were up, and are to be up again.
    were_up: Vec<bool>,
    boot_was_open: bool,
    was_sunk: bool,
    /// Those that were starting, stopping or being unwound.
    were_busy: Vec<usize>,
    /// The pause before the attempt that is to follow the one that is unwound now.
    retry: Option<Duration>,
    unset_timer: bool,
}

fn any(effects: &[Effect], is: impl Fn(&Effect) -> bool) -> bool {
    effects.iter().any(is)
}

fn requests_shutdown(effects: &[Effect]) -> bool {
    any(effects, |it| matches!(it, Effect::Emit(EventKind::ShuttingDown { .. } | EventKind::RollingBack)))
}

impl Life {
    pub(super) fn before(&self, event: &LifecycleEvent) -> Before {
        let is_aborting = |service: usize| {
            // The world has taken note of an answer already.
            self.machine.nodes[service].aborting
        };
        Before {
            was_shutting_down: self.reason.is_some(),
            is_aborting: match event {
                LifecycleEvent::Started { service, .. } | LifecycleEvent::StartFailed { service, .. } => {
                    is_aborting(*service)
                }
                _ => false,
            },
            is_replaceable: match event {
                LifecycleEvent::Escalated { service, .. } | LifecycleEvent::RestartRequested { service, .. } => {
                    matches!(self.each[*service].doing, Doing::Starting | Doing::Up)
                        && !self.machine.nodes[*service].restarting
                        && self.is_wanted(*service)
                }
                _ => false,
            },
            were_up: self.each.iter().map(|known| known.was_up).collect(),
            was_sunk: self.is_sunk(),
            were_busy: (0..self.plan.len()).filter(|&at| self.is_busy(at)).collect(),
            retry: match event {
                LifecycleEvent::Unwound { service, .. } => self.each[*service].retry,
                _ => None,
            },
            boot_was_open: self.demands.get(&BOOT).is_some_and(|boot| boot.answer.is_none()),
            unset_timer: matches!(event, LifecycleEvent::TimerFired(Timer::Boot)),
        }
    }

    /// What must follow an event.
    pub(super) fn answered(&mut self, event: &LifecycleEvent, before: &Before, effects: &[Effect]) {
        match event {
            LifecycleEvent::Started { service, .. } if before.is_aborting => {
                let unwinds = any(effects, |it| matches!(it, Effect::Unwind { service: at, .. } if at == service));
                self.check(unwinds, "what starts too late is unwound");
            }
            LifecycleEvent::StartFailed { service, attempt } => self.attempt_failed(*service, attempt, before, effects),
            LifecycleEvent::RestartRequested { ticket, service } => {
                let is_dismissed = any(effects, |it| matches!(it, Effect::Dismiss(at) if at == ticket));
                self.check(is_dismissed == before.was_shutting_down, "nothing restarts that shuts down");
                if !is_dismissed && before.is_replaceable {
                    self.moves(*service);
                }
            }
            LifecycleEvent::Unwound { service, .. } => self.attempt_unwound(*service, before, effects),
            LifecycleEvent::Escalated { service, .. } => self.escalated(*service, before, effects),
            LifecycleEvent::TimerFired(Timer::LameDuck) => self.down_since = self.down_since.or(Some(self.now)),
            LifecycleEvent::TimerFired(Timer::Boot) => {
                self.check(
                    before.unset_timer && before.boot_was_open,
                    "the timer of a boot that has ended is cancelled",
                );
                self.timed_out = true;
            }
            LifecycleEvent::ShutdownRequested(_) | LifecycleEvent::Dropped | LifecycleEvent::BootAbandoned => {
                self.check(before.was_shutting_down || requests_shutdown(effects), "a request begins the shutdown");
            }
            _ => {}
        }
        if before.boot_was_open && any(effects, |it| matches!(it, Effect::Settle(BOOT, _))) {
            self.check(
                any(effects, |it| matches!(it, Effect::CancelTimer(Timer::Boot))),
                "a boot that ends has no timer",
            );
        }
    }

    fn attempt_failed(&mut self, service: usize, attempt: &FailedAttempt, before: &Before, effects: &[Effect]) {
        let retry = self.plan.services()[service].facts.retry;
        let delay = retry.delay_after(self.each[service].attempt);
        let fits = |delay: Duration| attempt.retry_until.is_some_and(|until| self.now + delay < until);
        let expected = delay.filter(|&delay| fits(delay) && !before.is_aborting);
        let unwinds = any(effects, |it| matches!(it, Effect::Unwind { service: at, .. } if *at == service));
        self.check(unwinds, "an attempt that failed is unwound");
        let retrying = any(effects, |it| matches!(it, Effect::Emit(EventKind::Retrying { .. })));
        self.check(retrying == expected.is_some(), "it is tried again as often as its policy and its budget allow");
        let again = any(effects, |it| matches!(it, Effect::Start { service: at, .. } if *at == service));
        self.check(!again, "nothing starts before its failed attempt is unwound");
        self.each[service].retry = expected;
        let restarts = any(effects, |it| matches!(it, Effect::Emit(EventKind::Restarting { .. })));
        let may_return = before.were_up[service] || self.is_optional(service);
        self.check(!restarts || may_return, "only what was up, or is optional, restarts");
        let is_needed = self.is_wanted(service) && !before.was_sunk;
        self.check(!restarts || is_needed, "only what is still wanted restarts");
        let fails = any(effects, |it| matches!(it, Effect::Emit(EventKind::Failed { .. })));
        self.check(!(fails && retrying), "what is tried again has not failed yet");
        let is_failure = |it: &Effect| matches!(it, Effect::Publish { service: at, status } if *at == service && status.state == State::Failed);
        self.check(fails == any(effects, is_failure), "a failure is published at once");
        let is_hidden = !fails && !retrying && !restarts;
        self.check(!is_hidden || before.is_aborting, "a failure is reported at once");
        // What fails in an aborted start that could have been tried again is only reported if the service stays down.
        self.each[service].setback |= is_hidden;
        let waits = any(effects, |it| matches!(it, Effect::SetTimer(Timer::Retry(at), _) if *at == service));
        self.check(waits == (restarts && fails), "an optional one that failed is tried again after its pause");
        if fails && !before.was_shutting_down {
            let is_lost = |it: &Effect| match *it {
                Effect::Publish { service: at, ref status }
                    if matches!(status.state, State::Failed | State::Blocked) =>
                {
                    let in_boot = before.boot_was_open && self.demands[&BOOT].members.contains(&at);
                    let broken = before.were_up[service] && before.were_up[at];
                    !self.is_optional(at) && (in_boot || broken)
                }
                _ => false,
            };
            self.check(
                !any(effects, is_lost) || requests_shutdown(effects),
                "what cannot be done without takes everything down",
            );
        }
    }

    fn attempt_unwound(&mut self, service: usize, before: &Before, effects: &[Effect]) {
        let retry = before.retry.filter(|&delay| self.now + delay < self.each[service].until);
        let after = |it: &Effect| match it {
            Effect::Start { service: at, attempt: 2.., after, .. } if *at == service => Some(*after),
            _ => None,
        };
        let again = effects.iter().find_map(after);
        self.check(again == retry.map(Some), "the next attempt follows, unless unwinding used up the budget");
        let gives_up =
            any(effects, |it| matches!(it, Effect::Emit(EventKind::Failed { .. } | EventKind::Restarting { .. })));
        self.check(gives_up == (before.retry.is_some() && retry.is_none()), "a budget that ends is a failure");
        self.each[service].retry = None;
    }

    /// What a shutdown that begins with this event does at once to what was already going on.
    pub(super) fn sinks(&self, before: &Before, effects: &[Effect]) {
        if before.was_sunk || !self.is_sunk() {
            return;
        }
        for &service in before.were_busy.iter().filter(|&&at| self.is_busy(at)) {
            let limits = |it: &Effect| match it {
                Effect::Limit { service: at, limit } | Effect::Abort { service: at, limit } => {
                    *at == service && limit.is_some()
                }
                _ => false,
            };
            self.check(any(effects, limits), "what is under way gets its share of the budget");
            let is_refused = |it: &Effect| match it {
                Effect::Refuse { service: at, cause } => *at == service && is_shut_down(cause),
                Effect::Publish { service: at, .. } => *at == service,
                _ => false,
            };
            let is_down = self.machine.state(service) != State::Starting && self.each[service].doing == Doing::Undoing;
            self.check(is_down || any(effects, is_refused), "who waits for it is refused at once");
        }
    }

    /// A service restarts with its holders. Those that stop already have been told.
    fn moves(&mut self, service: usize) {
        let holders = self.holders(service);
        let is_told = |it: usize| match self.each[it].doing {
            Doing::Stopping | Doing::Aborting | Doing::Unwinding => true,
            // An attempt that no other follows was aborted before it failed.
            Doing::Undoing => self.each[it].retry.is_none(),
            _ => false,
        };
        let moved: Vec<_> = holders.into_iter().filter(|&it| !is_told(it)).collect();
        self.moved.extend(moved);
    }

    fn escalated(&mut self, service: usize, before: &Before, effects: &[Effect]) {
        if any(effects, |it| matches!(it, Effect::Emit(EventKind::Restarting { .. }))) {
            self.check(!before.was_shutting_down, "nothing restarts that shuts down");
            self.check(before.is_replaceable, "each restart replaces one instance");
            self.moves(service);
        } else if !before.was_shutting_down {
            let breaks = before.is_replaceable && !self.is_optional(service);
            self.check(requests_shutdown(effects) == breaks, "an escalation breaks what is not optional");
            self.each[service].task_failed |= before.is_replaceable;
        }
    }
}

/// Whether a refusal says why everything shuts down.
pub(super) fn is_shut_down(cause: &RefusalCause) -> bool {
    cause.shutdown.is_some()
}
