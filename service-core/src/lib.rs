#![doc = include_str!("../README.md")]

mod act;
mod decision;
mod face;
mod fact;
mod mechanism;

pub use act::{Context, Definition, Ending, Lifecycle, Tasks};
pub use decision::{CriticalPath, Graph, Plan, ServiceNode, Step};
pub use face::{Builder, Registry, Service};
pub use fact::{
    BootError, BootFailure, BoxError, Event, EventKind, Failure, Health, HealthReport, NotReady, Outcome, Phase, Place,
    Absence, Link, PlanError, Problem, Reason, Site, Refusal, Report, Requires, Result, Retry, RunError, ServiceHealth, ServiceReport,
    ServiceShutdown, ShutdownError, ShutdownReport, State, Wants,
};
pub use service_macros::{guarded, service, test};

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
