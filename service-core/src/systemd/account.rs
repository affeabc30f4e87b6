//! [`Account`]: what systemd is to be told, from the events of a registry. It knows no socket and no clock.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::base::lasted;
use crate::report::{Event, EventKind};

/// What a hook may take on top of its budget: to be abandoned, and to be told of.
const GRACE: Duration = Duration::from_secs(10);

/// No status is longer: systemd takes 4,096 bytes for a whole message, and a letter is 4 at most.
const LONGEST: usize = 512;

/// What is to be told of an event.
#[derive(Debug, PartialEq)]
pub(super) enum Telling {
    /// This, at once.
    Now(String),
    /// A new status, when there is time for it.
    Soon,
    Nothing,
}

#[derive(Debug, Default)]
enum Phase {
    #[default]
    Idle,
    Booting,
    Up,
    /// Why.
    Down(String),
    Ended,
}

/// What bounds a boot and a shutdown.
#[derive(Debug)]
pub(super) struct Budgets {
    /// How long each service may take to come up, by its name.
    pub init: HashMap<String, Duration>,
    pub rollback: Duration,
    pub lame_duck: Duration,
    pub shutdown: Duration,
}

/// How a registry is, as far as systemd is concerned.
#[derive(Debug)]
pub(super) struct Account {
    budgets: Budgets,
    phase: Phase,
    /// How many are to come up.
    services: usize,
    ready: HashSet<Arc<str>>,
    /// Who said what last.
    words: Option<String>,
    /// When what goes on now has used up its budget.
    until: Option<Instant>,
}

impl Account {
    pub(super) fn new(budgets: Budgets) -> Self {
        Self { budgets, phase: Phase::Idle, services: 0, ready: HashSet::new(), words: None, until: None }
    }

    /// What is to be told of this event, which happens now.
    pub(super) fn on(&mut self, event: &Event, now: Instant) -> Telling {
        match &event.kind {
            EventKind::Booting { services } => {
                self.services = *services;
                self.phase = Phase::Booting;
                Telling::Now(self.message("", now))
            }
            EventKind::Starting { service } => {
                let budget = self.budgets.init.get(&**service).copied().unwrap_or_default();
                self.until = self.until.max(now.checked_add(budget));
                Telling::Soon
            }
            // A shutdown has asked for its whole budget, and that stays as it is.
            EventKind::Extended { time, .. } if matches!(self.phase, Phase::Booting) => {
                self.until = self.until.max(now.checked_add(*time));
                // At once: a hook that asks for so long may be about to block its thread, and ours with it.
                Telling::Now(self.message("", now))
            }
            EventKind::Progress { service, words } => {
                self.words = Some(format!("{service}: {words}"));
                Telling::Soon
            }
            EventKind::Ready { service, .. } => {
                self.ready.insert(service.clone());
                Telling::Soon
            }
            EventKind::Stopped { service, .. } => {
                self.ready.remove(service);
                Telling::Soon
            }
            EventKind::Booted { .. } => {
                self.phase = Phase::Up;
                self.words = None;
                Telling::Now(self.message("READY=1\n", now))
            }
            EventKind::RollingBack => self.goes_down("the boot failed, rolling back".to_owned(), now),
            EventKind::ShuttingDown { reason } => self.goes_down(format!("shutting down ({reason})"), now),
            EventKind::ShutDown { elapsed } => {
                self.phase = Phase::Ended;
                Telling::Now(format!("STATUS=down after {:?}\n", lasted(*elapsed)))
            }
            _ => Telling::Nothing,
        }
    }

    fn goes_down(&mut self, why: String, now: Instant) -> Telling {
        let budget = match self.phase {
            Phase::Up => self.budgets.lame_duck.saturating_add(self.budgets.shutdown),
            _ => self.budgets.rollback,
        };
        self.phase = Phase::Down(why);
        self.words = None;
        self.until = now.checked_add(budget);
        Telling::Now(self.message("STOPPING=1\n", now))
    }

    /// These lines, with the status and the time that is needed.
    fn message(&self, lines: &str, now: Instant) -> String {
        format!("{lines}{}{}", self.status(), self.extension(now))
    }

    /// How far it is, as a line.
    pub(super) fn status(&self) -> String {
        let ready = self.ready.len();
        let mut status = match &self.phase {
            Phase::Idle | Phase::Ended => return String::new(),
            Phase::Booting => format!("booting, services ready: {ready} of {}", self.services.max(ready)),
            Phase::Up => format!("services ready: {ready}"),
            Phase::Down(why) => format!("{why}, services left: {ready}"),
        };
        if let Some(words) = &self.words {
            status.push_str("; ");
            status.push_str(words);
        }
        // A line's end would begin the next of systemd's words.
        let plain = |letter: char| if letter.is_control() { ' ' } else { letter };
        format!("STATUS={}\n", status.chars().take(LONGEST).map(plain).collect::<String>())
    }

    /// How much more time a boot or a shutdown needs at most, as a line; empty while neither goes on.
    pub(super) fn extension(&self, now: Instant) -> String {
        if !self.is_changing() {
            return String::new();
        }
        let left = self.until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now));
        format!("EXTEND_TIMEOUT_USEC={}\n", left.saturating_add(GRACE).as_micros())
    }

    /// Whether a boot or a shutdown goes on.
    pub(super) fn is_changing(&self) -> bool {
        matches!(self.phase, Phase::Booting | Phase::Down(_))
    }
}
