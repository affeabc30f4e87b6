//! [`StatusTracker`]: what systemd is notified of, from the events of a registry. It knows no socket and no clock.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::base::lasted;
use crate::report::{Event, EventKind};

/// How much longer than its budget a hook may take: to be abandoned, and to be reported.
const EXTENSION_MARGIN: Duration = Duration::from_secs(10);

/// The most characters of a status: systemd accepts 4,096 bytes for a whole message, and a character has up to 4.
const LONGEST: usize = 512;

/// How an event changes what systemd knows.
#[derive(Debug, PartialEq)]
pub(super) enum Update {
    /// Send this message at once.
    Urgent(String),
    /// Send the new status when there is time.
    Status,
    None,
}

#[derive(Debug, Default)]
enum Stage {
    #[default]
    Idle,
    Booting,
    Up,
    /// Stopping, for this reason.
    Down(String),
    Ended,
}

/// What bounds a boot and a shutdown.
#[derive(Debug)]
pub(super) struct TimeLimits {
    /// How long each service may take to start, by its name.
    pub init: HashMap<String, Duration>,
    pub rollback: Duration,
    pub lame_duck: Duration,
    pub shutdown: Duration,
}

/// The status of a registry, as far as systemd is concerned.
#[derive(Debug)]
pub(super) struct StatusTracker {
    limits: TimeLimits,
    stage: Stage,
    /// How many services are to start.
    services: usize,
    ready: HashSet<Arc<str>>,
    /// The latest progress of a service.
    progress: Option<String>,
    /// When the budget of the running boot or shutdown ends.
    until: Option<Instant>,
}

impl StatusTracker {
    pub(super) fn new(limits: TimeLimits) -> Self {
        Self { limits, stage: Stage::Idle, services: 0, ready: HashSet::new(), progress: None, until: None }
    }

    /// Applies an event that happens now.
    pub(super) fn apply(&mut self, event: &Event, now: Instant) -> Update {
        match &event.kind {
            EventKind::Booting { services } => {
                self.services = *services;
                self.stage = Stage::Booting;
                Update::Urgent(self.message("", now))
            }
            EventKind::Starting { service } => {
                let budget = self.limits.init.get(&**service).copied().unwrap_or_default();
                self.until = self.until.max(now.checked_add(budget));
                Update::Status
            }
            // A shutdown has asked for its whole budget, which an extension does not change.
            EventKind::Extended { time, .. } if matches!(self.stage, Stage::Booting) => {
                self.until = self.until.max(now.checked_add(*time));
                // At once: the hook may be about to block its thread, and the notifier's task with it.
                Update::Urgent(self.message("", now))
            }
            EventKind::Progress { service, words } => {
                self.progress = Some(format!("{service}: {words}"));
                Update::Status
            }
            EventKind::Ready { service, .. } => {
                self.ready.insert(service.clone());
                Update::Status
            }
            EventKind::Stopped { service, .. } => {
                self.ready.remove(service);
                Update::Status
            }
            EventKind::Booted { .. } => {
                self.stage = Stage::Up;
                self.progress = None;
                Update::Urgent(self.message("READY=1\n", now))
            }
            EventKind::RollingBack | EventKind::ShuttingDown { .. } => {
                let record = event.kind.record();
                let reason = record.get("reason").map_or_else(String::new, |reason| format!(" ({reason})"));
                self.stop(format!("{}{reason}", record.message), now)
            }
            EventKind::ShutDown { elapsed } => {
                self.stage = Stage::Ended;
                Update::Urgent(format!("STATUS=down after {:?}\n", lasted(*elapsed)))
            }
            _ => Update::None,
        }
    }

    fn stop(&mut self, reason: String, now: Instant) -> Update {
        let budget = match self.stage {
            Stage::Up => self.limits.lame_duck.saturating_add(self.limits.shutdown),
            _ => self.limits.rollback,
        };
        self.stage = Stage::Down(reason);
        self.progress = None;
        self.until = now.checked_add(budget);
        Update::Urgent(self.message("STOPPING=1\n", now))
    }

    /// These lines, with the status and the time that the stage needs.
    fn message(&self, lines: &str, now: Instant) -> String {
        format!("{lines}{}{}", self.status(), self.extension(now))
    }

    /// The status, as a line.
    pub(super) fn status(&self) -> String {
        let ready = self.ready.len();
        let mut status = match &self.stage {
            Stage::Idle | Stage::Ended => return String::new(),
            Stage::Booting => format!("booting, services ready: {ready} of {}", self.services.max(ready)),
            Stage::Up => format!("services ready: {ready}"),
            Stage::Down(reason) => format!("{reason}, services left: {ready}"),
        };
        if let Some(progress) = &self.progress {
            status.push_str("; ");
            status.push_str(progress);
        }
        // A line break would begin another variable.
        let plain = |letter: char| if letter.is_control() { ' ' } else { letter };
        format!("STATUS={}\n", status.chars().take(LONGEST).map(plain).collect::<String>())
    }

    /// How much more time the boot or the shutdown needs at most, as a line; empty if neither is running.
    pub(super) fn extension(&self, now: Instant) -> String {
        if !self.is_changing() {
            return String::new();
        }
        let left = self.until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now));
        format!("EXTEND_TIMEOUT_USEC={}\n", left.saturating_add(EXTENSION_MARGIN).as_micros())
    }

    /// Whether a boot or a shutdown is running.
    pub(super) fn is_changing(&self) -> bool {
        matches!(self.stage, Stage::Booting | Stage::Down(_))
    }
}
