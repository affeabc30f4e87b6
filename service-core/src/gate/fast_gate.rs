//! [`FastGate`]: the data of the fast path, for calls on the one instance of a type that uses it. It knows no type, only
//! addresses.

use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};

use super::context_stack::{Frame, Top};
use super::gate::{CounterIndex, Gate};
use super::method::Method;
use super::sync::LANES;
use crate::base::{Mutex, MutexGuard};

/// The address of no instance. Not 0, which is the token of a closed gate.
const NOWHERE: usize = 1;

/// This many methods have a lane of their own; the others share the last lane.
const LAST_LANE: usize = LANES - 1;

/// Everything that a guarded call on the fast path reads, in one static.
#[derive(Debug)]
pub(crate) struct FastGate {
    gate: Gate,
    /// The frame of a call through that gate.
    frame: AtomicU64,
    /// The address of the ready instance of the process's registry, or [`NOWHERE`], and that registry's number.
    current_address: AtomicUsize,
    current_registry: AtomicU32,
    methods: Mutex<Vec<&'static str>>,
}

impl FastGate {
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

    /// Admits a call on the value at this address, if that is the instance that uses this gate and the gate is open.
    #[inline(always)]
    pub(crate) fn enter(&self, address: usize, method: &Method, top: Top) -> Option<(CounterIndex, Frame)> {
        // A method whose lane is not known here yields an index that no counter has.
        let index = self.offset(method).wrapping_add(top.stripe());
        let counter = self.gate.enter(address, index)?;
        // The owner of the gate, and so the frame, does not change while a call is inside.
        Some((counter, self.frame()))
    }

    /// The frame of a call that `enter` admitted and that has not left.
    #[inline(always)]
    pub(crate) fn frame(&self) -> Frame {
        Frame::from_word(self.frame.load(Ordering::Relaxed))
    }

    pub(crate) fn set_frame(&self, frame: Frame) {
        self.frame.store(frame.word(), Ordering::Relaxed);
    }

    /// Counts out a call that `enter` admitted.
    #[inline(always)]
    pub(crate) fn leave(&self, counter: CounterIndex) {
        self.gate.leave(counter);
    }

    /// The address of the current instance, if the current registry is the process's and the service is ready there; else
    /// an address for which no gate opens.
    #[inline(always)]
    pub(crate) fn current_address(&self, top: Top) -> usize {
        if self.is_current(top) { self.current_address.load(Ordering::Acquire) } else { NOWHERE }
    }

    /// Whether the current registry on this thread is the process's.
    #[inline(always)]
    pub(crate) fn is_current(&self, top: Top) -> bool {
        match top.frame() {
            None => true,
            Some(frame) => frame.registry() == self.current_registry(),
        }
    }

    /// The number of the process's registry, while the service is ready there.
    #[inline(always)]
    pub(crate) fn current_registry(&self) -> u32 {
        self.current_registry.load(Ordering::Acquire)
    }

    /// The instance at this address is ready in the process's registry.
    pub(crate) fn publish(&self, registry: u32, address: usize) {
        self.current_registry.store(registry, Ordering::Release);
        self.current_address.store(address, Ordering::Release);
    }

    /// No instance is ready in the process's registry any more. Guarded calls without a receiver see that first, and calls
    /// of `try_service` after `and`.
    pub(crate) fn withdraw(&self, and: impl FnOnce()) {
        self.current_address.store(NOWHERE, Ordering::Release);
        and();
        self.current_registry.store(0, Ordering::Release);
    }

    /// The lane in which the calls of a method are counted.
    pub(crate) fn lane(&self, method: &Method) -> usize {
        let lane = self.offset(method);
        if lane < LANES { lane } else { self.assign_lane(method) }
    }

    /// The name of the method that is counted in this lane.
    pub(crate) fn method_name(&self, lane: usize) -> &'static str {
        let methods = self.methods();
        match methods.get(lane) {
            Some(name) if lane < LAST_LANE || methods.len() == LAST_LANE + 1 => name,
            _ => "other methods",
        }
    }

    /// The method's lane, or more than any lane if this gate has not assigned it one.
    #[inline(always)]
    fn offset(&self, method: &Method) -> usize {
        method.lane_at(self.address())
    }

    #[inline(always)]
    fn address(&self) -> usize {
        // The gate is aligned to a cache line, and so is what contains it.
        std::ptr::from_ref(self) as usize
    }

    #[cold]
    fn assign_lane(&self, method: &Method) -> usize {
        let mut methods = self.methods();
        let lane = methods.iter().position(|name| *name == method.name()).unwrap_or_else(|| {
            methods.push(method.name());
            methods.len() - 1
        });
        let lane = lane.min(LAST_LANE);
        method.set_lane(self.address(), lane);
        lane
    }

    fn methods(&self) -> MutexGuard<'_, Vec<&'static str>> {
        self.methods.lock()
    }
}
