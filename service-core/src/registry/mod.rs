//! The registry as a value, its builder, the process's registry, the catalog of what is linked in, and the test harness.

mod assembly;
mod boot;
mod builder;
mod catalog;
#[cfg(feature = "render")]
mod command;
pub(crate) mod current;
#[cfg(feature = "signals")]
mod exit_watch;
mod fakes;
mod injectable;
#[cfg(feature = "signals")]
mod launch;
mod process;
mod registry;
mod restart;
#[cfg(feature = "signals")]
mod run;
mod service;
mod service_graph;
#[cfg(feature = "signals")]
mod stderr_log;
mod test_run;

pub use builder::Builder;
pub use catalog::{Entry, inventory};
#[cfg(feature = "render")]
pub use command::{Command, CommandError, HELP};
pub use fakes::Fakes;
pub use injectable::Injectable;
pub use registry::Registry;
pub use service::{Service, current_instance, current_instance_now};
pub use test_run::Trial;
