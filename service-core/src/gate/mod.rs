//! What a guarded call is made of, and its fast path: the gate, the context stack of a thread, the entry of a type, the slot
//! of one service in one registry, and the permit of an admitted call. The slow path is in the folder `guard`.

mod any_type_entry;
pub(crate) mod context_stack;
mod failed_tasks;
mod fast_gate;
mod frame;
mod gate;
mod instance;
mod method;
mod permit;
mod policy;
mod receiver;
mod slot;
mod sync;
mod target;
mod type_entry;
mod type_slots;

pub(crate) use any_type_entry::AnyTypeEntry;
pub(crate) use fast_gate::FastGate;
pub(crate) use instance::ManagedInstance;
pub use method::Method;
pub(crate) use permit::Permit;
pub use policy::Policy;
pub use receiver::{CurrentInstance, Receiver, SelfAt};
pub(crate) use slot::{Slot, StartTimes, since};
pub use target::{SyncCall, Target};
pub use type_entry::{HasTypeEntry, TypeEntry};
pub use type_slots::SlowPath;
pub(crate) use type_slots::{Admission, TypeSlots};
