//! [`Pump`]: a supervised task of a service. [`Policy`]: whether and when something that has ended is started again.

use std::time::Duration;

use service_core::Restart;

use crate::script::End;
use crate::stage::ms;

/// After which endings something is started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// After all.
    Any,
    /// After failures.
    Failure,
    /// After none.
    Never,
}

/// Whether and when something that has ended is started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// After which endings.
    pub after: After,
    /// How often in a period.
    pub restarts: u32,
    /// How long a period is.
    pub period: u64,
    /// The first pause; each is twice as long as the one before it.
    pub delay: u64,
    /// The longest pause.
    pub max_delay: u64,
    /// After a run of this length the pauses begin anew.
    pub quiet: u64,
}

/// A supervised task, spawned when `init` begins. It ends at once when its service goes down.
#[derive(Clone, Debug)]
pub struct Pump {
    /// Whether it is started again.
    pub policy: Policy,
    /// Its runs, of all lives of its service; the one after the last of these lasts until the service goes down.
    pub runs: Vec<Run>,
}

/// One run of a supervised task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// How long it takes; until somebody breaks it if it is not said.
    pub lasts: Option<u64>,
    /// How it ends.
    pub ends: End,
}

impl Policy {
    /// After failures, so often in ten minutes, after a pause of so long.
    pub const fn of(restarts: u32, delay: u64) -> Self {
        Self { after: After::Failure, restarts, period: 600_000, delay, max_delay: delay, quiet: 60_000 }
    }

    pub(crate) fn restart(self) -> Restart {
        let restart = match self.after {
            After::Any => Restart::permanent(),
            After::Failure => Restart::transient(),
            After::Never => Restart::temporary(),
        };
        let restart = restart.intensity(self.restarts, ms(self.period)).quiet(ms(self.quiet));
        restart.backoff(ms(self.delay), ms(self.max_delay))
    }
}

/// What follows an ending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Over,
    Again(Duration),
    GiveUp,
}

/// What a policy says, and all that it has said before.
#[derive(Clone, Debug)]
pub(crate) struct History {
    policy: Policy,
    /// When it was started again, and whether the run before that was a quiet one.
    restarts: Vec<(Duration, bool)>,
}

impl History {
    pub(crate) fn new(policy: Policy) -> Self {
        Self { policy, restarts: Vec::new() }
    }

    /// What follows an ending at this time, after a run of this length.
    pub(crate) fn next(&mut self, now: Duration, ran: Duration, failed: bool) -> Next {
        match self.policy.after {
            After::Never => return Next::Over,
            After::Failure if !failed => return Next::Over,
            After::Failure | After::Any => {}
        }
        let recent = self.restarts.iter().filter(|(at, _)| now - *at < ms(self.policy.period)).count();
        if recent >= self.policy.restarts as usize {
            return Next::GiveUp;
        }
        self.restarts.push((now, ran >= ms(self.policy.quiet)));
        let streak = self.restarts.iter().rev().position(|(_, quiet)| *quiet).unwrap_or(self.restarts.len() - 1);
        Next::Again(ms((self.policy.delay << streak.min(20)).min(self.policy.max_delay)))
    }
}
