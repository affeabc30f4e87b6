//! [`RestartHistory`]: the reference model of a restart policy.

use std::time::Duration;

use crate::scenario::{RestartOn, RestartPolicy, ms};

/// What must follow when something that is supervised ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RestartDecision {
    /// Nothing.
    Done,
    /// A restart after this delay.
    Restart(Duration),
    /// The restart limit is reached, so the failure is escalated.
    Escalate,
}

/// A policy and the restarts that it has allowed so far.
#[derive(Clone, Debug)]
pub(super) struct RestartHistory {
    policy: RestartPolicy,
    /// When it was restarted, and whether the run before that was long enough to reset the backoff.
    restarts: Vec<(Duration, bool)>,
}

impl RestartHistory {
    pub(super) fn new(policy: RestartPolicy) -> Self {
        Self { policy, restarts: Vec::new() }
    }

    /// What must follow when a run of this length ends now.
    pub(super) fn decide(&mut self, now: Duration, ran: Duration, failed: bool) -> RestartDecision {
        match self.policy.on {
            RestartOn::Never => return RestartDecision::Done,
            RestartOn::Failure if !failed => return RestartDecision::Done,
            RestartOn::Failure | RestartOn::Any => {}
        }
        let recent = self.restarts.iter().filter(|(at, _)| now - *at < ms(self.policy.period)).count();
        if recent >= self.policy.max_restarts as usize {
            return RestartDecision::Escalate;
        }
        self.restarts.push((now, ran >= ms(self.policy.reset_after)));
        let streak = self.restarts.iter().rev().position(|(_, resets)| *resets).unwrap_or(self.restarts.len() - 1);
        let delay = (self.policy.delay << streak.min(20)).min(self.policy.max_delay);
        RestartDecision::Restart(ms(delay))
    }
}
