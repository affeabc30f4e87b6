//! The lifecycle of a plan as a pure state machine: events go in, effects come out. It holds all state and policy of a
//! registry's lifecycle, and knows no clock, no runtime and no instance.

mod boot;
mod budget_share;
mod demands;
mod effect;
mod failure;
mod finish;
mod lifecycle_event;
mod machine;
mod node;
mod restart;
mod restarts;
mod settings;
mod shutdown;
mod start;
mod status;
#[cfg(test)]
mod tests;
mod unready;

pub(crate) use demands::{BOOT, Ticket};
pub(crate) use effect::{Effect, Status, Timer};
pub(crate) use finish::{BootCause, BootEnd, Finish};
pub(crate) use lifecycle_event::{FailedAttempt, LifecycleEvent};
pub(crate) use machine::Machine;
pub(crate) use restarts::{Next, Restarts};
pub(crate) use settings::Settings;
pub(crate) use unready::Unready;
