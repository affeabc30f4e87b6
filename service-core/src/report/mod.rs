//! Reports: what a boot, a shutdown and a health check resulted in, service by service.
//!
//! [`Registry::report`](crate::Registry::report), [`Registry::shutdown`](crate::Registry::shutdown) and
//! [`Registry::health`](crate::Registry::health) return them. They display as text.
//!
//! With the feature `serde`, they implement `serde::Serialize`, as do [`Graph`](crate::Graph), [`Health`] and
//! [`Event`]. `Graph`, `Health` and `HealthReport` have the shape of their `to_json()`. Every other struct is an
//! object of its fields; a duration is a whole number of microseconds, in a field whose name ends with `_us`.

pub(crate) mod boot_error;
mod boot_model;
mod boot_path;
mod boot_report;
pub(crate) mod event;
pub(crate) mod exit_code;
pub(crate) mod health;
pub(crate) mod not_ready;
pub(crate) mod plan_error;
pub(crate) mod run_error;
pub(crate) mod shutdown_error;
mod shutdown_report;
mod timeline;
mod timeline_rows;
#[cfg(feature = "render")]
mod trace;

pub(crate) use boot_error::{BlockedService, BootError, BootFailure, BootSnapshot, UnreadyService};
pub use boot_path::{BootPath, Change, PathStep};
pub use boot_report::{BootReport, ServiceReport, UndeclaredCall};
pub(crate) use event::record::{Record, Severity, Value};
pub(crate) use event::{Event, EventKind};
pub(crate) use health::Health;
pub use health::{HealthReport, ServiceHealth};
pub(crate) use not_ready::{NotReady, Refusal, RefusalCause, ShutdownCause};
pub(crate) use plan_error::{CycleStep, NotFound, PlanError, Problem, ServiceLocation};
#[cfg(feature = "signals")]
pub(crate) use run_error::RunError;
pub(crate) use shutdown_error::ShutdownError;
pub use shutdown_report::{CallsLeft, ServiceShutdown, ShutdownReport};
pub use timeline::Timeline;

pub use crate::base::{ShutdownReason, StopOutcome};
