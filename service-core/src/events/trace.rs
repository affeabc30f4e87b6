//! Events as records: the only file that names tracing. The words of each are its own.
//!
//! Each event is one record with the target `service_core`. Its fields `domain`, `action` and `status` say what it is about,
//! so that nobody has to parse the words: a thing is `started`, and ends in `success`, `error` or `cancelled`; what somebody
//! should know of on the way is a `warning`. Times are in seconds.

#[cfg(feature = "telemetry")]
pub(crate) use tracing::{
    Event as Record, Subscriber,
    field::{Field, Visit},
};

use crate::base::{Phase, State, seconds};
use crate::report::{Event, EventKind};

/// A record: its level, its three words and its message, then what else it has.
macro_rules! log {
    ($level:ident, $domain:expr, $action:expr, $status:literal, $words:expr $(, $($fields:tt)+)?) => {
        tracing::$level!(
            target: "service_core",
            domain = $domain,
            action = $action,
            status = $status,
            $($($fields)+,)?
            "{}",
            $words
        )
    };
}

/// Logs an event.
pub(crate) fn observe(event: &Event) {
    let told = event.kind.words();
    match &event.kind {
        EventKind::Booting { services } => log!(info, "lifecycle", "boot", "started", told, services),
        EventKind::Booted { elapsed } => {
            log!(info, "lifecycle", "boot", "success", told, elapsed = seconds(*elapsed));
        }
        EventKind::RollingBack => log!(error, "lifecycle", "boot", "error", told),
        EventKind::ShuttingDown { reason } => {
            log!(info, "lifecycle", "shutdown", "started", told, %reason);
        }
        EventKind::LeftRunning { services } => {
            let services = services.join(", ");
            log!(
                warn,
                "lifecycle",
                "shutdown",
                "warning",
                told,
                %services
            );
        }
        EventKind::SystemdUnreachable { error } => {
            log!(warn, "lifecycle", "notify", "warning", told, %error);
        }
        EventKind::ShutDown { elapsed } => {
            log!(info, "lifecycle", "shutdown", "success", told, elapsed = seconds(*elapsed));
        }
        EventKind::Starting { service } => {
            log!(debug, "lifecycle", "init", "started", told, %service, state = %State::Starting);
        }
        EventKind::Retrying { service, attempt, delay, failure } => log!(
            warn,
            "lifecycle",
            "retry",
            "warning",
            told,
            %service,
            state = %State::Starting,
            attempt,
            delay = seconds(*delay),
            elapsed = seconds(failure.elapsed()),
            error = %failure,
            error_type = failure.kind()
        ),
        EventKind::Ready { service, elapsed } => log!(
            info,
            "lifecycle",
            "init",
            "success",
            told,
            %service,
            state = %State::Ready,
            elapsed = seconds(*elapsed)
        ),
        EventKind::Failed { service, failure } => log!(
            error,
            "lifecycle",
            "init",
            "error",
            told,
            %service,
            state = %State::Failed,
            elapsed = seconds(failure.elapsed()),
            error = %failure,
            error_type = failure.kind()
        ),
        EventKind::Blocked { service, by } => {
            log!(warn, "lifecycle", "init", "cancelled", told, %service, state = %State::Blocked, %by);
        }
        EventKind::Undone { service, outcome } => match outcome.failure() {
            None => log!(debug, "lifecycle", "undo", "cancelled", told, %service),
            Some(failure) => log!(
                error,
                "lifecycle",
                "undo",
                "error",
                told,
                %service,
                elapsed = seconds(failure.elapsed()),
                error = %failure,
                error_type = failure.kind()
            ),
        },
        EventKind::Restarting { service, delay, failure } => log!(
            warn,
            "lifecycle",
            "restart",
            "started",
            told,
            %service,
            delay = seconds(*delay),
            error = %failure,
            error_type = failure.kind()
        ),
        EventKind::Draining { service } => {
            log!(debug, "lifecycle", "drain", "started", told, %service, state = %State::Draining);
        }
        EventKind::Stopping { service } => {
            log!(debug, "lifecycle", "shutdown", "started", told, %service, state = %State::Stopping);
        }
        EventKind::Stopped { service, outcome, elapsed } => match outcome.failure() {
            None => log!(
                info,
                "lifecycle",
                "shutdown",
                "success",
                told,
                %service,
                state = %State::Stopped,
                elapsed = seconds(*elapsed)
            ),
            Some(failure) => log!(
                error,
                "lifecycle",
                "shutdown",
                "error",
                told,
                %service,
                state = %State::Stopped,
                elapsed = seconds(*elapsed),
                error = %failure,
                error_type = failure.kind()
            ),
        },
        EventKind::Progress { service, words } => {
            log!(debug, "lifecycle", "progress", "started", told, %service, progress = %words);
        }
        EventKind::Extended { service, time } => {
            log!(debug, "lifecycle", "extend", "started", told, %service, time = seconds(*time));
        }
        EventKind::Late { service, phase, elapsed, detail } => log!(
            warn,
            domain(phase),
            action(phase),
            "warning",
            told,
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
            told,
            %service,
            %phase,
            elapsed = seconds(*elapsed)
        ),
        EventKind::SlowHealth { service, elapsed } => log!(
            warn,
            "lifecycle",
            action(&Phase::Health),
            "warning",
            told,
            %service,
            elapsed = seconds(*elapsed)
        ),
        EventKind::TaskFailed { service, task, failure } => log!(
            error,
            "task",
            "run",
            "error",
            told,
            %service,
            %task,
            elapsed = seconds(failure.elapsed()),
            error = %failure,
            error_type = failure.kind()
        ),
        EventKind::TaskRestarting { service, task, delay } => {
            log!(warn, "task", "restart", "started", told, %service, %task, delay = seconds(*delay));
        }
        EventKind::TaskRefused { service, task } => {
            log!(warn, "task", "run", "cancelled", told, %service, %task);
        }
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
