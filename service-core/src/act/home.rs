//! [`Home`]: where the managed instances of one type are known, over all registries of the process.

use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};

use super::instance::Instance;
use super::slot::Slot;
use crate::fact::State;
use crate::mechanism::ambient::{self, Frame, Role, Top};
use crate::mechanism::gate::{Gate, LANES, Ticket};

/// A type whose managed instances have a [`Home`]. Written by the macro, under every service.
pub trait Homed: Sized + Send + Sync + 'static {
    /// The type's home.
    fn home() -> &'static Home<Self>;
}

/// One per service type, in a static that the macro writes. A guarded call looks here whether the value it is called on
/// is managed, and by whom.
///
/// The first instance that lives here uses the gate in the static: whether a value is that instance, and up, is one
/// comparison with the gate's token. Further instances, of other registries, are found in the list.
#[derive(Debug)]
pub struct Home<S> {
    gate: Gate,
    /// The frame of a call through that gate.
    frame: AtomicU64,
    /// Whose gate it is.
    tenant: Mutex<Option<Arc<Slot>>>,
    managed: RwLock<Vec<Managed<S>>>,
    /// The ready instance of the process's registry.
    current: RwLock<Option<Arc<S>>>,
    /// Its address, or [`NOWHERE`], and that registry's number.
    current_address: AtomicUsize,
    current_registry: AtomicU32,
    methods: Mutex<Vec<&'static str>>,
}

/// An entry holds a weak reference, and so the memory: as long as it is here, no hand-built value can have its address.
#[derive(Debug)]
struct Managed<S> {
    instance: Weak<S>,
    slot: Arc<Slot>,
}

/// A guarded method: its name, and the lane in which its calls are counted. In a static that the macro writes.
#[derive(Debug)]
pub struct Method {
    name: &'static str,
    /// The address of the home that gave it the lane, which is a multiple of 64, plus the lane.
    lane: AtomicUsize,
}

/// The address of no instance. Not 0, which is what the gate shows while it is closed.
const NOWHERE: usize = 1;

/// As many methods have a lane of their own; the rest share the last.
const LAST_LANE: usize = LANES - 1;

/// What a slot asks of the home of its instance, whatever the type.
pub(crate) trait Residence: Send + Sync {
    fn gate(&self) -> &Gate;
    /// The method that is counted in this lane.
    fn method(&self, lane: usize) -> &'static str;
    /// The process's instance is up.
    fn move_in(&self, registry: u32, instance: &Instance);
    /// The process's instance is up no more.
    fn move_out(&self, registry: u32);
}

impl Method {
    /// A method of this name.
    pub const fn new(name: &'static str) -> Self {
        Self { name, lane: AtomicUsize::new(0) }
    }
}

impl<S> Home<S> {
    /// A home for nobody yet.
    #[expect(clippy::new_without_default, reason = "only the macro makes one, in a static")]
    pub const fn new() -> Self {
        Self {
            gate: Gate::new(),
            frame: AtomicU64::new(0),
            tenant: Mutex::new(None),
            managed: RwLock::new(Vec::new()),
            current: RwLock::new(None),
            current_address: AtomicUsize::new(NOWHERE),
            current_registry: AtomicU32::new(0),
            methods: Mutex::new(Vec::new()),
        }
    }

    /// Lets a call on the value at this address through the gate in the static, if it is that gate's and open.
    #[inline(always)]
    pub(crate) fn enter(&self, address: usize, method: &Method, top: Top) -> Option<(Ticket, Frame)> {
        let lane = self.known_lane(method)?;
        let ticket = self.gate.enter(address, top.thread(), lane)?;
        // Whose gate it is does not change while somebody is inside.
        Some((ticket, self.frame()))
    }

    /// The frame of a call that came through `enter` and is still inside.
    #[inline(always)]
    pub(crate) fn frame(&self) -> Frame {
        Frame::from_word(self.frame.load(Ordering::Relaxed))
    }

    /// Lets a call out that came through `enter`.
    #[inline(always)]
    pub(crate) fn leave(&self, ticket: Ticket) {
        self.gate.leave(ticket);
    }

    /// The address of the instance that the current registry means, if that is the process's and it is up; else one for
    /// which no gate opens.
    #[inline(always)]
    pub(crate) fn current_address(&self, top: Top) -> usize {
        if self.is_current(top) { self.current_address.load(Ordering::Acquire) } else { NOWHERE }
    }

    /// That instance.
    #[inline(always)]
    pub(crate) fn current(&self, top: Top) -> Option<Arc<S>> {
        if !self.is_current(top) {
            return None;
        }
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether whoever runs on this thread means the process's registry.
    #[inline(always)]
    fn is_current(&self, top: Top) -> bool {
        match top.frame() {
            None => true,
            Some(frame) => frame.registry() == self.current_registry.load(Ordering::Acquire),
        }
    }

    /// The lane in which the calls of a method are counted.
    pub(crate) fn lane(&self, method: &Method) -> usize {
        self.known_lane(method).unwrap_or_else(|| self.give_lane(method))
    }

    /// The same, if this home was the last to be asked for it. (A method of a generic trait impl has one static for the
    /// homes of all types.)
    #[inline(always)]
    fn known_lane(&self, method: &Method) -> Option<usize> {
        let lane = method.lane.load(Ordering::Relaxed).wrapping_sub(self.address());
        if lane < LANES { Some(lane) } else { None }
    }

    #[inline(always)]
    fn address(&self) -> usize {
        // The gate is aligned to a cache line, and so is what holds it.
        std::ptr::from_ref(self) as usize
    }

    #[cold]
    fn give_lane(&self, method: &Method) -> usize {
        let mut methods = self.methods.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = methods.iter().position(|name| *name == method.name).unwrap_or_else(|| {
            methods.push(method.name);
            methods.len() - 1
        });
        let lane = lane.min(LAST_LANE);
        method.lane.store(self.address() | lane, Ordering::Relaxed);
        lane
    }
}

impl<S: Homed> Home<S> {
    /// From now on, calls on this value pass the gate of this slot.
    pub(crate) fn admit(&'static self, instance: &Arc<S>, slot: &Arc<Slot>) {
        let mut managed = self.managed.write().unwrap_or_else(PoisonError::into_inner);
        managed.retain(|entry| entry.instance.strong_count() > 0);
        managed.push(Managed { instance: Arc::downgrade(instance), slot: slot.clone() });
        drop(managed);
        slot.settle(self, Arc::as_ptr(instance) as usize, self.rent(slot));
    }

    /// Whether this slot may use the gate in the static: nobody else does, and nobody is left inside.
    fn rent(&self, slot: &Arc<Slot>) -> bool {
        let mut tenant = self.tenant.lock().unwrap_or_else(PoisonError::into_inner);
        let free = match &*tenant {
            None => true,
            Some(tenant) if Arc::ptr_eq(tenant, slot) => return true,
            Some(tenant) => tenant.state() == State::Stopped && self.gate.is_empty(),
        };
        if free {
            *tenant = Some(slot.clone());
            self.frame.store(slot.frame(Role::Call).word(), Ordering::Relaxed);
        }
        free
    }

    /// The slot that manages the value at this address, if one does. Where one value was handed to several registries,
    /// that of the current registry, else the latest.
    pub(crate) fn find(&self, address: usize) -> Option<Arc<Slot>> {
        let managed = self.managed.read().unwrap_or_else(PoisonError::into_inner);
        let mut found = managed.iter().filter(|it| it.instance.as_ptr() as usize == address).map(|it| &it.slot);
        let first = found.next()?;
        let Some(second) = found.next() else { return Some(first.clone()) };
        let several: Vec<_> = [first, second].into_iter().chain(found).collect();
        let current = ambient::find(|frame| several.iter().rev().find(|slot| slot.registry == frame.registry()));
        current.or(several.last()).map(|slot| Arc::clone(slot))
    }
}

impl<S: Homed> Residence for Home<S> {
    fn gate(&self) -> &Gate {
        &self.gate
    }

    fn method(&self, lane: usize) -> &'static str {
        let methods = self.methods.lock().unwrap_or_else(PoisonError::into_inner);
        match methods.get(lane) {
            Some(name) if lane < LAST_LANE || methods.len() == LAST_LANE + 1 => name,
            _ => "other methods",
        }
    }

    fn move_in(&self, registry: u32, instance: &Instance) {
        let Some(value) = instance.value::<S>() else { return };
        self.current_registry.store(registry, Ordering::Release);
        self.current_address.store(Arc::as_ptr(&value) as usize, Ordering::Release);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(value);
    }

    fn move_out(&self, registry: u32) {
        if self.current_registry.load(Ordering::Acquire) == registry {
            self.current_address.store(NOWHERE, Ordering::Release);
            let gone = self.current.write().unwrap_or_else(PoisonError::into_inner).take();
            // Outside of the lock: it may be the last reference, and the value's destructor is the user's.
            drop(gone);
            self.current_registry.store(0, Ordering::Release);
        }
    }
}
