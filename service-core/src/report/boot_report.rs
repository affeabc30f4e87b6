//! [`BootReport`]: what a boot achieved, service by service.

use std::fmt;
use std::time::Duration;

use crate::base::{Failure, Location, State, lasted};

/// What a boot achieved, service by service, in the plan's order.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BootReport {
    /// One entry a service of the plan.
    pub services: Vec<ServiceReport>,
    /// From the beginning of the boot to its end (or until now).
    pub total: Duration,
    /// The chain of services that the boot had to wait for, first to last; their `own` times add up to `total` when
    /// no concurrency cap stood in the way.
    pub critical_path: Vec<String>,
    /// Calls from one service's `init` to another that it does not declare: who, whom.
    pub undeclared: Vec<(String, String)>,
}

/// How one service came up, or did not.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServiceReport {
    /// The service's name.
    pub name: String,
    /// Where it is declared.
    pub location: Location,
    /// Its state now.
    pub state: State,
    /// How long it waited for what it depends on, since the boot that wanted it began.
    pub waited: Duration,
    /// How long its own `init`, `start` and first `health` took.
    pub own: Duration,
    /// How often `init` was tried.
    pub attempts: u32,
    /// The longest that one of its hooks has blocked its thread, if that was long enough to hold up others.
    pub blocked: Option<Duration>,
    /// How it failed, if it did.
    pub failure: Option<Failure>,
    /// What it wants and has not got, so it is degraded.
    pub missing: Vec<String>,
}

impl fmt::Display for BootReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ready = self.services.iter().filter(|service| service.state == State::Ready).count();
        write!(f, "{ready} of {} services ready in {:?}", self.services.len(), lasted(self.total))?;
        let width = self.services.iter().map(|service| service.name.chars().count()).max().unwrap_or(0);
        for service in &self.services {
            let ServiceReport { name, state, waited, own, .. } = service;
            write!(f, "\n  {name:width$}  ")?;
            if service.attempts == 0 {
                write!(f, "{state}")?;
            } else {
                write!(f, "{state:8}  own {:?}, waited {:?}", lasted(*own), lasted(*waited))?;
            }
            if service.attempts > 1 {
                write!(f, ", {} attempts", service.attempts)?;
            }
            if let Some(blocked) = service.blocked {
                write!(f, ", blocked its thread for {:?}", lasted(blocked))?;
            }
            if !service.missing.is_empty() {
                write!(f, ", without {}", service.missing.join(", "))?;
            }
            if let Some(failure) = &service.failure {
                write!(f, ": {failure}")?;
            }
        }
        if !self.critical_path.is_empty() {
            write!(f, "\n  longest path: {}", self.critical_path.join(" → "))?;
        }
        for (who, whom) in &self.undeclared {
            write!(f, "\n  {who} called {whom} in its init without declaring it: add it to `requires`")?;
        }
        Ok(())
    }
}
