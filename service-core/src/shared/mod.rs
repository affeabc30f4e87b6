//! What all handles, hooks and calls of one registry share, as data; who waits for whom; and admission to a service.

mod admission;
mod current_task;
mod deadline;
mod owned_tasks;
pub(crate) mod poll_monitor;
mod probes;
mod shared;
mod undeclared;
pub(crate) mod wait_graph;

pub use admission::Policy;
pub(crate) use admission::{admit, admit_now, reach, reach_now};
pub(crate) use current_task::Errand;
pub(crate) use deadline::{Deadline, later};
pub(crate) use poll_monitor::Pulse;
pub(crate) use shared::{End, Options, Shared, Timing};
pub(crate) use wait_graph::Wait;
