//! [`Finish`]: how a registry ended, as far as the machine decides it.

use std::time::Duration;

use crate::base::{Failure, ShutdownReason};

/// How a registry ended.
#[derive(Clone, Debug)]
pub(crate) struct Finish {
    pub reason: ShutdownReason,
    /// Since when everything shut down.
    pub since: Duration,
    /// What the boot fails with, unless it had succeeded.
    pub boot: Option<BootEnd>,
}

/// What a boot fails with.
#[derive(Clone, Debug)]
pub(crate) struct BootEnd {
    pub cause: BootCause,
    /// Every failure of a service that has not been ready since, those that failed the boot first.
    pub failures: Vec<Failure>,
    /// Each service that was blocked, and the failed one that blocked it.
    pub blocked: Vec<(usize, usize)>,
}

/// What ended a boot that fails.
#[derive(Clone, Debug)]
pub(crate) enum BootCause {
    Cancelled,
    ShutDown(ShutdownReason),
    /// Its budget ran out, after so long.
    TimedOut(Duration),
    /// Services failed.
    Services,
}
