//! [`Event`]: what happened in a registry, as a type. `event/record.rs` holds the text and the fields of each event.

use std::sync::Arc;
use std::time::Duration;

use crate::base::{Failure, Phase, ShutdownReason, StopOutcome};

pub(super) mod record;

/// Something that happened in a registry. Displays as one line with the message and the fields of its log record, but
/// without its number and its time: `ready service=Db state=ready elapsed=0.002`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event {
    /// The position among the registry's events, from 0. A gap shows how many events a listener has missed.
    pub number: u64,
    /// The time since the registry was created.
    pub at: Duration,
    /// What happened.
    pub kind: EventKind,
}

/// What happened. `service` is the name of the service that the event is about.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum EventKind {
    /// A boot has begun.
    Booting {
        /// The number of services to start.
        services: usize,
    },
    /// A value was given, or put in the place of a service, and no service of this registry requires it. Code outside of the
    /// services may use it; in a test, it is often a mistake.
    Unused {
        /// The service whose value was supplied.
        service: Arc<str>,
    },
    /// A service begins its `init`.
    Starting {
        /// The service.
        service: Arc<str>,
    },
    /// An attempt to start a service has failed, and another one follows.
    Retrying {
        /// The service.
        service: Arc<str>,
        /// The number of the attempt that failed, from 1.
        attempt: u32,
        /// The delay before the next attempt, counted from the end of the tasks and cleanups of this one.
        delay: Duration,
        /// Why the attempt failed.
        failure: Failure,
    },
    /// A service has reported its progress.
    Progress {
        /// The service.
        service: Arc<str>,
        /// The progress, in the service's own words.
        words: String,
    },
    /// A service has extended the deadline of its current phase by at least a second.
    Extended {
        /// The service.
        service: Arc<str>,
        /// The time until the new deadline.
        time: Duration,
    },
    /// A hook is slow. Reported after 5 s, and again each time the elapsed time has doubled.
    Late {
        /// The service.
        service: Arc<str>,
        /// The phase that is slow.
        phase: Phase,
        /// How long the phase has been running.
        elapsed: Duration,
        /// What is known about the cause.
        detail: String,
    },
    /// A hook has blocked its thread, and every task on that thread, for more than half a second. Reported while the
    /// hook blocks if another thread is free to do so, otherwise afterwards.
    Blocking {
        /// The service.
        service: Arc<str>,
        /// The phase that blocks.
        phase: Phase,
        /// How long the thread has been blocked.
        elapsed: Duration,
    },
    /// Threads of the registry's runtime have been blocked for at least a second, by whatever code: a task cannot run there, and
    /// with all of them blocked, none can. Reported once for each time that a thread blocks, on a runtime with several threads.
    BlockedThreads {
        /// How many threads are blocked.
        threads: usize,
        /// How many threads the runtime has.
        of: usize,
        /// How long one of them has been blocked, at least.
        elapsed: Duration,
        /// The guarded calls that are running at this moment, for example `2 × Users.find`. A call that blocks its thread is
        /// one of these.
        calls: Vec<Arc<str>>,
    },
    /// A health check took a second or longer, and the check before it did not. The next slow check is reported only after a
    /// check that was fast.
    SlowHealth {
        /// The service.
        service: Arc<str>,
        /// How long the check took.
        elapsed: Duration,
    },
    /// A service has failed after it was ready, or an attempt to restart it has failed. The registry stops it, together
    /// with the services that require it, and starts them again after a delay.
    Restarting {
        /// The service.
        service: Arc<str>,
        /// The delay before the next start.
        delay: Duration,
        /// Why the service failed.
        failure: Failure,
    },
    /// The restart of a service was requested with [`Registry::restart`](crate::Registry::restart).
    RestartRequested {
        /// The service.
        service: Arc<str>,
    },
    /// A service has reported with [`Context::fail`](crate::Context::fail) that it is broken.
    Broken {
        /// The service.
        service: Arc<str>,
        /// What it reported.
        failure: Failure,
    },
    /// A service is ready.
    Ready {
        /// The service.
        service: Arc<str>,
        /// How long `init`, `start` and the first `health` took together.
        elapsed: Duration,
    },
    /// A service failed to start. Reported when it fails; its tasks and deferred cleanups may end later.
    Failed {
        /// The service.
        service: Arc<str>,
        /// Why it failed.
        failure: Failure,
    },
    /// A service was not started, because a service that it requires has failed.
    Blocked {
        /// The service.
        service: Arc<str>,
        /// The service that failed.
        by: Arc<str>,
    },
    /// An incomplete start was unwound: its tasks and its deferred cleanups have ended. Reported if the start was stopped
    /// before the service was ready. For an attempt that has failed, reported only if a task or a cleanup failed, too.
    Unwound {
        /// The service.
        service: Arc<str>,
        /// How the unwinding ended.
        outcome: StopOutcome,
    },
    /// Every requested service is ready. Never follows a failed boot.
    Booted {
        /// How long the boot took.
        elapsed: Duration,
    },
    /// The boot has failed, and the services that it started are stopped again.
    RollingBack,
    /// The shutdown begins.
    ShuttingDown {
        /// Why the registry shuts down.
        reason: ShutdownReason,
    },
    /// A service refuses new guarded calls and waits for the admitted ones.
    Draining {
        /// The service.
        service: Arc<str>,
    },
    /// A service begins its `shutdown`.
    Stopping {
        /// The service.
        service: Arc<str>,
    },
    /// A service has stopped.
    Stopped {
        /// The service.
        service: Arc<str>,
        /// How the stop ended.
        outcome: StopOutcome,
        /// How long the drain, `shutdown` and the cleanups took together.
        elapsed: Duration,
    },
    /// A background task has ended with an error or a panic.
    TaskFailed {
        /// The service that owns the task.
        service: Arc<str>,
        /// The name of the task.
        task: Arc<str>,
        /// Why the task failed.
        failure: Failure,
    },
    /// A background task has ended and is restarted.
    TaskRestarting {
        /// The service that owns the task.
        service: Arc<str>,
        /// The name of the task.
        task: Arc<str>,
        /// The delay before the restart.
        delay: Duration,
    },
    /// A background task was not started, because its service is stopping, because a unique task of the same name is
    /// running, or because the runtime has shut down.
    TaskRefused {
        /// The service that owns the task.
        service: Arc<str>,
        /// The name of the task.
        task: Arc<str>,
    },
    /// The registry was dropped without a shutdown while these services were running. They are stopped now.
    LeftRunning {
        /// The services.
        services: Vec<Arc<str>>,
    },
    /// systemd could not be notified. Reported once.
    SystemdUnreachable {
        /// Why systemd could not be notified.
        error: Arc<str>,
    },
    /// Every service has stopped. The last event of each registry.
    ShutDown {
        /// How long the shutdown or the rollback took.
        elapsed: Duration,
    },
}

impl EventKind {
    /// The service that the event is about, if it is about one.
    pub fn service(&self) -> Option<&str> {
        self.record().service
    }
}
