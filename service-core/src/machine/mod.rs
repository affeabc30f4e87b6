//! The lifecycle of a plan as a pure state machine: events go in, effects come out. It knows no clock, no runtime and no
//! instance.

pub(crate) mod budget_share;
mod machine;
mod restarts;

pub(crate) use machine::{Action, Input, Machine, Ticket};
pub(crate) use restarts::{Next, Restarts};
