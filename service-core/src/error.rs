//! Errors: why a plan is unsound, why a boot, a run or a shutdown failed, and why a call was refused.
//!
//! `Display` and `Debug` of each error print the same readable text, because `main` prints an error with `Debug`.
//! [`source()`](std::error::Error::source) leads to the error of the service.

pub use crate::base::{BoxError, Failure, Phase};
pub use crate::report::boot_error::{BlockedService, BootError, BootFailure, UnreadyService};
pub use crate::report::exit_code::BadConfiguration;
pub use crate::report::not_ready::{NotReady, Refusal};
pub use crate::report::plan_error::{CycleStep, NotFound, PlanError, Problem, ServiceLocation};
pub use crate::report::run_error::RunError;
pub use crate::report::shutdown_error::ShutdownError;
