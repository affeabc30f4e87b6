//! Admission of one guarded call, and reaching one service: run, wait, boot first, or refuse, by the state it is in.

use std::pin::pin;
use std::sync::Arc;

use super::deadline::within;
use super::in_runtime::in_runtime;
use super::registries;
use super::shared::Shared;
use super::wait::{self, Wait};
use crate::base::State;
use crate::gate::context_stack::{self, Role};
use crate::gate::{FastGate, Method, Permit, Policy, Slot};
use crate::report::{NotReady, Refusal};

/// Admits a call, on the value at this address if it has a receiver. Waits as the method's policy says.
///
/// # Errors
/// If the call is refused.
pub(crate) async fn admit(
    gate: &'static FastGate,
    slot: &Arc<Slot>,
    address: Option<usize>,
    method: &Method,
) -> Result<Permit, NotReady> {
    // First, because an undeclared call that is denied does not wait.
    record_use(slot)?;
    let refusal = match admit_now(gate, slot, address, method) {
        Ok(permit) => return Ok(permit),
        Err(refusal) => refusal,
    };
    let is_endless = method.policy() == Policy::Wait;
    // Pinned here, because each arm would keep a copy of its own.
    let admitted = pin!(async {
        loop {
            // The next instance is at another address, so waiting for it is of no use.
            if slot.is_replaced(address) || address.is_some() && slot.is_restarting() {
                return Err(slot.refuse(Refusal::Replaced));
            }
            until_ready(slot, is_endless).await?;
            if let Ok(permit) = admit_now(gate, slot, address, method) {
                return Ok(permit);
            }
        }
    });
    match method.policy() {
        Policy::Refuse => Err(refusal),
        Policy::Wait => admitted.await,
        Policy::WaitFor(bound) => {
            let Some(shared) = registries::find(slot.registry) else { return Err(refusal) };
            let _busy = shared.busy();
            let in_time = in_runtime(&shared.runtime, within(bound, admitted)).await;
            in_time.unwrap_or_else(|| Err(slot.refuse(Refusal::WaitedFor(bound))))
        }
    }
}

/// Admits a call at once.
///
/// # Errors
/// If the call is refused.
pub(crate) fn admit_now(
    gate: &'static FastGate,
    slot: &Arc<Slot>,
    address: Option<usize>,
    method: &Method,
) -> Result<Permit, NotReady> {
    record_use(slot)?;
    if slot.is_replaced(address) {
        return Err(slot.refuse(Refusal::Replaced));
    }
    match Permit::slow(gate, slot, method) {
        Some(permit) => Ok(permit),
        None if is_reentrant(slot) => Ok(Permit::reentrant(gate, slot)),
        None => Err(not_now(slot)),
    }
}

/// A value of a ready service. Waits if the service may still become ready.
pub(crate) async fn reach<T>(slot: &Arc<Slot>, view: impl Fn(&Slot) -> Option<Arc<T>>) -> Result<Arc<T>, NotReady>
where
    T: ?Sized,
{
    record_use(slot)?;
    loop {
        if let Ok(value) = reach_now(slot, &view) {
            return Ok(value);
        }
        until_ready(slot, true).await?;
    }
}

/// A value of a service that is up.
pub(crate) fn reach_now<T>(slot: &Arc<Slot>, view: impl Fn(&Slot) -> Option<Arc<T>>) -> Result<Arc<T>, NotReady>
where
    T: ?Sized,
{
    if (slot.is_ready() || is_reentrant(slot))
        && let Some(value) = view(slot)
    {
        record_use(slot)?;
        return Ok(value);
    }
    Err(not_now(slot))
}

/// The value of a ready service, by its name.
pub(crate) fn named<T: Send + Sync + 'static>(shared: &Shared, name: &str) -> Result<Arc<T>, NotReady> {
    let slot = shared.named_slot(name)?;
    record_use(slot)?;
    // The state first: a service that has just become ready has its value already.
    let is_ready = slot.state() == State::Ready;
    match slot.value::<T>() {
        Some(value) if is_ready => Ok(value),
        None if is_ready && slot.state() == State::Ready => {
            Err(slot.refuse(Refusal::OtherType(std::any::type_name::<T>())))
        }
        _ => Err(slot.refusal()),
    }
}

/// Whether the caller is a part of what this service's drain waits for, which would otherwise wait for itself.
#[inline(never)]
fn is_reentrant(slot: &Slot) -> bool {
    matches!(slot.state(), State::Draining | State::Stopping)
        && slot.is_on_stack(|role| matches!(role, Role::Call | Role::Task | Role::Hook))
}

#[cold]
fn not_now(slot: &Slot) -> NotReady {
    if slot.state().is_coming_up() && slot.is_on_stack(|role| role == Role::Starting) {
        return own_start(slot);
    }
    slot.refusal()
}

/// A service that waits for itself in its own start would wait for ever.
fn own_start(slot: &Slot) -> NotReady {
    slot.refuse(Refusal::Cycle(vec![slot.name.to_string(), slot.name.to_string()]))
}

fn record_use(slot: &Slot) -> Result<(), NotReady> {
    if !slot.may_start_on_stack() {
        return Ok(());
    }
    let Some(shared) = registries::find(slot.registry) else { return Ok(()) };
    for service in starting(&shared) {
        // A task of a starting service may wait for what depends on the service; that cannot be declared.
        let is_above = shared.depends(slot.index, service);
        if service != slot.index && !is_above && !shared.depends(service, slot.index) {
            shared.undeclared.record(service, slot.index);
            if shared.options.deny_undeclared {
                return Err(slot.refuse(Refusal::Undeclared(shared.slots[service].name.clone())));
            }
        }
    }
    Ok(())
}

/// The services of this registry on whose start this thread is working, in a hook or in a task of a starting service.
fn starting(shared: &Shared) -> Vec<usize> {
    let mut services = Vec::new();
    context_stack::find(|frame| {
        let service = frame.service() as usize;
        let is_starting = |service: usize| match frame.role() {
            Role::Starting => true,
            Role::Task => shared.slots[service].state() == State::Starting,
            _ => false,
        };
        if frame.registry() == shared.id && !services.contains(&service) && is_starting(service) {
            services.push(service);
        }
        None::<()>
    });
    services
}

/// Waits until a service is ready, and requests it if nothing has. The wait is endless if the caller has no bound for it.
///
/// # Errors
/// As soon as it cannot become ready: it failed, is blocked, is shutting down, or waits for the caller.
async fn until_ready(slot: &Arc<Slot>, is_endless: bool) -> Result<(), NotReady> {
    let Some(shared) = registries::find(slot.registry) else { return Err(slot.refusal()) };
    if slot.is_on_stack(|role| role == Role::Starting) {
        return Err(own_start(slot));
    }
    let _queued = slot.queue()?;
    let wait = wait::for_service(slot, is_endless)?;
    let up = until_up(slot, &shared);
    Wait::unless_refused(wait, up).await.unwrap_or_else(|cycle| Err(slot.refuse(Refusal::Cycle(cycle))))
}

async fn until_up(slot: &Arc<Slot>, shared: &Shared) -> Result<(), NotReady> {
    let mut status = slot.watch();
    let mut asked = false;
    loop {
        let refusal = status.borrow_and_update().clone();
        let state = refusal.state();
        match state {
            State::Ready => return Ok(()),
            _ if refusal.shutdown_reason().is_some() => return Err(refusal),
            _ if state.is_coming_up() || slot.is_restarting() => {
                if status.changed().await.is_err() {
                    return Err(slot.refusal());
                }
            }
            // A lazy one that failed is tried again, once for each call that comes.
            State::Idle | State::Failed | State::Blocked if !asked && (state == State::Idle || slot.lazy) => {
                asked = true;
                shared.demand(slot.index).await;
            }
            _ => return Err(slot.refusal()),
        }
    }
}
