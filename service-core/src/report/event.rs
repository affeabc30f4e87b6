//! [`Event`]: what happened, as a type. All words about events are in `event/words.rs`, none are here.

use std::sync::Arc;
use std::time::Duration;

use crate::base::{Failure, Phase, ShutdownReason, StopOutcome};

mod words;

/// Something that happened in a registry. Displays as one line, with the words and the fields that a log has, and without
/// its number and its time: `ready service=Db state=ready elapsed=0.002`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event {
    /// Counts the registry's events from 0, so a gap shows what a full buffer let go.
    pub number: u64,
    /// When, since the registry was made.
    pub at: Duration,
    /// What.
    pub kind: EventKind,
}

/// What happened. `service` is the name of the service it happened to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum EventKind {
    /// A boot began, of so many services.
    Booting {
        /// How many services are to come up.
        services: usize,
    },
    /// `init` begins.
    Starting {
        /// Who.
        service: Arc<str>,
    },
    /// An attempt failed, and another follows.
    Retrying {
        /// Who.
        service: Arc<str>,
        /// Which attempt failed, from 1.
        attempt: u32,
        /// How long until the next.
        delay: Duration,
        /// How it failed.
        failure: Failure,
    },
    /// It told how far it is.
    Progress {
        /// Who.
        service: Arc<str>,
        /// In its words.
        words: String,
    },
    /// It asked for more time; told when that is at least a second more than it had.
    Extended {
        /// Who.
        service: Arc<str>,
        /// How much it needs from now on, at most.
        time: Duration,
    },
    /// A hook takes long; told after 5 s, and again after twice as long each time.
    Late {
        /// Who.
        service: Arc<str>,
        /// In what.
        phase: Phase,
        /// For how long.
        elapsed: Duration,
        /// What is known about why.
        detail: String,
    },
    /// A hook blocks its thread, and everything else on it, for more than half a second. Told while it does if another
    /// thread is there to tell it, else afterwards.
    Blocking {
        /// Who.
        service: Arc<str>,
        /// In what.
        phase: Phase,
        /// For how long.
        elapsed: Duration,
    },
    /// A health check took a second or longer, and the one before it did not: told once, until one is quick again.
    SlowHealth {
        /// Who.
        service: Arc<str>,
        /// How long it took.
        elapsed: Duration,
    },
    /// It has failed while it was up, or could not come up again: it goes down, with those that hold its instance, and
    /// comes up again after a pause.
    Restarting {
        /// Who.
        service: Arc<str>,
        /// The pause.
        delay: Duration,
        /// What it failed with.
        failure: Failure,
    },
    /// It is up.
    Ready {
        /// Who.
        service: Arc<str>,
        /// How long `init`, `start` and the first `health` took together.
        elapsed: Duration,
    },
    /// It did not come up.
    Failed {
        /// Who.
        service: Arc<str>,
        /// How.
        failure: Failure,
    },
    /// It is not started, because something it requires failed.
    Blocked {
        /// Who.
        service: Arc<str>,
        /// The service that failed.
        by: Arc<str>,
    },
    /// It had begun to come up, was stopped before it was ready, and what it had begun was undone.
    Undone {
        /// Who.
        service: Arc<str>,
        /// How that went.
        outcome: StopOutcome,
    },
    /// Everything that was asked for is up. Never follows a failed boot.
    Booted {
        /// How long the boot took.
        elapsed: Duration,
    },
    /// The boot failed; what came up goes down again.
    RollingBack,
    /// The shutdown begins.
    ShuttingDown {
        /// Why.
        reason: ShutdownReason,
    },
    /// New guarded calls are refused, and admitted ones are waited for.
    Draining {
        /// Who.
        service: Arc<str>,
    },
    /// `shutdown` begins.
    Stopping {
        /// Who.
        service: Arc<str>,
    },
    /// It is down.
    Stopped {
        /// Who.
        service: Arc<str>,
        /// How it went.
        outcome: StopOutcome,
        /// How long the drain, `shutdown` and cleanups took together.
        elapsed: Duration,
    },
    /// A background task ended with an error or a panic.
    TaskFailed {
        /// Whose task.
        service: Arc<str>,
        /// Which task.
        task: Arc<str>,
        /// How.
        failure: Failure,
    },
    /// A background task that has ended is started again.
    TaskRestarting {
        /// Whose task.
        service: Arc<str>,
        /// Which task.
        task: Arc<str>,
        /// After this pause.
        delay: Duration,
    },
    /// A background task was not started, because its service is already going down, because one of its name is running
    /// that must not be doubled, or because the runtime is gone.
    TaskRefused {
        /// Whose task.
        service: Arc<str>,
        /// Which task.
        task: Arc<str>,
    },
    /// The registry was dropped without a shutdown; these services were left running, and go down now.
    LeftRunning {
        /// Who.
        services: Vec<Arc<str>>,
    },
    /// systemd could not be told something; told once.
    SystemdUnreachable {
        /// Why not.
        error: Arc<str>,
    },
    /// Everything is down. The registry's last event, however it ended.
    ShutDown {
        /// How long the shutdown or rollback took.
        elapsed: Duration,
    },
}

impl EventKind {
    /// The service it happened to, if it happened to one.
    pub fn service(&self) -> Option<&str> {
        match self {
            Self::Starting { service }
            | Self::Retrying { service, .. }
            | Self::Progress { service, .. }
            | Self::Extended { service, .. }
            | Self::Late { service, .. }
            | Self::Blocking { service, .. }
            | Self::SlowHealth { service, .. }
            | Self::Restarting { service, .. }
            | Self::Ready { service, .. }
            | Self::Failed { service, .. }
            | Self::Blocked { service, .. }
            | Self::Undone { service, .. }
            | Self::Draining { service }
            | Self::Stopping { service }
            | Self::Stopped { service, .. }
            | Self::TaskFailed { service, .. }
            | Self::TaskRestarting { service, .. }
            | Self::TaskRefused { service, .. } => Some(service),
            _ => None,
        }
    }
}
