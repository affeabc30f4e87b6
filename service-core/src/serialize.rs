//! `Serialize` for reports, graphs, health and events, if the feature `serde` is on.
//!
//! [`Graph`], [`Health`] and [`HealthReport`] have the shape of their `to_json()`. Every other struct is an object of its
//! fields; a duration is a whole number of microseconds, in a field whose name ends with `_us`.

use std::fmt;
use std::time::Duration;

use serde_core::ser::{Serialize, SerializeStruct, Serializer};

use crate::base::{Failure, Location, Phase, ShutdownReason, State, StopOutcome};
use crate::plan::{CriticalPath, Edge, Graph, Plan, ServiceNode, Step};
use crate::report::{
    BootReport, CallsLeft, Event, EventKind, Health, HealthReport, ServiceHealth, ServiceReport, ServiceShutdown,
    ShutdownReport, UndeclaredCall,
};

#[cfg(test)]
mod tests;

/// Writes one object: its name, then each key with its value.
macro_rules! object {
    ($serializer:expr, $name:expr, { $($key:literal: $value:expr),* $(,)? }) => {{
        let mut object = $serializer.serialize_struct($name, [$($key),*].len())?;
        $(object.serialize_field($key, &$value)?;)*
        object.end()
    }};
}

/// Implements `Serialize` for structs as objects.
macro_rules! structs {
    ($($name:ident($it:ident) { $($key:literal: $value:expr),* $(,)? })*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let $it = self;
                object!(serializer, stringify!($name), { $($key: $value),* })
            }
        }
    )*};
}

/// A duration in whole microseconds.
struct Micros(Duration);

impl Serialize for Micros {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(self.0.as_micros()).unwrap_or(u64::MAX))
    }
}

/// A value as the text that it displays.
struct AsText<'a, T>(&'a T);

impl<T: fmt::Display> Serialize for AsText<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self.0)
    }
}

/// A dependency of a graph, with the names of both services.
struct NamedEdge<'a>(&'a Graph, &'a Edge);

impl Serialize for NamedEdge<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(graph, edge) = self;
        object!(serializer, "Dependency", {
            "from": graph.nodes()[edge.from].name,
            "to": graph.nodes()[edge.to].name,
            "bond": edge.word(),
            "as": edge.via,
        })
    }
}

impl Serialize for State {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Serialize for Phase {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Plan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.graph().serialize(serializer)
    }
}

impl Serialize for CriticalPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self)
    }
}

structs! {
    Location(it) { "module": it.module, "file": it.file, "line": it.line, "column": it.column }
    Failure(it) {
        "service": it.service(),
        "location": it.location(),
        "phase": it.phase(),
        "elapsed_us": Micros(it.elapsed()),
        "kind": it.kind(),
        "error": it.text(),
        "path": it.path(),
    }
    ShutdownReason(it) { "kind": it.kind(), "text": AsText(it) }
    StopOutcome(it) { "status": it.status(), "failure": it.failure() }

    Graph(it) {
        "services": it.nodes(),
        "dependencies": it.edges().iter().map(|edge| NamedEdge(it, edge)).collect::<Vec<_>>(),
    }
    ServiceNode(it) {
        "name": it.name,
        "file": it.location.file,
        "line": it.location.line,
        "module": it.location.module,
        "state": it.state,
        "waited_us": it.state.map(|_| Micros(it.waited)),
        "own_us": it.own.map(Micros),
        "failure": it.failure_kind(),
        "lazy": it.lazy,
        "optional": it.optional,
        "given": it.given,
        "replaced": it.replaced,
        "provides": it.provides,
    }
    Step(it) { "name": it.name, "own_us": it.own.map(Micros) }

    Health(it) { "status": it.status(), "error": it.why() }
    HealthReport(it) { "status": it.health().status(), "components": it.services }
    ServiceHealth(it) {
        "name": it.name,
        "status": it.health.status(),
        "latency_ms": it.latency_ms(),
        "error": it.health.why(),
    }

    BootReport(it) {
        "services": it.services,
        "total_us": Micros(it.total),
        "critical_path": it.critical_path,
        "undeclared": it.undeclared,
    }
    ServiceReport(it) {
        "name": it.name,
        "location": it.location,
        "state": it.state,
        "eager": it.eager,
        "dependencies": it.dependencies,
        "began_us": it.began.map(Micros),
        "waited_us": Micros(it.waited),
        "waited_for_slot_us": Micros(it.waited_for_slot),
        "own_us": Micros(it.own),
        "slack_us": it.slack.map(Micros),
        "attempts": it.attempts,
        "blocked_us": it.blocked.map(Micros),
        "failure": it.failure,
        "missing": it.missing,
    }
    UndeclaredCall(it) { "caller": it.caller, "callee": it.callee }

    ShutdownReport(it) { "reason": it.reason, "services": it.services, "began_us": Micros(it.began), "total_us": Micros(it.total) }
    ServiceShutdown(it) {
        "name": it.name,
        "location": it.location,
        "outcome": it.outcome,
        "was_ready": it.was_ready,
        "failures": it.failures,
        "notes": it.notes,
        "waited_us": Micros(it.waited),
        "drain_us": Micros(it.drain),
        "own_us": Micros(it.own),
        "calls_left": it.calls_left,
        "still_held": it.still_held,
    }
    CallsLeft(it) { "method": it.method, "count": it.count }

    Event(it) { "number": it.number, "at_us": Micros(it.at), "kind": it.kind }
}

/// An object whose `type` is the name of the variant in snake case.
impl Serialize for EventKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        macro_rules! kind {
            ($name:literal $(, $key:literal: $value:expr)*) => {
                object!(serializer, "EventKind", { "type": $name, $($key: $value),* })
            };
        }
        macro_rules! of {
            ($name:literal, $service:expr $(, $key:literal: $value:expr)*) => {
                kind!($name, "service": AsText($service) $(, $key: $value)*)
            };
        }
        match self {
            Self::Booting { services } => kind!("booting", "services": services),
            Self::Unused { service } => of!("unused", service),
            Self::Starting { service } => of!("starting", service),
            Self::Retrying { service, attempt, delay, failure } => {
                of!("retrying", service, "attempt": attempt, "delay_us": Micros(*delay), "failure": failure)
            }
            Self::Progress { service, words } => of!("progress", service, "words": words),
            Self::Extended { service, time } => of!("extended", service, "time_us": Micros(*time)),
            Self::Late { service, phase, elapsed, detail } => {
                of!("late", service, "phase": phase, "elapsed_us": Micros(*elapsed), "detail": detail)
            }
            Self::Blocking { service, phase, elapsed } => {
                of!("blocking", service, "phase": phase, "elapsed_us": Micros(*elapsed))
            }
            Self::BlockedThreads { threads, of: all, elapsed, calls } => {
                let calls: Vec<_> = calls.iter().map(AsText).collect();
                kind!("blocked_threads", "threads": threads, "of": all, "elapsed_us": Micros(*elapsed), "calls": calls)
            }
            Self::SlowHealth { service, elapsed } => of!("slow_health", service, "elapsed_us": Micros(*elapsed)),
            Self::Restarting { service, delay, failure } => {
                of!("restarting", service, "delay_us": Micros(*delay), "failure": failure)
            }
            Self::RestartRequested { service } => of!("restart_requested", service),
            Self::Broken { service, failure } => of!("broken", service, "failure": failure),
            Self::Ready { service, elapsed } => of!("ready", service, "elapsed_us": Micros(*elapsed)),
            Self::Failed { service, failure } => of!("failed", service, "failure": failure),
            Self::Blocked { service, by } => of!("blocked", service, "by": AsText(by)),
            Self::Unwound { service, outcome } => of!("unwound", service, "outcome": outcome),
            Self::Booted { elapsed } => kind!("booted", "elapsed_us": Micros(*elapsed)),
            Self::RollingBack => kind!("rolling_back"),
            Self::ShuttingDown { reason } => kind!("shutting_down", "reason": reason),
            Self::Draining { service } => of!("draining", service),
            Self::Stopping { service } => of!("stopping", service),
            Self::Stopped { service, outcome, elapsed } => {
                of!("stopped", service, "outcome": outcome, "elapsed_us": Micros(*elapsed))
            }
            Self::TaskFailed { service, task, failure } => {
                of!("task_failed", service, "task": AsText(task), "failure": failure)
            }
            Self::TaskRestarting { service, task, delay } => {
                of!("task_restarting", service, "task": AsText(task), "delay_us": Micros(*delay))
            }
            Self::TaskRefused { service, task } => of!("task_refused", service, "task": AsText(task)),
            Self::LeftRunning { services } => {
                kind!("left_running", "services": services.iter().map(AsText).collect::<Vec<_>>())
            }
            Self::SystemdUnreachable { error } => kind!("systemd_unreachable", "error": AsText(error)),
            Self::ShutDown { elapsed } => kind!("shut_down", "elapsed_us": Micros(*elapsed)),
        }
    }
}
