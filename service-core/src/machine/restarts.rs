//! [`Restarts`]: what follows an ending, by the policy and by what has happened so far.

use std::collections::VecDeque;
use std::time::Duration;

use crate::base::{After, Restart};

#[cfg(test)]
mod tests;

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing: it has ended for good.
    Over,
    /// It is started again after this pause.
    Again(Duration),
    /// It has been started again too often.
    GiveUp,
}

/// The restarts of one thing. Times are counted from any one moment.
#[derive(Clone, Debug)]
pub(crate) struct Restarts {
    policy: Restart,
    /// When the latest restarts were, as far as they are in the period.
    recent: VecDeque<Duration>,
    /// How many pauses have followed each other without a quiet time between.
    streak: u32,
}

impl Restarts {
    pub(crate) fn new(policy: Restart) -> Self {
        Self { policy, recent: VecDeque::new(), streak: 0 }
    }

    /// What follows an ending at `now`, after a run that lasted `ran`. What is random about the pause is `drawn`, from 0 up
    /// to but not including 1.
    pub(crate) fn after(&mut self, now: Duration, ran: Duration, failed: bool, drawn: f64) -> Next {
        match self.policy.after {
            After::None => return Next::Over,
            After::Failure if !failed => return Next::Over,
            After::Failure | After::Any => {}
        }
        while self.recent.front().is_some_and(|at| now.saturating_sub(*at) >= self.policy.period) {
            self.recent.pop_front();
        }
        if self.recent.len() >= self.policy.restarts as usize {
            return Next::GiveUp;
        }
        // Where any number is allowed, they need not be remembered.
        if self.policy.restarts < u32::MAX {
            self.recent.push_back(now);
        }
        if ran >= self.policy.quiet {
            self.streak = 0;
        }
        let pause = self.policy.backoff.pause(self.streak);
        self.streak += 1;
        let more = pause.as_secs_f64() * self.policy.jitter.max(0.0) * drawn;
        Next::Again(pause.saturating_add(Duration::try_from_secs_f64(more).unwrap_or_default()))
    }
}
