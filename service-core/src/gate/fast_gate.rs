//! [`Door`]: the short way in, for calls on the instance that lives in its type's static. It knows no type, only addresses.

use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};

use super::context_stack::{Frame, Top};
use super::gate::{Gate, Ticket};
use super::policy::Policy;
use super::sync::LANES;
use crate::base::{Mutex, MutexGuard};

/// The address of no instance. Not 0, which is what the gate shows while it is closed.
const NOWHERE: usize = 1;

/// As many methods have a lane of their own; the rest share the last.
const LAST_LANE: usize = LANES - 1;

/// What a guarded call on the instance at home looks at, all of it in one static.
#[derive(Debug)]
pub(crate) struct Door {
    gate: Gate,
    /// The frame of a call through that gate.
    frame: AtomicU64,
    /// The address of the ready instance of the process's registry, or [`NOWHERE`], and that registry's number.
    current_address: AtomicUsize,
    current_registry: AtomicU32,
    methods: Mutex<Vec<&'static str>>,
}

/// A guarded method: its name, what its calls do while its service is not up, and the lane in which they are counted. In
/// a static that the macro writes.
#[derive(Debug)]
pub struct Method {
    name: &'static str,
    policy: Policy,
    /// The address of the door that gave it the lane, which is a multiple of 64, plus the lane.
    lane: AtomicUsize,
}

impl Method {
    /// A method of this name.
    pub const fn new(name: &'static str, policy: Policy) -> Self {
        Self { name, policy, lane: AtomicUsize::new(0) }
    }

    pub(crate) const fn policy(&self) -> Policy {
        self.policy
    }
}

impl Door {
    pub(crate) const fn new() -> Self {
        Self {
            gate: Gate::new(),
            frame: AtomicU64::new(0),
            current_address: AtomicUsize::new(NOWHERE),
            current_registry: AtomicU32::new(0),
            methods: Mutex::new(Vec::new()),
        }
    }

    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Lets a call on the value at this address in, if that is the one at home and its gate is open.
    #[inline(always)]
    pub(crate) fn enter(&self, address: usize, method: &Method, top: Top) -> Option<(Ticket, Frame)> {
        // A method whose lane is not known here leads to a place that there is not.
        let place = self.offset(method).wrapping_add(top.stripe());
        let ticket = self.gate.enter(address, place)?;
        // Whose gate it is does not change while somebody is inside.
        Some((ticket, self.frame()))
    }

    /// The frame of a call that came through `enter` and is still inside.
    #[inline(always)]
    pub(crate) fn frame(&self) -> Frame {
        Frame::from_word(self.frame.load(Ordering::Relaxed))
    }

    pub(crate) fn set_frame(&self, frame: Frame) {
        self.frame.store(frame.word(), Ordering::Relaxed);
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

    /// Whether whoever runs on this thread means the process's registry.
    #[inline(always)]
    pub(crate) fn is_current(&self, top: Top) -> bool {
        match top.frame() {
            None => true,
            Some(frame) => frame.registry() == self.current_registry(),
        }
    }

    /// The number of the process's registry, while its instance is up.
    #[inline(always)]
    pub(crate) fn current_registry(&self) -> u32 {
        self.current_registry.load(Ordering::Acquire)
    }

    /// The process's instance is up, at this address.
    pub(crate) fn move_in(&self, registry: u32, address: usize) {
        self.current_registry.store(registry, Ordering::Release);
        self.current_address.store(address, Ordering::Release);
    }

    /// The process's instance is up no more: calls without a receiver first, then those who ask for it.
    pub(crate) fn move_out(&self, and: impl FnOnce()) {
        self.current_address.store(NOWHERE, Ordering::Release);
        and();
        self.current_registry.store(0, Ordering::Release);
    }

    /// The lane in which the calls of a method are counted.
    pub(crate) fn lane(&self, method: &Method) -> usize {
        let lane = self.offset(method);
        if lane < LANES { lane } else { self.give_lane(method) }
    }

    /// The method that is counted in this lane.
    pub(crate) fn method(&self, lane: usize) -> &'static str {
        let methods = self.methods();
        match methods.get(lane) {
            Some(name) if lane < LAST_LANE || methods.len() == LAST_LANE + 1 => name,
            _ => "other methods",
        }
    }

    /// A method's lane, if this door was the last to be asked for it (a method of a generic trait impl has one static for
    /// the doors of all types); else far more than there are counters, because doors hold theirs, and so lie further apart.
    #[inline(always)]
    fn offset(&self, method: &Method) -> usize {
        method.lane.load(Ordering::Relaxed).wrapping_sub(self.address())
    }

    #[inline(always)]
    fn address(&self) -> usize {
        // The gate is aligned to a cache line, and so is what holds it.
        std::ptr::from_ref(self) as usize
    }

    #[cold]
    fn give_lane(&self, method: &Method) -> usize {
        let mut methods = self.methods();
        let lane = methods.iter().position(|name| *name == method.name).unwrap_or_else(|| {
            methods.push(method.name);
            methods.len() - 1
        });
        let lane = lane.min(LAST_LANE);
        method.lane.store(self.address() | lane, Ordering::Relaxed);
        lane
    }

    fn methods(&self) -> MutexGuard<'_, Vec<&'static str>> {
        self.methods.lock()
    }
}
