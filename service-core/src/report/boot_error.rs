//! [`BootError`]: why a boot failed, what that blocked, and what the rollback did.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::plan_error::PlanError;
use super::shutdown_report::ShutdownReport;
use crate::base::{Failure, ShutdownReason, lasted};

/// Why a boot failed: root causes first, then what they blocked, then what the rollback did.
///
/// [`source()`](Error::source) leads through the [`Failure`] to the user's own error. `Debug` prints the same readable
/// text as `Display`, because that is what `main` shows.
#[derive(Clone)]
pub struct BootError {
    inner: Arc<Inner>,
}

struct Inner {
    failure: BootFailure,
    rollback: Option<ShutdownReport>,
}

/// What made a boot fail.
#[non_exhaustive]
pub enum BootFailure {
    /// The plan is unsound; no code of a service has run.
    Plan(PlanError),
    /// Services failed.
    Services {
        /// Each service that failed by itself, in the plan's order.
        failures: Vec<Failure>,
        /// Each service that was never started because of one of these, and which.
        blocked: Vec<(String, String)>,
    },
    /// The budget of the whole boot ran out.
    TimedOut {
        /// The budget.
        after: Duration,
        /// Each service that was not ready, and what it was doing.
        unready: Vec<(String, String)>,
    },
    /// The boot's token was cancelled, or nobody waited for it any more.
    Cancelled,
    /// A shutdown was requested before the boot ended.
    ShutDown(ShutdownReason),
    /// Another builder has booted the process's registry; where it was called.
    AlreadyBooted(String),
    /// This service waited, on its own way up, for the boot that it is a part of.
    Inside(String),
    /// The signals could not be listened for.
    Signals(io::Error),
    /// There is no tokio runtime to run on, or it was shut down before the boot ended.
    NoRuntime,
}

impl BootError {
    pub(crate) fn new(failure: BootFailure, rollback: Option<ShutdownReport>) -> Self {
        Self { inner: Arc::new(Inner { failure, rollback }) }
    }

    /// What made the boot fail.
    pub fn failure(&self) -> &BootFailure {
        &self.inner.failure
    }

    /// The services that failed by themselves, in the plan's order; empty where no service did.
    pub fn failures(&self) -> &[Failure] {
        match &self.inner.failure {
            BootFailure::Services { failures, .. } => failures,
            _ => &[],
        }
    }

    /// What is wrong with the plan, if that is why.
    pub fn plan(&self) -> Option<&PlanError> {
        match &self.inner.failure {
            BootFailure::Plan(error) => Some(error),
            _ => None,
        }
    }

    /// What the rollback did; `None` where nothing had come up.
    pub fn rollback(&self) -> Option<&ShutdownReport> {
        self.inner.rollback.as_ref()
    }
}

impl fmt::Display for BootError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.inner.failure {
            BootFailure::Plan(error) => return fmt::Display::fmt(error, f),
            BootFailure::Services { failures, blocked } => {
                f.write_str("the boot failed")?;
                for failure in failures {
                    write!(f, "\n  {failure}")?;
                }
                for (service, by) in blocked {
                    write!(f, "\n  {service} was not started, because it requires {by}")?;
                }
            }
            BootFailure::TimedOut { after, unready } => {
                write!(f, "the boot did not end within {:?}", lasted(*after))?;
                for (service, doing) in unready {
                    write!(f, "\n  {service} {doing}")?;
                }
            }
            BootFailure::Cancelled => f.write_str("the boot was cancelled")?,
            BootFailure::ShutDown(reason) => write!(f, "the boot was given up for a shutdown: {reason}")?,
            BootFailure::AlreadyBooted(by) => write!(
                f,
                "the process already has a registry, booted at {by}; use that one, shut it down first, or make this one `.isolated()`"
            )?,
            BootFailure::Inside(service) => write!(
                f,
                "{service} cannot wait for the boot: it is a part of what comes up; use Registry::current(), or wait elsewhere"
            )?,
            BootFailure::Signals(error) => write!(f, "cannot listen for SIGTERM and ctrl-c: {error}")?,
            BootFailure::NoRuntime => {
                f.write_str("a boot needs a tokio runtime that outlives it; call it inside #[tokio::main]")?;
            }
        }
        match &self.inner.rollback {
            Some(rollback) if !rollback.services.is_empty() => {
                write!(f, "\nrolled back: {}", rollback.to_string().trim_end())
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for BootError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for BootError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.inner.failure {
            BootFailure::Plan(error) => Some(error),
            BootFailure::Services { failures, .. } => failures.first().map(|failure| failure as _),
            BootFailure::Signals(error) => Some(error),
            _ => None,
        }
    }
}

impl From<PlanError> for BootError {
    fn from(error: PlanError) -> Self {
        Self::new(BootFailure::Plan(error), None)
    }
}
