//! [`Home`]: where the managed instances of one type are known, over all registries of the process.

use std::sync::{Arc, PoisonError, RwLock, Weak};

use super::slot::Slot;
use crate::mechanism::ambient;

/// A type whose managed instances have a [`Home`]. Written by the macro, under every service.
pub trait Homed: Sized + Send + Sync + 'static {
    /// The type's home.
    fn home() -> &'static Home<Self>;
}

/// One per service type, in a static that the macro writes. A guarded call looks here whether the value it is called on
/// is managed, and by whom.
///
/// An entry holds a weak reference, and so the memory: as long as it is here, no hand-built value can have its address.
#[derive(Debug)]
pub struct Home<S> {
    managed: RwLock<Vec<Managed<S>>>,
}

#[derive(Debug)]
struct Managed<S> {
    instance: Weak<S>,
    slot: Arc<Slot>,
}

impl<S> Home<S> {
    /// A home for nobody yet.
    #[expect(clippy::new_without_default, reason = "only the macro makes one, in a static")]
    pub const fn new() -> Self {
        Self { managed: RwLock::new(Vec::new()) }
    }

    /// From now on, calls on this value pass the gate of this slot.
    pub(crate) fn admit(&self, instance: &Arc<S>, slot: &Arc<Slot>) {
        let mut managed = self.managed.write().unwrap_or_else(PoisonError::into_inner);
        managed.retain(|entry| entry.instance.strong_count() > 0);
        managed.push(Managed { instance: Arc::downgrade(instance), slot: slot.clone() });
    }

    /// The slot that manages the value at this address, if one does. Where one value was handed to several registries,
    /// that of the current registry, else the latest.
    pub(crate) fn find(&self, address: usize) -> Option<Arc<Slot>> {
        let managed = self.managed.read().unwrap_or_else(PoisonError::into_inner);
        let mut found = managed.iter().filter(|entry| entry.instance.as_ptr() as usize == address).map(|entry| &entry.slot);
        let first = found.next()?;
        let Some(second) = found.next() else { return Some(first.clone()) };
        let several: Vec<_> = [first, second].into_iter().chain(found).collect();
        let current = ambient::find(|frame| several.iter().rev().find(|slot| slot.registry == frame.registry));
        current.or(several.last()).map(|slot| Arc::clone(slot))
    }
}
