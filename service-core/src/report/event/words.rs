//! An event in words, as the log and its `Display` tell it. Times are in seconds.

use std::fmt;

use super::{Event, EventKind};
use crate::base::{Failure, State, StopOutcome, json, seconds};

impl EventKind {
    /// What happened, without whom it happened to.
    pub(crate) fn words(&self) -> &'static str {
        match self {
            Self::Booting { .. } => "booting",
            Self::Starting { .. } => "starting",
            Self::Retrying { .. } => "trying again",
            Self::Progress { .. } => "progress",
            Self::Extended { .. } => "needs more time",
            Self::Late { .. } => "late",
            Self::Blocking { .. } => "blocking its thread; use spawn_blocking",
            Self::SlowHealth { .. } => "its health check is slow",
            Self::Restarting { .. } => "restarting",
            Self::Ready { .. } => "ready",
            Self::Failed { .. } => "failed",
            Self::Blocked { .. } => "blocked",
            Self::Undone { outcome: StopOutcome::Clean, .. } => "undone",
            Self::Undone { .. } => "undone, but not cleanly",
            Self::Booted { .. } => "booted",
            Self::RollingBack => "the boot failed, rolling back",
            Self::ShuttingDown { .. } => "shutting down",
            Self::Draining { .. } => "draining",
            Self::Stopping { .. } => "stopping",
            Self::Stopped { outcome: StopOutcome::Clean, .. } => "stopped",
            Self::Stopped { .. } => "stopped, but not cleanly",
            Self::TaskFailed { .. } => "task failed",
            Self::TaskRestarting { .. } => "task restarting",
            Self::TaskRefused { .. } => "task not started",
            Self::LeftRunning { .. } => "registry dropped without shutdown().await; these were left running",
            Self::SystemdUnreachable { .. } => "systemd could not be told",
            Self::ShutDown { .. } => "shut down",
        }
    }

    /// The state that the service is in by it.
    fn state(&self) -> Option<State> {
        match self {
            Self::Starting { .. } | Self::Retrying { .. } => Some(State::Starting),
            Self::Ready { .. } => Some(State::Ready),
            Self::Failed { .. } => Some(State::Failed),
            Self::Blocked { .. } => Some(State::Blocked),
            Self::Draining { .. } => Some(State::Draining),
            Self::Stopping { .. } => Some(State::Stopping),
            Self::Stopped { .. } => Some(State::Stopped),
            _ => None,
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())?;
        if let Some(service) = self.service() {
            pair(f, "service", service)?;
        }
        if let Some(state) = self.state() {
            pair(f, "state", state)?;
        }
        match self {
            Self::Booting { services } => pair(f, "services", services),
            Self::Retrying { attempt, delay, failure: of, .. } => {
                pair(f, "attempt", attempt)?;
                pair(f, "delay", seconds(*delay))?;
                pair(f, "elapsed", seconds(of.elapsed()))?;
                failure(f, of)
            }
            Self::Progress { words, .. } => pair(f, "progress", words),
            Self::Extended { time, .. } => pair(f, "time", seconds(*time)),
            Self::Late { phase, elapsed, detail, .. } => {
                pair(f, "phase", phase)?;
                pair(f, "elapsed", seconds(*elapsed))?;
                pair(f, "detail", detail)
            }
            Self::Blocking { phase, elapsed, .. } => {
                pair(f, "phase", phase)?;
                pair(f, "elapsed", seconds(*elapsed))
            }
            Self::Restarting { delay, failure: of, .. } => {
                pair(f, "delay", seconds(*delay))?;
                failure(f, of)
            }
            Self::Failed { failure: of, .. } => {
                pair(f, "elapsed", seconds(of.elapsed()))?;
                failure(f, of)
            }
            Self::Blocked { by, .. } => pair(f, "by", by),
            Self::Undone { outcome, .. } => match outcome.failure() {
                Some(of) => {
                    pair(f, "elapsed", seconds(of.elapsed()))?;
                    failure(f, of)
                }
                None => Ok(()),
            },
            Self::Stopped { outcome, elapsed, .. } => {
                pair(f, "elapsed", seconds(*elapsed))?;
                outcome.failure().map_or(Ok(()), |of| failure(f, of))
            }
            Self::ShuttingDown { reason } => pair(f, "reason", reason),
            Self::TaskFailed { task, failure: of, .. } => {
                pair(f, "task", task)?;
                pair(f, "elapsed", seconds(of.elapsed()))?;
                failure(f, of)
            }
            Self::TaskRestarting { task, delay, .. } => {
                pair(f, "task", task)?;
                pair(f, "delay", seconds(*delay))
            }
            Self::TaskRefused { task, .. } => pair(f, "task", task),
            Self::LeftRunning { services } => pair(f, "services", services.join(", ")),
            Self::SystemdUnreachable { error } => pair(f, "error", error),
            Self::SlowHealth { elapsed, .. }
            | Self::Ready { elapsed, .. }
            | Self::Booted { elapsed }
            | Self::ShutDown { elapsed } => pair(f, "elapsed", seconds(*elapsed)),
            Self::Starting { .. } | Self::Draining { .. } | Self::Stopping { .. } | Self::RollingBack => Ok(()),
        }
    }
}

fn failure(f: &mut fmt::Formatter<'_>, failure: &Failure) -> fmt::Result {
    pair(f, "error", failure)?;
    pair(f, "error_type", failure.kind())
}

fn pair(f: &mut fmt::Formatter<'_>, name: &str, value: impl fmt::Display) -> fmt::Result {
    write!(f, " {name}={}", json::value(&value.to_string()))
}
