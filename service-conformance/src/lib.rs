#![doc = include_str!("../README.md")]

mod bench;
mod capability;
mod check;
mod checks;
mod claim;
mod column;
mod dag;
mod end;
mod fault;
mod log;
mod name;
mod plan;
mod script;
mod service;
mod subject;
mod suite;
mod table;
mod value;

pub use capability::Capability;
pub use check::{Description, descriptions};
pub use column::{Column, Counts, Verdict};
pub use fault::Fault;
pub use name::NAMES;
pub use plan::Plan;
pub use service::Service;
pub use subject::Subject;
pub use suite::Suite;
pub use table::Table;
pub use value::Value;
