#![doc = include_str!("../README.md")]

mod act;
mod decision;
mod face;
mod fact;
mod mechanism;

pub use act::{Context, Definition, Ending, Lifecycle, Tasks};
pub use decision::{CriticalPath, Graph, Plan, ServiceNode, Step};
#[cfg(feature = "systemd")]
pub use face::Systemd;
#[cfg(feature = "telemetry")]
pub use face::telemetry;
pub use face::{Builder, Registry, Service};
pub use fact::{
    Absence, BootError, BootFailure, BoxError, Event, EventKind, Every, Failure, Health, HealthReport, Link, NotReady,
    Outcome, Phase, Place, PlanError, Problem, Reason, Refusal, Report, Requires, Restart, Result, Retry, RunError,
    ServiceHealth, ServiceReport, ServiceShutdown, ShutdownError, ShutdownReport, Site, State, Wants,
};
pub use service_macros::{guarded, service, test};

// Not behind the door, because the compiler names them in its messages.
#[doc(hidden)]
pub use {act::FromNotReady, fact::Instance};

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
