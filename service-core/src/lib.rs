#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod base;
#[cfg(feature = "render")]
pub mod cli;
pub mod error;
pub mod event;
mod events;
mod gate;
pub mod graph;
mod guard;
mod health;
mod lifecycle;
mod machine;
mod plan;
mod record;
mod registry;
pub mod report;
#[cfg(feature = "serde")]
mod serialize;
mod service;
mod shared;
#[cfg(feature = "signals")]
mod signals;
#[cfg(feature = "systemd")]
pub mod systemd;
#[cfg(feature = "telemetry")]
pub mod telemetry;

pub use base::{Location, Restart, Result, Retry, Schedule, State};
pub use plan::{Graph, Plan, Requires, Wants};
pub use registry::{Builder, Registry, Service};
pub use report::event::Event;
pub use report::health::Health;
pub use report::not_ready::NotReady;
pub use service::{Context, Definition, IoKeeper, Job, Lifecycle, TaskOutput, Tasks};
pub use service_macros::{guarded, service, test};
/// Cancels a boot or a registry, and signals a service to stop. Re-exported from tokio-util.
pub use tokio_util::sync::CancellationToken;

// Documented in their modules; also here, so that a short program needs one import.
#[cfg(feature = "systemd")]
#[doc(hidden)]
pub use systemd::Systemd;
#[doc(hidden)]
pub use {
    error::{
        BlockedService, BootError, BootFailure, BoxError, CycleStep, Failure, NotFound, Phase, PlanError, Problem,
        Refusal, RunError, ServiceLocation, ShutdownError, UnreadyService,
    },
    event::EventKind,
    graph::{CriticalPath, ServiceNode, Step},
    report::{
        BootReport, CallsLeft, HealthReport, ServiceHealth, ServiceReport, ServiceShutdown, ShutdownReason,
        ShutdownReport, StopOutcome, UndeclaredCall,
    },
};

// At the root and not in the private module, because compile errors name them.
#[doc(hidden)]
pub use {
    base::Shareable,
    guard::FromNotReady,
    plan::{Instance, OnlyWanted},
    registry::Injectable,
    service::{FieldDefault, HasHooks},
};

// Documentation only; `tests/book` compiles and runs its programs.
#[cfg(all(doc, not(doctest)))]
pub mod guide;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private_v1;
