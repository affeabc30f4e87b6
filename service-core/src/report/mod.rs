//! What users match on and print: errors, reports, refusals, health and events. Plain data; nothing here acts.

mod boot_error;
mod boot_report;
mod event;
mod health;
mod not_ready;
mod plan_error;
mod run_error;
mod shutdown_error;
mod shutdown_report;

pub use boot_error::{BootError, BootFailure};
pub use boot_report::{BootReport, ServiceReport};
pub use event::{Event, EventKind};
pub use health::{Health, HealthReport, ServiceHealth};
pub use not_ready::{NotReady, Refusal};
pub use plan_error::{CycleStep, NotFound, PlanError, Problem, ServiceLocation};
pub use run_error::RunError;
pub use shutdown_error::ShutdownError;
pub use shutdown_report::{ServiceShutdown, ShutdownReport};
