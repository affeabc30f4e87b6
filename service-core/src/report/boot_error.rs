//! [`BootError`]: why a boot failed, which services that blocked, and what the rollback did.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::boot_report::BootReport;
use super::plan_error::PlanError;
use super::shutdown_report::ShutdownReport;
use crate::base::{Failure, ShutdownReason, lasted};

/// How many services of one kind the text of an error lists, so that it fits on a screen.
const LISTED: usize = 10;

/// Why a boot failed: the root causes, then the services that they blocked, then what the rollback did.
///
/// [`source()`](Error::source) is the first [`Failure`], whose source is the service's own error. `Debug` prints the same
/// text as `Display`, because `main` prints an error with `Debug`.
#[derive(Clone)]
pub struct BootError {
    inner: Arc<BootErrorData>,
}

struct BootErrorData {
    failure: BootFailure,
    failures: Vec<Failure>,
    rollback: Option<ShutdownReport>,
    snapshot: Option<BootSnapshot>,
}

/// The services at the moment at which the boot failed.
pub(crate) struct BootSnapshot {
    pub report: BootReport,
    /// The graph. Its type is in the folder `plan`, which knows this one, so `BootError::graph` is there.
    pub graph: Box<dyn Any + Send + Sync>,
}

/// The cause of a failed boot.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum BootFailure {
    /// The plan is unsound; no code of a service has run.
    Plan(PlanError),
    /// Services failed.
    #[non_exhaustive]
    Services {
        /// Each service whose own hook failed, in the order of [`BootError::failures`].
        failures: Vec<Failure>,
        /// Each service that was not started because one of these failed, in the plan's order.
        blocked: Vec<BlockedService>,
    },
    /// The budget of the whole boot ran out.
    #[non_exhaustive]
    TimedOut {
        /// The budget.
        after: Duration,
        /// Each service that was not ready, in the plan's order.
        unready: Vec<UnreadyService>,
    },
    /// The boot's token was cancelled, or every caller that waited for the boot has gone.
    Cancelled,
    /// A shutdown was requested before the boot ended.
    ShutDown(ShutdownReason),
    /// Another builder has booted the process's registry, at this location.
    AlreadyBooted(String),
    /// This service waited in its own start for the boot that it is part of.
    Inside(String),
    /// The signals could not be listened for.
    Signals(Arc<io::Error>),
    /// There is no tokio runtime to run on, or it was shut down before the boot ended.
    NoRuntime,
    /// The tokio runtime has no timer, so no budget could end.
    NoTimer,
}

/// A service that was not started, because a service that it requires failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BlockedService {
    /// The name of the service that was not started.
    pub service: String,
    /// The name of the service that failed.
    pub by: String,
}

/// A service that was not ready when the budget of the boot ran out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnreadyService {
    /// The name of the service.
    pub service: String,
    /// What the service was doing or waiting for, as text: `waits for Db`.
    pub doing: String,
    /// Whether it only waits for other services.
    pub(crate) waits: bool,
}

impl BootError {
    /// An error of a boot in which no service has failed.
    pub(crate) fn new(failure: BootFailure, rollback: Option<ShutdownReport>) -> Self {
        Self::with_failures(failure, Vec::new(), rollback, None)
    }

    pub(crate) fn with_failures(
        failure: BootFailure,
        failures: Vec<Failure>,
        rollback: Option<ShutdownReport>,
        snapshot: Option<BootSnapshot>,
    ) -> Self {
        Self { inner: Arc::new(BootErrorData { failure, failures, rollback, snapshot }) }
    }

    /// The cause.
    pub fn failure(&self) -> &BootFailure {
        &self.inner.failure
    }

    /// The failures of services, whatever ended the boot: those that failed the boot come first, then the others, then the latest
    /// failure of each service that was being tried again, each in the plan's order. Empty if no service failed.
    pub fn failures(&self) -> &[Failure] {
        &self.inner.failures
    }

    /// The error of the plan, if the plan is unsound.
    pub fn plan(&self) -> Option<&PlanError> {
        match &self.inner.failure {
            BootFailure::Plan(error) => Some(error),
            _ => None,
        }
    }

    /// How the boot went until it failed, service by service; `None` if no boot had begun. Its timeline and its trace show
    /// what it spent its time on, and mark what failed.
    pub fn report(&self) -> Option<&BootReport> {
        self.snapshot().map(|snapshot| &snapshot.report)
    }

    pub(crate) fn snapshot(&self) -> Option<&BootSnapshot> {
        self.inner.snapshot.as_ref()
    }

    /// What the rollback did; `None` if no service had started.
    pub fn rollback(&self) -> Option<&ShutdownReport> {
        self.inner.rollback.as_ref()
    }
}

impl BootError {
    /// Begins with the service that failed, because the first line is what a reader sees of a long text.
    fn lead(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(first) = self.failures().first() else { return f.write_str("the boot failed") };
        if first.phase().is_start() {
            write!(f, "{} could not start: ", first.service())?;
        }
        write!(f, "{first}")
    }
}

fn list(f: &mut fmt::Formatter<'_>, failures: &[Failure]) -> fmt::Result {
    failures.iter().try_for_each(|failure| write!(f, "\n  {failure}"))
}

/// The services that were still starting while the others waited for them, as the beginning of a sentence.
fn late(unready: &[UnreadyService]) -> Option<String> {
    let late: Vec<_> = unready.iter().filter(|it| !it.waits).map(|it| it.service.as_str()).collect();
    match &*late {
        [] => None,
        [one] => Some(format!("{one} was")),
        [one, other] => Some(format!("{one} and {other} were")),
        [one, rest @ ..] => Some(format!("{one} and {} more services were", rest.len())),
    }
}

/// Lists the first lines, and how many more there are of what they name.
fn list_some(f: &mut fmt::Formatter<'_>, mut lines: impl ExactSizeIterator<Item = String>, what: &str) -> fmt::Result {
    // A line about a single one says no less than its own.
    let listed = if lines.len() == LISTED + 1 { LISTED + 1 } else { LISTED };
    lines.by_ref().take(listed).try_for_each(|line| write!(f, "\n  {line}"))?;
    match lines.len() {
        0 => Ok(()),
        more => write!(f, "\n  and {more} more {what}"),
    }
}

impl fmt::Display for BootError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.inner.failure {
            BootFailure::Plan(error) => return fmt::Display::fmt(error, f),
            BootFailure::Services { blocked, .. } => {
                self.lead(f)?;
                list(f, self.failures().get(1..).unwrap_or_default())?;
                let line = |BlockedService { service, by }: &BlockedService| {
                    format!("{service} was not started, because it requires {by}")
                };
                list_some(f, blocked.iter().map(line), "services were not started")?;
            }
            BootFailure::TimedOut { after, unready } => {
                if let Some(late) = late(unready) {
                    write!(f, "{late} not ready in time: ")?;
                }
                write!(f, "the boot did not end within {:?}, its `boot_timeout`", lasted(*after))?;
                list(f, self.failures())?;
                let line = |UnreadyService { service, doing, .. }: &UnreadyService| format!("{service} {doing}");
                list_some(f, unready.iter().map(line), "services were not ready")?;
            }
            BootFailure::Cancelled => {
                f.write_str("the boot was cancelled")?;
                list(f, self.failures())?;
            }
            BootFailure::ShutDown(reason) => {
                write!(f, "the boot was given up for a shutdown: {reason}")?;
                // The reason may be the text of a failure.
                let reason = reason.to_string();
                let mut others = self.failures().iter().map(Failure::to_string).filter(|failure| *failure != reason);
                others.try_for_each(|failure| write!(f, "\n  {failure}"))?;
            }
            BootFailure::AlreadyBooted(by) => write!(
                f,
                "the process already has a registry, booted at {by}; use that one, shut it down first, or make this one `.isolated()`"
            )?,
            BootFailure::Inside(service) => write!(
                f,
                "{service} cannot wait for the boot: it is a part of what comes up; use Registry::current(), or wait elsewhere"
            )?,
            BootFailure::Signals(error) => write!(f, "cannot listen for SIGTERM and ctrl-c: {error}")?,
            BootFailure::NoTimer => f.write_str(
                "the tokio runtime has no timer, and budgets need one; build the runtime with enable_time() or enable_all()",
            )?,
            BootFailure::NoRuntime => {
                f.write_str("a boot needs a tokio runtime that outlives it; call it inside #[tokio::main]")?;
            }
        }
        match &self.inner.rollback {
            Some(rollback) if !rollback.services.is_empty() => {
                f.write_str("\nrolled back: ")?;
                rollback.list_after(None, f)
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
            BootFailure::Signals(error) => Some(&**error),
            _ => self.failures().first().map(|failure| failure as _),
        }
    }
}

impl From<PlanError> for BootError {
    fn from(error: PlanError) -> Self {
        Self::new(BootFailure::Plan(error), None)
    }
}
