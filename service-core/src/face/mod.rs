//! Faces: the registry as a value, the process's one, the catalog of what is linked in, the guard's door, logs, signals
//! and test support. What users touch stands here; what it does stands below.

mod builder;
mod call;
mod catalog;
mod current;
#[cfg(unix)]
mod disposition;
mod guard;
mod observer;
mod process;
mod registry;
mod service;
mod signals;
mod stderr;
#[cfg(feature = "systemd")]
mod systemd;
#[cfg(feature = "telemetry")]
pub mod telemetry;
mod trial;

pub use builder::Builder;
pub use call::{Call, Way, call};
pub use catalog::{Entry, inventory};
pub use guard::{Callee, Current, Entered, This};
pub use registry::Registry;
pub use service::Service;
#[cfg(feature = "systemd")]
pub use systemd::Systemd;
pub use trial::{Trial, argument};
