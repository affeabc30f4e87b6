#![doc = include_str!("../README.md")]

mod bench;
mod capability;
mod check;
mod checks;
mod column;
mod dag;
mod end;
mod fault;
mod log;
mod name;
mod plan;
mod run;
mod script;
mod service;
mod subject;
mod table;
mod value;

pub use capability::Capability;
pub use check::{Description, descriptions};
pub use column::{Column, Verdict};
pub use fault::Fault;
pub use name::NAMES;
pub use plan::Plan;
pub use run::run;
pub use service::Service;
pub use subject::Subject;
pub use table::Table;
pub use value::Value;
