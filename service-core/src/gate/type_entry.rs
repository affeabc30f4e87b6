//! [`TypeEntry`]: what the process knows of one type of service.

use std::any::Any;
use std::sync::Arc;

use super::any_type_entry::AnyTypeEntry;
use super::context_stack::Top;
use super::fast_gate::FastGate;
use super::method::Method;
use super::target::Target;
use super::type_slots::{SlowPath, TypeSlots};
use crate::base::RwLock;

/// A type whose managed instances are in a [`TypeEntry`]. The macro writes it for every service.
pub trait HasTypeEntry: Sized + Send + Sync + 'static {
    /// The type's entry.
    fn type_entry() -> &'static TypeEntry<Self>;
}

/// One per service type, in a static that the macro writes. A guarded call finds out here whether a registry manages the
/// value on which it is called, and which one.
///
/// Little in here is compiled for each type: almost everything is in a part that does not name it.
#[derive(Debug)]
pub struct TypeEntry<S> {
    slots: TypeSlots,
    /// The ready instance of the process's registry.
    current: RwLock<Option<Arc<S>>>,
}

impl<S: 'static> TypeEntry<S> {
    /// An entry without instances.
    pub const fn new(slow_path: SlowPath) -> Self {
        Self { slots: TypeSlots::of::<S>(slow_path), current: RwLock::new(None) }
    }

    /// Which slots manage its instances.
    pub(crate) fn slots(&self) -> &TypeSlots {
        &self.slots
    }

    /// This method, as its guarded calls need it.
    #[inline(always)]
    pub(crate) fn target(&'static self, method: &'static Method) -> Target {
        Target { slots: &self.slots, method }
    }

    /// The current instance, if the current registry is the process's and the service is ready there.
    #[inline(always)]
    pub(crate) fn current(&self, top: Top) -> Option<Arc<S>> {
        if !self.slots.fast_gate().is_current(top) {
            return None;
        }
        self.current.read().clone()
    }
}

impl<S: HasTypeEntry> AnyTypeEntry for TypeEntry<S> {
    fn fast_gate(&self) -> &FastGate {
        self.slots.fast_gate()
    }

    fn set_current(&self, instance: Option<Arc<dyn Any + Send + Sync>>) {
        let instance = instance.and_then(|instance| instance.downcast::<S>().ok());
        let former = std::mem::replace(&mut *self.current.write(), instance);
        // Unlocked: the destructor of an instance is user code.
        drop(former);
    }
}
