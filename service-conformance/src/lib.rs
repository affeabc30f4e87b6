#![doc = include_str!("../README.md")]

mod adapter;
mod assertions;
mod capability;
mod check;
mod checks;
mod completion;
mod harness;
mod hook_spec;
mod injected_error;
mod log;
mod name;
mod plan;
mod random_graph;
mod report;
mod service;
mod service_spec;
mod suite;
mod table;
mod value;

pub use adapter::Adapter;
pub use capability::Capability;
pub use check::CheckInfo;
pub use checks::all_checks;
pub use injected_error::InjectedError;
pub use name::NAMES;
pub use plan::Plan;
pub use report::{Counts, Report, Verdict};
pub use service::Service;
pub use suite::Suite;
pub use table::Table;
pub use value::Value;
