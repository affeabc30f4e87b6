//! Events in words: the only file that names tracing, and the only one that knows how an event reads in a log.
//!
//! Each event is one record with the target `service_core`. Its fields `domain`, `action` and `status` say what it is about,
//! so that nobody has to parse the words: a thing is `started`, and ends in `success`, `error` or `cancelled`; what somebody
//! should know of on the way is a `warning`. Times are in seconds.

use std::time::Duration;

#[cfg(feature = "telemetry")]
pub(super) use tracing::{
    Event as Record, Subscriber,
    field::{Field, Visit},
};

use crate::fact::{Event, EventKind, Failure, Phase, State, lasted};

/// A record: its level, its three words and its message, then what else it has.
macro_rules! log {
    ($level:ident, $domain:expr, $action:expr, $status:literal, $message:literal $(, $($fields:tt)+)?) => {
        tracing::$level!(
            target: "service_core",
            domain = $domain,
            action = $action,
            status = $status,
            $($($fields)+,)?
            $message
        )
    };
}

/// Logs an event.
pub(crate) fn observe(event: &Event) {
    match &event.kind {
        EventKind::Booting { services } => log!(info, "lifecycle", "boot", "started", "booting", services),
        EventKind::Booted { elapsed } => {
            log!(info, "lifecycle", "boot", "success", "booted", elapsed = seconds(*elapsed));
        }
        EventKind::RollingBack => log!(error, "lifecycle", "boot", "error", "the boot failed, rolling back"),
        EventKind::ShuttingDown { reason } => {
            log!(info, "lifecycle", "shutdown", "started", "shutting down", %reason);
        }
        EventKind::LeftRunning { services } => {
            let services = services.join(", ");
            log!(
                warn,
                "lifecycle",
                "shutdown",
                "warning",
                "registry dropped without shutdown().await; these were left running",
                %services
            );
        }
        EventKind::SystemdUnreachable { error } => {
            log!(warn, "lifecycle", "notify", "warning", "systemd could not be told", %error);
        }
        EventKind::ShutDown { elapsed } => {
            log!(info, "lifecycle", "shutdown", "success", "shut down", elapsed = seconds(*elapsed));
        }
        EventKind::Starting { service } => {
            log!(debug, "lifecycle", "init", "started", "starting", %service, state = %State::Starting);
        }
        EventKind::Retrying { service, attempt, delay, failure } => log!(
            warn,
            "lifecycle",
            "retry",
            "warning",
            "trying again",
            %service,
            state = %State::Starting,
            attempt,
            delay = seconds(*delay),
            elapsed = seconds(failure.elapsed()),
            error = %failure,
            error_type = error_type(failure)
        ),
        EventKind::Ready { service, elapsed } => log!(
            info,
            "lifecycle",
            "init",
            "success",
            "ready",
            %service,
            state = %State::Ready,
            elapsed = seconds(*elapsed)
        ),
        EventKind::Failed { service, failure } => log!(
            error,
            "lifecycle",
            "init",
            "error",
            "failed",
            %service,
            state = %State::Failed,
            elapsed = seconds(failure.elapsed()),
            error = %failure,
            error_type = error_type(failure)
        ),
        EventKind::Blocked { service, by } => {
            log!(warn, "lifecycle", "init", "cancelled", "blocked", %service, state = %State::Blocked, %by);
        }
        EventKind::Undone { service, outcome } => match outcome.failure() {
            None => log!(debug, "lifecycle", "undo", "cancelled", "undone", %service),
            Some(failure) => log!(
                error,
                "lifecycle",
                "undo",
                "error",
                "undone, but not cleanly",
                %service,
                elapsed = seconds(failure.elapsed()),
                error = %failure,
                error_type = error_type(failure)
            ),
        },
        EventKind::Restarting { service, delay, failure } => log!(
            warn,
            "lifecycle",
            "restart",
            "started",
            "restarting",
            %service,
            delay = seconds(*delay),
            error = %failure,
            error_type = error_type(failure)
        ),
        EventKind::Draining { service } => {
            log!(debug, "lifecycle", "drain", "started", "draining", %service, state = %State::Draining);
        }
        EventKind::Stopping { service } => {
            log!(debug, "lifecycle", "shutdown", "started", "stopping", %service, state = %State::Stopping);
        }
        EventKind::Stopped { service, outcome, elapsed } => match outcome.failure() {
            None => log!(
                info,
                "lifecycle",
                "shutdown",
                "success",
                "stopped",
                %service,
                state = %State::Stopped,
                elapsed = seconds(*elapsed)
            ),
            Some(failure) => log!(
                error,
                "lifecycle",
                "shutdown",
                "error",
                "stopped, but not cleanly",
                %service,
                state = %State::Stopped,
                elapsed = seconds(*elapsed),
                error = %failure,
                error_type = error_type(failure)
            ),
        },
        EventKind::Progress { service, words } => {
            log!(debug, "lifecycle", "progress", "started", "progress", %service, progress = %words);
        }
        EventKind::Extended { service, time } => {
            log!(debug, "lifecycle", "extend", "started", "needs more time", %service, time = seconds(*time));
        }
        EventKind::Late { service, phase, elapsed, detail } => log!(
            warn,
            domain(phase),
            action(phase),
            "warning",
            "late",
            %service,
            %phase,
            elapsed = seconds(*elapsed),
            %detail
        ),
        EventKind::Blocking { service, phase, elapsed } => log!(
            warn,
            domain(phase),
            action(phase),
            "warning",
            "blocking its thread; use spawn_blocking",
            %service,
            %phase,
            elapsed = seconds(*elapsed)
        ),
        EventKind::SlowHealth { service, elapsed } => log!(
            warn,
            "lifecycle",
            action(&Phase::Health),
            "warning",
            "its health check is slow",
            %service,
            elapsed = seconds(*elapsed)
        ),
        EventKind::TaskFailed { service, task, failure } => log!(
            error,
            "task",
            "run",
            "error",
            "task failed",
            %service,
            %task,
            elapsed = seconds(failure.elapsed()),
            error = %failure,
            error_type = error_type(failure)
        ),
        EventKind::TaskRestarting { service, task, delay } => {
            log!(warn, "task", "restart", "started", "task restarting", %service, %task, delay = seconds(*delay));
        }
        EventKind::TaskRefused { service, task } => {
            log!(warn, "task", "run", "cancelled", "task not started", %service, %task);
        }
    }
}

/// As a number, so that logs can be sorted and summed by it; to the figures that people read.
fn seconds(time: Duration) -> f64 {
    lasted(time).as_secs_f64()
}

fn error_type(failure: &Failure) -> &'static str {
    match failure.panic_message() {
        Some(_) => "panic",
        None if failure.is_timeout() => "timeout",
        None => "error",
    }
}

fn domain(phase: &Phase) -> &'static str {
    if matches!(phase, Phase::Task(_)) { "task" } else { "lifecycle" }
}

fn action(phase: &Phase) -> &'static str {
    match phase {
        Phase::Init => "init",
        Phase::Start => "start",
        Phase::Health => "health",
        Phase::Drain | Phase::Tasks => "drain",
        Phase::Task(_) => "run",
        Phase::Shutdown => "shutdown",
        Phase::Cleanup => "cleanup",
    }
}
