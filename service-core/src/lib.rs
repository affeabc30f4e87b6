#![doc = include_str!("../README.md")]

mod base;
mod events;
mod gate;
mod guard;
mod health;
mod lifecycle;
mod machine;
mod plan;
mod registry;
mod report;
mod service;
mod shared;
mod signals;
#[cfg(feature = "systemd")]
mod systemd;
#[cfg(feature = "telemetry")]
pub mod telemetry;

pub use base::{
    BoxError, Failure, Location, Phase, Restart, Result, Retry, Schedule, ShutdownReason, State, StopOutcome,
};
pub use plan::{CriticalPath, Graph, Plan, Requires, ServiceNode, Step, Wants};
pub use registry::{Builder, Registry, Service};
pub use report::{
    BootError, BootFailure, BootReport, CycleStep, Event, EventKind, Health, HealthReport, NotFound, NotReady,
    PlanError, Problem, Refusal, RunError, ServiceHealth, ServiceLocation, ServiceReport, ServiceShutdown,
    ShutdownError, ShutdownReport,
};
pub use service::{Context, Definition, Lifecycle, TaskOutput, Tasks};
pub use service_macros::{guarded, service, test};
#[cfg(feature = "systemd")]
pub use systemd::Systemd;

// Not behind the door, because the compiler names them in its messages.
#[doc(hidden)]
pub use {gate::FromNotReady, plan::Instance};

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
