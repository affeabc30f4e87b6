//! What all handles, hooks and calls of one registry share, as data; the wait-for graph; and admission to a service.

mod admission;
mod boot;
mod current_task;
mod deadline;
mod isolated;
mod message;
mod options;
mod owned_tasks;
pub(crate) mod poll_monitor;
mod probes;
pub(crate) mod registries;
mod shared;
mod undeclared;
pub(crate) mod wait;
mod wait_graph;
mod waiter;

pub(crate) use admission::{admit, admit_now, reach, reach_now};
pub(crate) use boot::boot;
pub(crate) use current_task::Errand;
pub(crate) use deadline::{Deadline, later};
pub(crate) use isolated::any_isolated;
pub(crate) use message::Message;
pub(crate) use options::Options;
pub(crate) use poll_monitor::Pulse;
pub(crate) use shared::{End, Shared, Timing};
pub(crate) use wait::Wait;
