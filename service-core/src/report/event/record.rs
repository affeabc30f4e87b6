//! [`Record`]: an event as text and fields. It is what `Display`, `tracing` and systemd's status print. StartTimes are in seconds.
//!
//! `domain`, `action` and `status` classify an event, so that no reader of the logs has to parse the message. An action is
//! `started`, and ends with `success`, `error` or `cancelled`; a `warning` is what an operator should know meanwhile.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{Event, EventKind};
use crate::base::{Failure, Phase, State, StopOutcome, json, seconds};

/// How important an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    /// Something has failed for good.
    Error,
    /// Something was compensated for, or is the consequence of a failure.
    Warn,
    /// What an operator sees of a run without failures.
    Info,
    /// Everything else.
    Debug,
}

/// An event as text and fields.
pub(crate) struct Record<'a> {
    pub severity: Severity,
    pub domain: &'static str,
    pub action: &'static str,
    pub status: &'static str,
    pub message: &'static str,
    pub service: Option<&'a str>,
    /// In the order in which they are printed.
    fields: Vec<(&'static str, Value<'a>)>,
}

/// The value of one field.
#[derive(Clone, Copy)]
pub(crate) enum Value<'a> {
    Word(&'static str),
    Shown(&'a dyn fmt::Display),
    Names(&'a [Arc<str>]),
    Count(u64),
    Seconds(f64),
}

impl<'a> Record<'a> {
    fn new(severity: Severity, action: &'static str, status: &'static str, message: &'static str) -> Self {
        Self { severity, domain: "lifecycle", action, status, message, service: None, fields: Vec::new() }
    }

    fn of(self, service: &'a Arc<str>) -> Self {
        Self { service: Some(service), ..self }
    }

    fn task(self, service: &'a Arc<str>, task: &'a Arc<str>) -> Self {
        Self { domain: "task", ..self.of(service).shown("task", task) }
    }

    /// A hook or a task that takes too long.
    fn phase(self, service: &'a Arc<str>, phase: &'a Phase) -> Self {
        let domain = if matches!(phase, Phase::Task(_)) { "task" } else { self.domain };
        Self { domain, ..self.of(service).shown("phase", phase) }
    }

    fn with(mut self, name: &'static str, value: Value<'a>) -> Self {
        self.fields.push((name, value));
        self
    }

    fn shown(self, name: &'static str, value: &'a dyn fmt::Display) -> Self {
        self.with(name, Value::Shown(value))
    }

    fn time(self, name: &'static str, time: Duration) -> Self {
        self.with(name, Value::Seconds(seconds(time)))
    }

    fn elapsed(self, time: Duration) -> Self {
        self.time("elapsed", time)
    }

    /// The state that the service has entered.
    fn state(self, state: &'static State) -> Self {
        self.shown("state", state)
    }

    fn error(self, failure: &'a Failure) -> Self {
        self.shown("error", failure).with("error_type", Value::Word(failure.kind()))
    }

    /// The value of the field of this name.
    pub(crate) fn get(&self, name: &str) -> Option<Value<'a>> {
        self.fields.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }
}

impl EventKind {
    /// The event as text and fields: the only place that knows both.
    pub(crate) fn record(&self) -> Record<'_> {
        use Severity::{Debug, Error, Info, Warn};
        let new = Record::new;
        match self {
            Self::Booting { services } => {
                new(Info, "boot", "started", "booting").with("services", Value::Count(*services as u64))
            }
            Self::Unused { service } => {
                let message = "a value was supplied, but no service of this registry requires it";
                new(Warn, "boot", "warning", message).of(service)
            }
            Self::Starting { service } => new(Debug, "init", "started", "starting").of(service).state(&State::Starting),
            Self::Retrying { service, attempt, delay, failure } => new(Warn, "retry", "warning", "trying again")
                .of(service)
                .state(&State::Starting)
                .with("attempt", Value::Count(u64::from(*attempt)))
                .time("delay", *delay)
                .elapsed(failure.elapsed())
                .error(failure),
            Self::Progress { service, words } => {
                new(Debug, "progress", "started", "progress").of(service).shown("progress", words)
            }
            Self::Extended { service, time } => {
                new(Debug, "extend", "started", "needs more time").of(service).time("time", *time)
            }
            Self::Late { service, phase, elapsed, detail } => new(Warn, action(phase), "warning", "late")
                .phase(service, phase)
                .elapsed(*elapsed)
                .shown("detail", detail),
            Self::Blocking { service, phase, elapsed } => {
                new(Warn, action(phase), "warning", "blocking its thread; use spawn_blocking")
                    .phase(service, phase)
                    .elapsed(*elapsed)
            }
            Self::BlockedThreads { threads, of, elapsed, calls } => {
                let message = "threads of the runtime are blocked; work that does not await belongs in spawn_blocking";
                let record = new(Warn, "run", "warning", message)
                    .with("blocked_threads", Value::Count(*threads as u64))
                    .with("threads", Value::Count(*of as u64))
                    .elapsed(*elapsed);
                // Without one, the code that blocks is not a guarded call.
                if calls.is_empty() { record } else { record.with("calls", Value::Names(calls)) }
            }
            Self::SlowHealth { service, elapsed } => {
                new(Warn, action(&Phase::Health), "warning", "its health check is slow").of(service).elapsed(*elapsed)
            }
            Self::Restarting { service, delay, failure } => {
                new(Warn, "restart", "started", "restarting").of(service).time("delay", *delay).error(failure)
            }
            Self::RestartRequested { service } => new(Info, "restart", "started", "restart requested").of(service),
            Self::Broken { service, failure } => new(Error, "run", "error", "broken, as it reports")
                .of(service)
                .elapsed(failure.elapsed())
                .error(failure),
            Self::Ready { service, elapsed } => {
                new(Info, "init", "success", "ready").of(service).state(&State::Ready).elapsed(*elapsed)
            }
            Self::Failed { service, failure } => new(Error, "init", "error", "failed")
                .of(service)
                .state(&State::Failed)
                .elapsed(failure.elapsed())
                .error(failure),
            Self::Blocked { service, by } => {
                new(Warn, "init", "cancelled", "blocked").of(service).state(&State::Blocked).shown("by", by)
            }
            Self::Unwound { service, outcome: StopOutcome::Clean } => {
                new(Debug, "unwind", "cancelled", "unwound").of(service)
            }
            Self::Unwound { service, outcome: StopOutcome::Failed(failure) | StopOutcome::Abandoned(failure) } => {
                new(Error, "unwind", "error", "unwound, but not cleanly")
                    .of(service)
                    .elapsed(failure.elapsed())
                    .error(failure)
            }
            Self::Booted { elapsed } => new(Info, "boot", "success", "booted").elapsed(*elapsed),
            Self::RollingBack => new(Error, "boot", "error", "the boot failed, rolling back"),
            Self::ShuttingDown { reason } => new(Info, "shutdown", "started", "shutting down").shown("reason", reason),
            Self::Draining { service } => {
                new(Debug, "drain", "started", "draining").of(service).state(&State::Draining)
            }
            Self::Stopping { service } => {
                new(Debug, "shutdown", "started", "stopping").of(service).state(&State::Stopping)
            }
            Self::Stopped { service, outcome: StopOutcome::Clean, elapsed } => {
                new(Info, "shutdown", "success", "stopped").of(service).state(&State::Stopped).elapsed(*elapsed)
            }
            Self::Stopped {
                service,
                outcome: StopOutcome::Failed(failure) | StopOutcome::Abandoned(failure),
                elapsed,
            } => new(Error, "shutdown", "error", "stopped, but not cleanly")
                .of(service)
                .state(&State::Stopped)
                .elapsed(*elapsed)
                .error(failure),
            Self::TaskFailed { service, task, failure } => {
                new(Error, "run", "error", "task failed").task(service, task).elapsed(failure.elapsed()).error(failure)
            }
            Self::TaskRestarting { service, task, delay } => {
                new(Warn, "restart", "started", "task restarting").task(service, task).time("delay", *delay)
            }
            Self::TaskRefused { service, task } => {
                new(Warn, "run", "cancelled", "task not started").task(service, task)
            }
            Self::LeftRunning { services } => {
                let message = "registry dropped without shutdown().await; these were left running";
                new(Warn, "shutdown", "warning", message).with("services", Value::Names(services))
            }
            Self::SystemdUnreachable { error } => {
                new(Warn, "notify", "warning", "systemd could not be notified").shown("error", error)
            }
            Self::ShutDown { elapsed } => new(Info, "shutdown", "success", "shut down").elapsed(*elapsed),
        }
    }
}

fn action(phase: &Phase) -> &'static str {
    match phase {
        Phase::Init => "init",
        Phase::Start => "start",
        Phase::Health => "health",
        Phase::Drain | Phase::Tasks => "drain",
        Phase::Operation | Phase::Task(_) => "run",
        Phase::Shutdown => "shutdown",
        Phase::Cleanup => "cleanup",
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => f.write_str(word),
            Self::Shown(value) => value.fmt(f),
            Self::Names(names) => f.write_str(&names.join(", ")),
            Self::Count(count) => count.fmt(f),
            Self::Seconds(seconds) => seconds.fmt(f),
        }
    }
}

impl fmt::Display for Record<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message)?;
        let service = self.service.as_ref().map(|service| ("service", Value::Shown(service)));
        for (name, value) in service.iter().chain(&self.fields) {
            write!(f, " {name}={}", json::value(&value.to_string()))?;
        }
        Ok(())
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.record().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocked_threads_name_calls_only_if_there_are_any() {
        let blocked = |calls: &[&str]| {
            let calls = calls.iter().map(|&call| call.into()).collect();
            EventKind::BlockedThreads { threads: 1, of: 2, elapsed: Duration::from_secs(1), calls }
        };
        let names = |event: EventKind| event.record().get("calls").map(|value| value.to_string());
        assert_eq!(
            names(blocked(&["1 × Users.find", "2 × Db.query"])).as_deref(),
            Some("1 × Users.find, 2 × Db.query")
        );
        assert_eq!(names(blocked(&[])), None);
    }
}
