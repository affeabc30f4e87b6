#![doc = include_str!("../README.md")]

mod act;
mod decision;
mod face;
mod fact;
mod mechanism;

pub use act::{Context, Definition, Lifecycle, TaskOutput, Tasks};
pub use decision::{CriticalPath, Graph, Plan, ServiceNode, Step};
#[cfg(feature = "systemd")]
pub use face::Systemd;
#[cfg(feature = "telemetry")]
pub use face::telemetry;
pub use face::{Builder, Registry, Service};
pub use fact::{
    BootError, BootFailure, BootReport, BoxError, CycleStep, Event, EventKind, Failure, Health, HealthReport, Location,
    NotFound, NotReady, Phase, PlanError, Problem, Refusal, Requires, Restart, Result, Retry, RunError, Schedule,
    ServiceHealth, ServiceLocation, ServiceReport, ServiceShutdown, ShutdownError, ShutdownReason, ShutdownReport,
    State, StopOutcome, Wants,
};
pub use service_macros::{guarded, service, test};

// Not behind the door, because the compiler names them in its messages.
#[doc(hidden)]
pub use {act::FromNotReady, fact::Instance};

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
