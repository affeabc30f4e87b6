//! [`slow_path`]: admits the calls that the fast path does not admit. It finds the slot that manages the value, or the one
//! of the current registry; that slot admits the call, lets it wait, boots the service first, or refuses the call.

use std::sync::Arc;

use crate::base::State;
use crate::gate::{Admission, Method, Permit, Policy, Slot, SlowPath};
use crate::registry::{Service, current};
use crate::report::NotReady;
use crate::shared::{self, Shared};

/// The slow path of the guarded calls on `S`.
pub const fn slow_path<S: Service>() -> SlowPath {
    SlowPath { now: now::<S>, wait: wait::<S> }
}

#[cold]
fn now<S: Service>(address: Option<usize>, method: &'static Method) -> Result<Permit, NotReady> {
    let slot = match address {
        None => slot_of::<S>(&*current::now::<S>()?)?,
        Some(address) => match S::type_entry().find(address) {
            Some(slot) => slot,
            None => return Ok(Permit::unmanaged(S::type_entry().fast_gate())),
        },
    };
    shared::admit_now(S::type_entry().fast_gate(), &slot, address, method)
}

#[cold]
fn wait<S: Service>(address: Option<usize>, method: &'static Method, refusal: NotReady) -> Result<Admission, NotReady> {
    if method.policy() == Policy::Refuse || is_final::<S>(address, &refusal) {
        return Err(refusal);
    }
    Ok(Box::pin(admission::<S>(address, method)))
}

async fn admission<S: Service>(address: Option<usize>, method: &'static Method) -> Result<Permit, NotReady> {
    let slot = match address {
        None => slot_of::<S>(&*current::or_first_use::<S>().await?)?,
        Some(address) => match S::type_entry().find(address) {
            Some(slot) => slot,
            None => return Ok(Permit::unmanaged(S::type_entry().fast_gate())),
        },
    };
    shared::admit(S::type_entry().fast_gate(), &slot, address, method).await
}

/// Whether waiting is of no use: the instance is stopping, and the service is not being restarted.
fn is_final<S: Service>(address: Option<usize>, refusal: &NotReady) -> bool {
    matches!(refusal.state(), State::Draining | State::Stopping | State::Stopped)
        && address.and_then(|address| S::type_entry().find(address)).is_some_and(|slot| !slot.is_restarting())
}

fn slot_of<S: Service>(shared: &Shared) -> Result<Arc<Slot>, NotReady> {
    shared.slot::<S>().cloned()
}
