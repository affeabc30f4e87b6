//! [`ShutdownReport`]: the result of a shutdown or a rollback, service by service.

use std::fmt;
use std::time::Duration;

use crate::base::{Failure, Location, ShutdownReason, StopOutcome, lasted};

/// The result of a shutdown or a rollback, service by service, in the order in which they stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// Why the registry shut down.
    pub reason: ShutdownReason,
    /// One entry for each service that was ready, for each whose start was aborted, and for each whose failed start was not
    /// unwound cleanly.
    pub services: Vec<ServiceShutdown>,
    /// How long it took.
    pub total: Duration,
}

/// How the shutdown of one service went.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceShutdown {
    /// The service's name.
    pub name: String,
    /// Where it is declared.
    pub location: Location,
    /// Whether it had become ready. If not, its start failed or was aborted, and what it had begun was unwound.
    pub was_ready: bool,
    /// How it ended.
    pub outcome: StopOutcome,
    /// Everything that went wrong, in order: tasks, steps that exceeded their budget, `shutdown` and the cleanups.
    pub failures: Vec<Failure>,
    /// What the service reported with `cx.note`, in order. A note is no failure.
    pub notes: Vec<String>,
    /// How long the drain took: admitted calls, then tasks.
    pub drain: Duration,
    /// How long `shutdown` and the cleanups took.
    pub own: Duration,
    /// Guarded calls that were still running when the drain budget ended.
    pub calls_left: Vec<CallsLeft>,
    /// The number of references to the instance that outlived the shutdown.
    pub still_held: usize,
}

impl ServiceShutdown {
    /// An entry of a start that is unwound, without a step yet; each step fills in what it measured.
    pub(crate) fn new(name: &str, location: Location) -> Self {
        Self {
            name: name.to_owned(),
            location,
            was_ready: false,
            outcome: StopOutcome::Clean,
            failures: Vec::new(),
            notes: Vec::new(),
            drain: Duration::ZERO,
            own: Duration::ZERO,
            calls_left: Vec::new(),
            still_held: 0,
        }
    }
}

/// The guarded calls to one method that were still running when the drain budget ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallsLeft {
    /// The name of the method.
    pub method: String,
    /// The number of calls.
    pub count: usize,
}

impl ShutdownReport {
    /// Whether every service stopped in time and without an error, and none had failed before.
    pub fn is_clean(&self) -> bool {
        !matches!(self.reason, ShutdownReason::Failed(_))
            && self.services.iter().all(|service| service.outcome.is_clean())
    }

    /// Every failure of every service, in order.
    pub fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.services.iter().flat_map(|service| &service.failures)
    }
}

impl fmt::Display for ShutdownReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ready = self.services.iter().filter(|service| service.was_ready);
        let (clean, all) = (ready.clone().filter(|service| service.outcome.is_clean()).count(), ready.count());
        write!(f, "{clean} of {all} services shut down cleanly")?;
        match self.services.len() - all {
            0 => {}
            1 => f.write_str(", 1 start unwound,")?,
            unwound => write!(f, ", {unwound} starts unwound,")?,
        }
        write!(f, " in {:?} ({})", lasted(self.total), self.reason)?;
        let width = self.services.iter().map(|service| service.name.chars().count()).max().unwrap_or(0);
        for service in &self.services {
            let ServiceShutdown {
                name, was_ready, outcome, failures, notes, drain, own, calls_left, still_held, ..
            } = service;
            let what = if *was_ready { "" } else { "start unwound: " };
            write!(f, "\n  {name:width$}  {what}{outcome}, drained {:?}, own {:?}", lasted(*drain), lasted(*own))?;
            for CallsLeft { method, count } in calls_left {
                write!(f, ", {count} × {method} still running")?;
            }
            match still_held {
                0 => {}
                1 => f.write_str(", a reference outlives it")?,
                many => write!(f, ", {many} references outlive it")?,
            }
            for other in failures.iter().filter(|failure| outcome.failure() != Some(failure)) {
                write!(f, "\n  {:width$}  also: {other}", "")?;
            }
            for note in notes {
                write!(f, "\n  {:width$}  note: {note}", "")?;
            }
        }
        Ok(())
    }
}
