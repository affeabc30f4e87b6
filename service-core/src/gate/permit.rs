//! [`Permit`]: an admitted call.
//!
//! ```text
//!                              users.find(1)
//!                                    |
//!                  a sync call: Target::enter, an async one: the first poll of GuardedCall
//!                                    |
//!        fast path                   |                   slow path
//!        Permit::fast  <-------------+------------->  SlowPath::now, SlowPath::wait (guard/slow_path.rs)
//!             |             unless all of this              |
//!             |             is the case:                    |  find the slot: the one that manages the value,
//!             |             - the context stack has         |  or the one of the current registry
//!             |               room for a frame              |
//!             |             - no service is starting        |  ready: admit; not ready: wait, boot or refuse,
//!             |               on this thread                |  as the method's policy says (shared/admission.rs)
//!             |             - the instance uses its         |
//!             |               type's gate                   |
//!             |             - the gate is open              |
//!             v                                             v
//!        FastGate::enter                          Permit::slow, ::reentrant, ::unmanaged
//!             |                                             |
//!             +------------------> Permit <-----------------+
//!                                    |
//!                   push the frame of the call, run the body, pop the frame
//!                                    |
//!                         drop: the call is counted out
//! ```
//!
//! The fast path allocates nothing and counts no reference.

use std::mem::{self, ManuallyDrop};
use std::sync::Arc;

use super::context_stack::{self, CallContext, Role};
use super::fast_gate::FastGate;
use super::gate::CounterIndex;
use super::method::Method;
use super::receiver::Receiver;
use super::slot::Slot;

/// An admitted call: it is counted out when this is dropped.
///
/// The two paths are fields and not the variants of an enum: the compiler keeps the fields of the fast path in registers,
/// and an enum in memory, which more than doubles what the guard costs.
#[must_use = "the call is counted out as soon as this is dropped"]
pub(crate) struct Permit {
    gate: &'static FastGate,
    /// Where `gate` counts the call; [`CounterIndex::NONE`] if the call took the slow path. One value says both, because a
    /// second comparison would cost each call seven instructions.
    counter: CounterIndex,
    /// Where the call is counted on the slow path; nowhere if no registry manages the value.
    slow: ManuallyDrop<Option<SlotCounter>>,
}

/// Where a call on the slow path is counted.
struct SlotCounter {
    slot: Arc<Slot>,
    /// [`CounterIndex::NONE`] if the gate was closed, and a call, task or hook of the same service has made the call.
    counter: CounterIndex,
}

impl Permit {
    /// Admits a call on the fast path, with the frame of the call on the context stack. `None` if the call must take the
    /// slow path.
    #[inline(always)]
    pub(crate) fn fast(
        gate: &'static FastGate,
        receiver: impl Receiver,
        method: &Method,
    ) -> Option<(Self, CallContext)> {
        let top = context_stack::top()?;
        let address = receiver.address().unwrap_or_else(|| gate.current_address(top));
        let (counter, frame) = gate.enter(address, method, top)?;
        let permit = Self { gate, counter, slow: ManuallyDrop::new(None) };
        Some((permit, top.push(frame)))
    }

    /// Admits a call that is counted at the slot's gate, if that is open. `gate` is the one of the type, which knows the
    /// method's lane.
    pub(crate) fn slow(gate: &'static FastGate, slot: &Arc<Slot>, method: &Method) -> Option<Self> {
        let counter = slot.enter(gate.lane(method))?;
        Some(Self::counted_at(gate, Some(SlotCounter { slot: slot.clone(), counter })))
    }

    /// Admits a call that a call, task or hook of the same service has made, even if the gate is closed.
    pub(crate) fn reentrant(gate: &'static FastGate, slot: &Arc<Slot>) -> Self {
        slot.enter_reentrant();
        Self::counted_at(gate, Some(SlotCounter { slot: slot.clone(), counter: CounterIndex::NONE }))
    }

    /// Admits a call on a value that no registry manages.
    pub(crate) fn unmanaged(gate: &'static FastGate) -> Self {
        Self::counted_at(gate, None)
    }

    fn counted_at(gate: &'static FastGate, slow: Option<SlotCounter>) -> Self {
        Self { gate, counter: CounterIndex::NONE, slow: ManuallyDrop::new(slow) }
    }

    /// Pushes the frame of the call, while this thread runs the call.
    pub(crate) fn push_context(&self) -> CallContext {
        match &*self.slow {
            _ if self.counter.is_some() => context_stack::push(self.gate.frame()),
            Some(SlotCounter { slot, .. }) => context_stack::push(slot.frame(Role::Call)),
            None => context_stack::push_innermost(),
        }
    }
}

impl Drop for Permit {
    #[inline(always)]
    fn drop(&mut self) {
        if self.counter.is_some() {
            self.gate.leave(self.counter);
        } else {
            leave_slowly(mem::replace(&mut self.slow, ManuallyDrop::new(None)));
        }
    }
}

#[cold]
#[inline(never)]
fn leave_slowly(counter: ManuallyDrop<Option<SlotCounter>>) {
    let Some(SlotCounter { slot, counter }) = ManuallyDrop::into_inner(counter) else { return };
    if counter.is_some() {
        slot.leave(counter);
    } else {
        slot.leave_reentrant();
    }
}
