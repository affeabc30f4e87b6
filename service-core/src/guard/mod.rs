//! What `#[guarded]` expands to: a sync call and an async call that pass the gate first.

mod future;
mod permit;

pub use future::{Call, Way, call};
pub(crate) use permit::enter;
pub use permit::{Callee, Current, Entered, This};
