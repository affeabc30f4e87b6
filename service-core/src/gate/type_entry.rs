//! [`TypeEntry`]: the managed instances of one type, over all registries of the process.

use std::any::Any;
use std::sync::{Arc, Weak};

use super::any_type_entry::AnyTypeEntry;
use super::context_stack::{self, Role, Top};
use super::fast_gate::FastGate;
use super::method::Method;
use super::slot::Slot;
use super::slow_path::SlowPath;
use super::target::Target;
use crate::base::{Mutex, RwLock, State};

/// A type whose managed instances are in a [`TypeEntry`]. The macro writes it for every service.
pub trait HasTypeEntry: Sized + Send + Sync + 'static {
    /// The type's entry.
    fn type_entry() -> &'static TypeEntry<Self>;
}

/// One per service type, in a static that the macro writes. A guarded call finds out here whether a registry manages the
/// value on which it is called, and which one.
///
/// The first slot with an instance of this type owns the gate in the static: "this value is that instance, and the service
/// is ready" is one comparison with the gate's token. The slots of other registries are found in the list, and use gates of
/// their own.
#[derive(Debug)]
pub struct TypeEntry<S> {
    fast_gate: FastGate,
    slow_path: SlowPath,
    /// The slot that uses `fast_gate`.
    owner: Mutex<Option<Arc<Slot>>>,
    managed: RwLock<Vec<ManagedValue<S>>>,
    /// The ready instance of the process's registry.
    current: RwLock<Option<Arc<S>>>,
}

/// The weak reference keeps the memory of the instance allocated: while this exists, no other value has its address.
#[derive(Debug)]
struct ManagedValue<S> {
    instance: Weak<S>,
    slot: Arc<Slot>,
}

impl<S> TypeEntry<S> {
    /// An entry without instances.
    pub const fn new(slow_path: SlowPath) -> Self {
        Self {
            fast_gate: FastGate::new(),
            slow_path,
            owner: Mutex::new(None),
            managed: RwLock::new(Vec::new()),
            current: RwLock::new(None),
        }
    }

    #[inline(always)]
    pub(crate) fn fast_gate(&self) -> &FastGate {
        &self.fast_gate
    }

    /// This method, as its guarded calls need it.
    #[inline(always)]
    pub(crate) fn target(&'static self, method: &'static Method) -> Target {
        Target { fast_gate: &self.fast_gate, slow_path: &self.slow_path, method }
    }

    /// The current instance, if the current registry is the process's and the service is ready there.
    #[inline(always)]
    pub(crate) fn current(&self, top: Top) -> Option<Arc<S>> {
        if !self.fast_gate.is_current(top) {
            return None;
        }
        self.current.read().clone()
    }
}

impl<S: HasTypeEntry> TypeEntry<S> {
    /// From now on, this slot manages this instance, and calls on it pass the slot's gate.
    pub(crate) fn manage(&'static self, instance: &Arc<S>, slot: &Arc<Slot>) {
        let added = ManagedValue { instance: Arc::downgrade(instance), slot: slot.clone() };
        let mut managed = self.managed.write();
        // Dropped unlocked: a slot may hold the last reference to an event log, and so to the user's listeners.
        let gone: Vec<_> = managed.extract_if(.., |entry| entry.instance.strong_count() == 0).collect();
        managed.push(added);
        drop(managed);
        drop(gone);
        slot.set_type_entry(self, Arc::as_ptr(instance) as usize, self.claim(slot));
    }

    /// Makes this slot the owner of the gate in the static, unless another slot still needs it. Returns whether it is.
    fn claim(&self, slot: &Arc<Slot>) -> bool {
        let mut owner = self.owner.lock();
        let is_free = match &*owner {
            None => true,
            Some(owner) if Arc::ptr_eq(owner, slot) => return true,
            Some(owner) => owner.state() == State::Stopped && self.fast_gate.gate().is_empty(),
        };
        if is_free {
            let former = owner.replace(slot.clone());
            self.fast_gate.set_frame(slot.frame(Role::Call));
            drop(owner);
            drop(former);
        }
        is_free
    }

    /// The slot that manages the value at this address, if one does. If several registries were given the same value, that
    /// of the current registry, else the latest.
    pub(crate) fn find(&self, address: usize) -> Option<Arc<Slot>> {
        let managed = self.managed.read();
        let matching = || managed.iter().rev().filter(|it| it.instance.as_ptr() as usize == address).map(|it| &it.slot);
        let latest = matching().next()?;
        let current = match matching().nth(1) {
            None => None,
            Some(_) => context_stack::find(|frame| matching().find(|slot| slot.registry == frame.registry())),
        };
        Some(current.unwrap_or(latest).clone())
    }
}

impl<S: HasTypeEntry> AnyTypeEntry for TypeEntry<S> {
    fn fast_gate(&self) -> &FastGate {
        &self.fast_gate
    }

    fn publish(&self, registry: u32, instance: Arc<dyn Any + Send + Sync>) {
        let Ok(instance) = instance.downcast::<S>() else { return };
        self.fast_gate.publish(registry, Arc::as_ptr(&instance) as usize);
        let former = self.current.write().replace(instance);
        // Unlocked: the destructor of an instance is user code.
        drop(former);
    }

    fn withdraw(&self, registry: u32) {
        if self.fast_gate.current_registry() == registry {
            self.fast_gate.withdraw(|| {
                let former = self.current.write().take();
                drop(former);
            });
        }
    }
}
