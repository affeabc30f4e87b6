//! [`Home`]: where the managed instances of one type are known, over all registries of the process.

use std::sync::{Arc, Weak};

use super::context_stack;
use super::context_stack::{Role, Top};
use super::fast_gate::Door;
use super::instance::Instance;
use super::residence::Residence;
use super::slot::Slot;
use crate::base::{Mutex, RwLock, State};

/// A type whose managed instances have a [`Home`]. Written by the macro, under every service.
pub trait Homed: Sized + Send + Sync + 'static {
    /// The type's home.
    fn home() -> &'static Home<Self>;
}

/// One per service type, in a static that the macro writes. A guarded call looks here whether the value it is called on
/// is managed, and by whom.
///
/// The first instance that lives here uses the door in the static: whether a value is that instance, and up, is one
/// comparison with the token of its gate. Further instances, of other registries, are found in the list.
#[derive(Debug)]
pub struct Home<S> {
    door: Door,
    /// Whose door it is.
    tenant: Mutex<Option<Arc<Slot>>>,
    managed: RwLock<Vec<Managed<S>>>,
    /// The ready instance of the process's registry.
    current: RwLock<Option<Arc<S>>>,
}

/// An entry holds a weak reference, and so the memory: as long as it is here, no hand-built value can have its address.
#[derive(Debug)]
struct Managed<S> {
    instance: Weak<S>,
    slot: Arc<Slot>,
}

impl<S> Home<S> {
    /// A home for nobody yet.
    #[expect(clippy::new_without_default, reason = "only the macro makes one, in a static")]
    pub const fn new() -> Self {
        Self {
            door: Door::new(),
            tenant: Mutex::new(None),
            managed: RwLock::new(Vec::new()),
            current: RwLock::new(None),
        }
    }

    #[inline(always)]
    pub(crate) fn door(&self) -> &Door {
        &self.door
    }

    /// The instance that the current registry means, if that is the process's and it is up.
    #[inline(always)]
    pub(crate) fn current(&self, top: Top) -> Option<Arc<S>> {
        if !self.door.is_current(top) {
            return None;
        }
        self.current.read().clone()
    }
}

impl<S: Homed> Home<S> {
    /// From now on, calls on this value pass the gate of this slot.
    pub(crate) fn admit(&'static self, instance: &Arc<S>, slot: &Arc<Slot>) {
        let mut managed = self.managed.write();
        managed.retain(|entry| entry.instance.strong_count() > 0);
        managed.push(Managed { instance: Arc::downgrade(instance), slot: slot.clone() });
        drop(managed);
        slot.settle(self, Arc::as_ptr(instance) as usize, self.rent(slot));
    }

    /// Whether this slot may use the door in the static: nobody else does, and nobody is left inside.
    fn rent(&self, slot: &Arc<Slot>) -> bool {
        let mut tenant = self.tenant.lock();
        let free = match &*tenant {
            None => true,
            Some(tenant) if Arc::ptr_eq(tenant, slot) => return true,
            Some(tenant) => tenant.state() == State::Stopped && self.door.gate().is_empty(),
        };
        if free {
            *tenant = Some(slot.clone());
            self.door.set_frame(slot.frame(Role::Call));
        }
        free
    }

    /// The slot that manages the value at this address, if one does. Where one value was handed to several registries,
    /// that of the current registry, else the latest.
    pub(crate) fn find(&self, address: usize) -> Option<Arc<Slot>> {
        let managed = self.managed.read();
        let here = || managed.iter().rev().filter(|it| it.instance.as_ptr() as usize == address).map(|it| &it.slot);
        let latest = here().next()?;
        let current = match here().nth(1) {
            None => None,
            Some(_) => context_stack::find(|frame| here().find(|slot| slot.registry == frame.registry())),
        };
        Some(current.unwrap_or(latest).clone())
    }
}

impl<S: Homed> Residence for Home<S> {
    fn door(&self) -> &Door {
        &self.door
    }

    fn move_in(&self, registry: u32, instance: &Instance) {
        let Some(value) = instance.value::<S>() else { return };
        self.door.move_in(registry, Arc::as_ptr(&value) as usize);
        *self.current.write() = Some(value);
    }

    fn move_out(&self, registry: u32) {
        if self.door.current_registry() == registry {
            self.door.move_out(|| {
                let gone = self.current.write().take();
                // Outside of the lock: it may be the last reference, and the value's destructor is the user's.
                drop(gone);
            });
        }
    }
}
