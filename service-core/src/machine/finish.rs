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
pub(crate) enum BootEnd {
    Cancelled,
    ShutDown(ShutdownReason),
    /// Its budget ran out, after so long.
    TimedOut(Duration),
    /// Services failed, and each of the others was blocked by one of them.
    Services {
        failures: Vec<Failure>,
        blocked: Vec<(usize, usize)>,
    },
}
