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
    /// The chain of services that determined how long the boot took, first to last. [`path`](Self::path) has their times.
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
    /// Whether the boot started it. `false` for a lazy service that nothing eager requires.
    pub eager: bool,
    /// The names of the services that it requires, wants or starts after.
    pub dependencies: Vec<String>,
    /// How long after the begin of the boot its latest start began; `None` before it has started.
    pub began: Option<Duration>,
    /// How long it waited until its start, counted from the boot that requested it: for its dependencies, then for a place
    /// under the limit of `concurrency`.
    pub waited: Duration,
    /// The part of `waited` in which it waited only for a place under the limit of `concurrency`.
    pub waited_for_slot: Duration,
    /// How long its own `init`, `start` and first `health` took.
    pub own: Duration,
    /// How much longer it could have taken without delaying the boot; `None` if it was no part of it. The limit of
    /// `concurrency` is not taken into account.
    pub slack: Option<Duration>,
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

impl BootReport {
    /// The report of these services, in the plan's order, with the critical path and the slack of each.
    pub(crate) fn new(services: Vec<ServiceReport>, total: Duration, undeclared: Vec<UndeclaredCall>) -> Self {
        let mut report = Self { services, total, critical_path: Vec::new(), undeclared };
        let slack = report.model().slack();
        report.services.iter_mut().zip(slack).for_each(|(service, slack)| service.slack = slack);
        report.critical_path = report.path().steps.into_iter().map(|step| step.name).collect();
        report
    }
}

impl ServiceReport {
    /// Whether its latest start is a part of a boot that took this long.
    pub(super) fn is_of_boot(&self, total: Duration) -> bool {
        self.eager && self.began.is_some_and(|began| began <= total)
    }

    /// When it was ready or had failed, counted from the begin of the boot.
    pub(super) fn ended(&self) -> Option<Duration> {
        Some(self.began? + self.own)
    }
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
                if !service.waited_for_slot.is_zero() {
                    write!(f, ", {:?} of it for a slot", lasted(service.waited_for_slot))?;
                }
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
