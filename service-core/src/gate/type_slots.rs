//! [`TypeSlots`]: the slots that manage instances of one type, over all registries of the process; and the [`SlowPath`] of the
//! calls on them.

use std::any::{Any, TypeId};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Weak};

use super::any_type_entry::AnyTypeEntry;
use super::context_stack::{self, Role};
use super::fast_gate::FastGate;
use super::method::Method;
use super::permit::Permit;
use super::slot::Slot;
use crate::base::{Mutex, RwLock, State};
use crate::report::NotReady;

/// The future of a call that waits to be admitted.
pub(crate) type Admission = Pin<Box<dyn Future<Output = Result<Permit, NotReady>> + Send>>;

/// How a call is admitted that the fast path does not admit. The folder `guard` supplies the functions, so nothing in this folder
/// knows registries, boots and waits. The second argument of both is the address of the receiver, or `None` for the current
/// instance.
#[derive(Clone, Copy, Debug)]
pub struct SlowPath {
    /// Admits the call at once, or refuses it.
    pub(crate) now: fn(&'static TypeSlots, Option<usize>, &'static Method) -> Result<Permit, NotReady>,
    /// Waits for an async call that `now` has refused with this error, or returns the error if the call must not wait.
    pub(crate) wait: fn(&'static TypeSlots, Option<usize>, &'static Method, NotReady) -> Result<Admission, NotReady>,
}

/// The slots that manage instances of one type. It does not name the type, so it is compiled once.
///
/// The first slot with an instance of this type owns the gate in here: "this value is that instance, and the service is
/// ready" is one comparison with the gate's token. The slots of other registries are found in the list, and use gates of
/// their own. So do all slots of an instance that several registries have, because its address does not say in which of them
/// a call runs.
pub(crate) struct TypeSlots {
    fast_gate: FastGate,
    slow_path: SlowPath,
    /// The type: functions, because a constant of the type cannot be made on every supported compiler.
    type_id: fn() -> TypeId,
    type_name: fn() -> &'static str,
    /// The slot that uses `fast_gate`.
    owner: Mutex<Option<Arc<Slot>>>,
    managed: RwLock<Vec<ManagedValue>>,
}

/// The weak reference keeps the memory of the instance allocated: while this exists, no other value has its address.
struct ManagedValue {
    instance: Weak<dyn Any + Send + Sync>,
    slot: Arc<Slot>,
}

impl ManagedValue {
    fn address(&self) -> usize {
        self.instance.as_ptr().cast::<()>() as usize
    }
}

impl TypeSlots {
    pub(super) const fn of<S: 'static>(slow_path: SlowPath) -> Self {
        Self {
            fast_gate: FastGate::new(),
            slow_path,
            type_id: TypeId::of::<S>,
            type_name: std::any::type_name::<S>,
            owner: Mutex::new(None),
            managed: RwLock::new(Vec::new()),
        }
    }

    #[inline(always)]
    pub(crate) fn fast_gate(&self) -> &FastGate {
        &self.fast_gate
    }

    pub(crate) fn slow_path(&self) -> &SlowPath {
        &self.slow_path
    }

    pub(crate) fn type_id(&self) -> TypeId {
        (self.type_id)()
    }

    pub(crate) fn type_name(&self) -> fn() -> &'static str {
        self.type_name
    }

    /// From now on, this slot manages this instance, and calls on it pass the slot's gate. `entry` is the one that contains this.
    pub(crate) fn manage(
        &self,
        entry: &'static dyn AnyTypeEntry,
        instance: &Arc<dyn Any + Send + Sync>,
        slot: &Arc<Slot>,
    ) {
        let address = Arc::as_ptr(instance).cast::<()>() as usize;
        let added = ManagedValue { instance: Arc::downgrade(instance), slot: slot.clone() };
        let mut managed = self.managed.write();
        // Dropped unlocked: a slot may hold the last reference to an event log, and so to the user's listeners.
        let gone: Vec<_> = managed.extract_if(.., |entry| entry.instance.strong_count() == 0).collect();
        let (is_owner, former_owner) = self.claim(slot);
        // Under the lock, so that of two registries that get the same instance at once, the second one sees the first.
        slot.set_type_entry(entry, address, is_owner);
        let is_same = |entry: &&ManagedValue| entry.address() == address && !Arc::ptr_eq(&entry.slot, slot);
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

    /// Makes this slot the owner of the gate, unless another slot still needs it. Returns whether it is, and the former owner.
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

impl fmt::Debug for TypeSlots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypeSlots").field("fast_gate", &self.fast_gate).finish_non_exhaustive()
    }
}
