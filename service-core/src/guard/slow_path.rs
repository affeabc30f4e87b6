//! [`SLOW_PATH`]: admits the calls that the fast path does not admit. It finds the slot that manages the value, or the one
//! of the current registry; that slot admits the call, lets it wait, boots the service first, or refuses the call. The functions
//! do not name the type of the service, so they are compiled once.

use std::sync::Arc;

use crate::base::State;
use crate::gate::{Admission, Method, Permit, Policy, Slot, SlowPath, TypeSlots};
use crate::registry::current;
use crate::report::NotReady;
use crate::shared::{self, Shared};

/// The slow path of every guarded call.
pub const SLOW_PATH: SlowPath = SlowPath { now, wait };

#[cold]
fn now(slots: &'static TypeSlots, address: Option<usize>, method: &'static Method) -> Result<Permit, NotReady> {
    let slot = match address {
        None => slot_of(slots, &*current::now(slots.type_name())?)?,
        Some(address) => match slots.find(address) {
            Some(slot) => slot,
            None => return Ok(Permit::unmanaged(slots.fast_gate())),
        },
    };
    shared::admit_now(slots.fast_gate(), &slot, address, method)
}

#[cold]
fn wait(
    slots: &'static TypeSlots,
    address: Option<usize>,
    method: &'static Method,
    refusal: NotReady,
) -> Result<Admission, NotReady> {
    if method.policy() == Policy::Refuse || is_final(slots, address, &refusal) {
        return Err(refusal);
    }
    Ok(Box::pin(admission(slots, address, method)))
}

async fn admission(
    slots: &'static TypeSlots,
    address: Option<usize>,
    method: &'static Method,
) -> Result<Permit, NotReady> {
    let slot = match address {
        None => slot_of(slots, &*current::or_first_use(slots.type_name()).await?)?,
        Some(address) => match slots.find(address) {
            Some(slot) => slot,
            None => return Ok(Permit::unmanaged(slots.fast_gate())),
        },
    };
    shared::admit(slots.fast_gate(), &slot, address, method).await
}

/// Whether waiting is of no use: the instance is stopping, and the service is not being restarted.
fn is_final(slots: &TypeSlots, address: Option<usize>, refusal: &NotReady) -> bool {
    matches!(refusal.state(), State::Draining | State::Stopping | State::Stopped)
        && address.and_then(|address| slots.find(address)).is_some_and(|slot| !slot.is_restarting())
}

fn slot_of(slots: &TypeSlots, shared: &Shared) -> Result<Arc<Slot>, NotReady> {
    shared.slot_of(&slots.type_id(), slots.type_name()).cloned()
}
