//! [`ShutdownError`]: a shutdown that was not clean.

use std::error::Error;
use std::fmt;

use super::shutdown_report::ShutdownReport;

/// A shutdown that was not clean, or that the caller cannot wait for.
#[derive(Clone, PartialEq, Eq)]
pub struct ShutdownError {
    kind: Kind,
}

#[derive(Clone, PartialEq, Eq)]
enum Kind {
    Unclean(ShutdownReport),
    FromInside(String),
    WaitsForItself(String),
    RuntimeGone,
}

impl ShutdownError {
    /// Every service is down, but not every one cleanly.
    pub(crate) fn unclean(report: ShutdownReport) -> Self {
        Self { kind: Kind::Unclean(report) }
    }

    /// The caller is part of what shuts down.
    pub(crate) fn from_inside(service: String) -> Self {
        Self { kind: Kind::FromInside(service) }
    }

    /// The caller is part of what it would wait for, and has not requested a shutdown.
    pub(crate) fn waits_for_itself(service: String) -> Self {
        Self { kind: Kind::WaitsForItself(service) }
    }

    /// The runtime was shut down first.
    pub(crate) fn runtime_gone() -> Self {
        Self { kind: Kind::RuntimeGone }
    }

    /// The report of the shutdown; `None` if the caller did not wait for it.
    pub fn report(&self) -> Option<&ShutdownReport> {
        match &self.kind {
            Kind::Unclean(report) => Some(report),
            _ => None,
        }
    }
}

impl fmt::Display for ShutdownError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Unclean(report) => fmt::Display::fmt(report, f),
            Kind::FromInside(service) => write!(
                f,
                "the shutdown is requested, but {service} cannot wait for it: it is a part of what goes down; use request_shutdown, or wait elsewhere"
            ),
            Kind::WaitsForItself(service) => write!(
                f,
                "{service} cannot wait until its registry is down: it is a part of what goes down; wait for the stopping() of its context instead"
            ),
            Kind::RuntimeGone => f.write_str(
                "the runtime this registry lived on was shut down before the registry was; call shutdown().await before the runtime ends",
            ),
        }
    }
}

impl fmt::Debug for ShutdownError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for ShutdownError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.report()?.failures().next().map(|failure| failure as _)
    }
}
