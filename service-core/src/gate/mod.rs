//! What a guarded call is made of: the gate, the stack of contexts on this thread, the entry of a type, and the slot of one
//! service in one registry.

pub(crate) mod context_stack;
mod fast_gate;
pub(crate) mod gate;
mod instance;
mod policy;
mod refused;
mod residence;
mod slot;
mod sync;
mod type_entry;

pub(crate) use fast_gate::Door;
pub use fast_gate::Method;
pub(crate) use instance::Instance;
pub use policy::Policy;
pub use refused::{FromNotReady, Panics, Refused};
pub(crate) use slot::{Pass, Slot, Times, since};
pub use type_entry::{Home, Homed};
