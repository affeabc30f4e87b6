//! The contract with generated code and with `service-http`; nothing here is part of the public API. The name of the module carries the version of
//! the contract, and `service-macros` writes it in one place.

pub use crate::base::{Budgets, Location, Retry};
pub use crate::events::tracing;
pub use crate::gate::{
    CurrentInstance, HasTypeEntry, Method, Policy, Receiver, SelfAt, SlowPath, SyncCall, Target, TypeEntry,
};
pub use crate::guard::{GuardedCall, Panics, Refused, SLOW_PATH, call};
pub use crate::plan::cycle_check::Checked;
pub use crate::plan::descriptor::{DeclaredDependency, Descriptor, Provided};
pub use crate::plan::{Bond, DescriptorRef, Hidden, NotCloned, Requires, Wants, When};
pub use crate::registry::{Entry, Fakes, Trial, current_instance, current_instance_now, inventory};
pub use crate::service::{Declared, GivenHooks, MakeHooks, WithoutLifecycle};
