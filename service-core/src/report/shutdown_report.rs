//! [`ShutdownReport`]: what a shutdown or a rollback achieved, service by service.

use std::fmt;
use std::time::Duration;

use crate::base::{Failure, Location, ShutdownReason, StopOutcome, lasted};

/// What a shutdown or a rollback achieved, service by service, in the order in which they went down.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// Why the registry went down.
    pub reason: ShutdownReason,
    /// One entry for each service that had been ready, and for each that was stopped on its way up.
    pub services: Vec<ServiceShutdown>,
    /// How long it took.
    pub total: Duration,
}

/// How one service went down.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServiceShutdown {
    /// The service's name.
    pub name: String,
    /// Where it is declared.
    pub location: Location,
    /// How it went.
    pub outcome: StopOutcome,
    /// How long it took to drain: admitted calls, then tasks.
    pub drain: Duration,
    /// How long `shutdown` and the cleanups took.
    pub own: Duration,
    /// Guarded calls that were still running when the drain budget was used up, by method and how many.
    pub calls_left: Vec<(String, usize)>,
    /// References to the instance that outlived it.
    pub still_held: usize,
}

impl ShutdownReport {
    /// Whether every service went down without an error and in time, and none had failed before.
    pub fn is_clean(&self) -> bool {
        !matches!(self.reason, ShutdownReason::Failed(_))
            && self.services.iter().all(|service| service.outcome.is_clean())
    }

    /// Everything that went wrong, in the order in which it did.
    pub fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.services.iter().filter_map(|service| service.outcome.failure())
    }
}

impl fmt::Display for ShutdownReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clean = self.services.iter().filter(|service| service.outcome.is_clean()).count();
        let all = self.services.len();
        write!(f, "{clean} of {all} services shut down cleanly in {:?} ({})", lasted(self.total), self.reason)?;
        let width = self.services.iter().map(|service| service.name.chars().count()).max().unwrap_or(0);
        for service in &self.services {
            let ServiceShutdown { name, outcome, drain, own, calls_left, still_held, .. } = service;
            write!(f, "\n  {name:width$}  {outcome}, drained {:?}, own {:?}", lasted(*drain), lasted(*own))?;
            for (method, count) in calls_left {
                write!(f, ", {count} × {method} still running")?;
            }
            match still_held {
                0 => {}
                1 => f.write_str(", a reference outlives it")?,
                many => write!(f, ", {many} references outlive it")?,
            }
        }
        Ok(())
    }
}
