//! The current registry: the one that `T::service()` and a guarded call without a receiver use.

use std::sync::Arc;

use super::assembly::Assembly;
use super::process;
use crate::base::{State, short_name};
use crate::report::{NotReady, Refusal};
use crate::shared::{Shared, any_isolated, registries};

/// The registry of the innermost scope, hook, task or guarded call, else the process's. `type_name` names the service that is
/// used, for the message of the error.
pub(crate) fn now(type_name: fn() -> &'static str) -> Result<Arc<Shared>, NotReady> {
    if let Some(shared) = registries::current() {
        return Ok(shared);
    }
    match process::existing_or_shut_down() {
        Some(registry) => Ok(registry.shared().clone()),
        None => Err(NotReady::new(short_name(type_name()), State::Idle, Refusal::State)),
    }
}

/// The same. If there is no registry yet, this first use creates the process's registry.
pub(crate) async fn or_first_use(type_name: fn() -> &'static str) -> Result<Arc<Shared>, NotReady> {
    if let Ok(shared) = now(type_name) {
        return Ok(shared);
    }
    let refused = |cause| NotReady::new(short_name(type_name()), State::Idle, cause);
    if process::is_lazy_boot_denied() {
        return Err(refused(Refusal::NoRegistry(
            "nothing is booted, and deny_lazy_boot() forbids a boot on first use",
        )));
    }
    if any_isolated() {
        return Err(refused(Refusal::NoRegistry(
            "an isolated registry is up, but this call is not inside its scope; use registry.scope(…) or registry.get()",
        )));
    }
    let origin = format!("the first use of {}", short_name(type_name()));
    let made = process::existing_or(|| Assembly::default().prepare(origin));
    match made {
        Ok((registry, _)) => Ok(registry.shared().clone()),
        Err(error) => Err(refused(Refusal::Boot(error.to_string().into()))),
    }
}
