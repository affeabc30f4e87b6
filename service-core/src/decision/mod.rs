//! Decisions: which services there are, what each is called, whether the plan is sound, and what happens next. Pure and
//! synchronous: no runtime, no clock, no instance, and no user code but the functions in `when`.

pub(crate) mod budget;
mod candidate;
mod check;
mod condition;
mod critical_path;
mod draft;
mod graph;
pub(crate) mod machine;
mod naming;
mod plan;
mod prove;
mod render;
mod resolution;
pub(crate) mod restarts;
#[cfg(test)]
mod sample;
mod selection;
mod similar;
mod wellbeing;
mod wish;

pub use critical_path::{CriticalPath, Step};
pub(crate) use graph::NodeStatus;
pub use graph::{Graph, ServiceNode};
pub use plan::Plan;
pub(crate) use prove::prove;
pub(crate) use wellbeing::along_the_graph;
pub(crate) use wish::{Wanted, Wish};
