//! The lifecycle of a plan as a pure state machine: events go in, effects come out. It knows no clock, no runtime and no
//! instance.

pub(crate) mod budget_share;
mod demands;
mod effect;
mod event;
mod failure;
mod machine;
mod node;
mod restart;
mod restarts;
#[cfg(test)]
mod tests;

pub(crate) use demands::Ticket;
pub(crate) use effect::Effect;
pub(crate) use event::Event;
pub(crate) use machine::Machine;
pub(crate) use restarts::{Next, Restarts};
