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
/// their own. So do all slots of an instance that several registries have, because its address does not say in which of them
/// a call runs.
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

impl<S> ManagedValue<S> {
    fn address(&self) -> usize {
        self.instance.as_ptr() as usize
    }
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
        let address = Arc::as_ptr(instance) as usize;
        let added = ManagedValue { instance: Arc::downgrade(instance), slot: slot.clone() };
        let mut managed = self.managed.write();
        // Dropped unlocked: a slot may hold the last reference to an event log, and so to the user's listeners.
        let gone: Vec<_> = managed.extract_if(.., |entry| entry.instance.strong_count() == 0).collect();
        let (is_owner, former_owner) = self.claim(slot);
        // Under the lock, so that of two registries that get the same instance at once, the second one sees the first.
        slot.set_type_entry(self, address, is_owner);
        let is_same = |entry: &&ManagedValue<S>| entry.address() == address && !Arc::ptr_eq(&entry.slot, slot);
        let mut is_shared = false;
        for entry in managed.iter().filter(is_same).filter(|entry| entry.slot.state() != State::Stopped) {
            entry.slot.leave_fast_path();
            is_shared = true;
        }
        if is_shared {
            slot.leave_fast_path();
        }
        managed.push(added);
        drop(managed);
        drop((gone, former_owner));
    }

    /// Makes this slot the owner of the gate in the static, unless another slot still needs it. Returns whether it is, and the
    /// former owner.
    fn claim(&self, slot: &Arc<Slot>) -> (bool, Option<Arc<Slot>>) {
        let mut owner = self.owner.lock();
        let is_free = match &*owner {
            None => true,
            Some(owner) if Arc::ptr_eq(owner, slot) => return (true, None),
            Some(owner) => owner.state() == State::Stopped && self.fast_gate.gate().is_empty(),
        };
        if !is_free {
            return (false, None);
        }
        self.fast_gate.set_frame(slot.frame(Role::Call));
        (true, owner.replace(slot.clone()))
    }

    /// The slot at whose gate a call on the value at this address counts, if a registry manages the value.
    ///
    /// If several registries have the same value, it is the slot of the registry in which the call runs; without one, that of
    /// the process's registry, else the first one that is ready. A slot that cannot admit the call gives way to one that can.
    pub(crate) fn find(&self, address: usize) -> Option<Arc<Slot>> {
        let managed = self.managed.read();
        let matching = || managed.iter().filter(|entry| entry.address() == address).map(|entry| &entry.slot);
        let mut all = matching();
        let (first, second) = (all.next()?, all.next());
        if second.is_none() {
            return Some(first.clone());
        }
        let of_stack = context_stack::find(|frame| matching().find(|slot| slot.registry == frame.registry()));
        let in_order = || of_stack.into_iter().chain(matching().filter(|slot| slot.is_of_process())).chain(matching());
        let mut candidates = in_order().filter(|slot| slot.may_admit());
        let (best, ready) = (candidates.next(), in_order().find(|slot| slot.state() == State::Ready));
        // Without a registry of its own, a call need not wait for one that is coming up while another one is ready.
        let chosen = if of_stack.is_some() { best.or(ready) } else { ready.or(best) };
        Some(chosen.or(of_stack).unwrap_or(first).clone())
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
