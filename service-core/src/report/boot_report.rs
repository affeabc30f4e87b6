//! [`BootReport`]: the result of a boot, service by service.

use std::fmt;
use std::time::Duration;

use crate::base::{Failure, Location, State, lasted};

/// The result of a boot, service by service, in the plan's order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BootReport {
    /// One entry for each service of the plan.
    pub services: Vec<ServiceReport>,
    /// The time from the start of the boot to its end, or until now if it has not ended.
    pub total: Duration,
    /// The chain of services that determined how long the boot took, first to last. Their `own` times add up to `total`
    /// unless the limit of `concurrency` was reached.
    pub critical_path: Vec<String>,
    /// The calls that services made in their `init` to services that they do not declare.
    pub undeclared: Vec<UndeclaredCall>,
}

/// How the start of one service went.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceReport {
    /// The service's name.
    pub name: String,
    /// Where it is declared.
    pub location: Location,
    /// Its state now.
    pub state: State,
    /// How long it waited for its dependencies, counted from the boot that requested it.
    pub waited: Duration,
    /// How long its own `init`, `start` and first `health` took.
    pub own: Duration,
    /// The number of attempts of `init`.
    pub attempts: u32,
    /// The longest time that a hook blocked its thread, if it was half a second or more.
    pub blocked: Option<Duration>,
    /// Its failure, if it failed.
    pub failure: Option<Failure>,
    /// The dependencies in `wants` that it does not have; it is degraded by them.
    pub missing: Vec<String>,
}

/// A call from the `init` of one service to another that it does not declare.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UndeclaredCall {
    /// The name of the service that made the call.
    pub caller: String,
    /// The name of the service that was called.
    pub callee: String,
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
        for UndeclaredCall { caller, callee } in &self.undeclared {
            write!(f, "\n  {caller} called {callee} in its init without declaring it: add it to `requires`")?;
        }
        Ok(())
    }
}
