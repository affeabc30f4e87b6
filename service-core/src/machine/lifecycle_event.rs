//! [`LifecycleEvent`]: what happened outside of the machine.

use std::time::Duration;

use super::demands::Ticket;
use super::effect::Timer;
use crate::base::{Failure, ShutdownReason, StopOutcome};

/// How an attempt failed.
#[derive(Clone, Debug)]
pub(crate) struct FailedAttempt {
    pub failure: Failure,
    /// When the budget of all attempts ends; `None` if it may not be tried again.
    pub retry_until: Option<Duration>,
    /// A random number, as in [`LifecycleEvent`].
    pub drawn: f64,
}

/// What happened outside of the machine. `drawn` is a random number from 0 up to but not including 1, for jitter.
#[derive(Clone, Debug)]
pub(crate) enum LifecycleEvent {
    /// The boot was requested: every service that is not lazy.
    Boot,
    /// The last caller that waited for the boot has gone, and none has learnt how it ended.
    BootAbandoned,
    /// A service was requested, with all it requires.
    Requested { ticket: Ticket, service: usize },
    /// The restart of a service was requested, whatever its policy.
    RestartRequested { ticket: Ticket, service: usize },
    /// The start of a service waits for another service: it frees its place until it resumes.
    Paused(usize),
    /// The start of a service resumes after one such wait.
    Resumed(usize),
    /// `init`, `start` and `health` succeeded, after so long.
    Started { service: usize, elapsed: Duration },
    /// An attempt to start a service failed. What it has begun is not unwound yet.
    StartFailed { service: usize, attempt: FailedAttempt },
    /// A start that failed, was aborted or ended too late was unwound.
    Unwound { service: usize, outcome: StopOutcome },
    /// A service has stopped.
    Stopped { service: usize, outcome: StopOutcome, elapsed: Duration },
    /// A supervised task of a service has failed for good.
    Escalated { service: usize, failure: Failure, drawn: f64 },
    /// A shutdown was requested for this reason. The request itself follows; until then nothing else changes.
    ReasonGiven(ShutdownReason),
    /// A shutdown was requested.
    ShutdownRequested(ShutdownReason),
    /// The last handle of the registry was dropped.
    Dropped,
    /// The time of a timer has come.
    TimerFired(Timer),
}
