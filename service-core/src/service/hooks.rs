//! [`Hooks`]: the code of one service, whatever its type.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::incarnation::Incarnation;
use crate::base::{BoxError, Result};
use crate::gate::{AnyTypeEntry, HasTypeEntry, ManagedInstance, Slot, TypeSlots};
use crate::plan::Provided;
use crate::report::Health;

pub(crate) type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The code of one service, whatever its type. What these return may panic, hang and be dropped anywhere; they themselves
/// run none of the user's code.
pub(crate) trait Hooks: Send + Sync {
    /// `init`, `start` and the first `health`.
    fn start(&self, incarnation: Arc<Incarnation>) -> Boxed<Result<ManagedInstance>>;

    /// A later `health`; `None` where there is no such hook.
    fn health(&self, _slot: &Slot) -> Option<Boxed<Health>> {
        None
    }

    /// `shutdown`; `None` where there is no such hook.
    fn shutdown(&self, _site: Arc<Incarnation>) -> Option<Boxed<Result<()>>> {
        None
    }

    /// The service has stopped: releases a supplied value, unless the next start uses it again.
    fn release(&self, _comes_back: bool) {}
}

/// The hooks of a service, on their way from its type to its registration.
pub struct ServiceHooks(pub(super) Arc<dyn Hooks>);

/// Makes the hooks of one service, which provides these trait objects. If a value was given, its first life uses that value
/// in place of what `init` makes.
pub type MakeHooks<S> = fn(&'static [Provided], Option<Arc<S>>) -> ServiceHooks;

impl fmt::Debug for ServiceHooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceHooks").finish_non_exhaustive()
    }
}

/// An instance that can be requested as each trait object that its service provides.
pub(super) fn instance<S: HasTypeEntry>(
    value: Arc<S>,
    provides: &[Provided],
    incarnation: &Incarnation,
) -> ManagedInstance {
    let entry = S::type_entry();
    providing(ManagedInstance::new(value), (entry.slots(), entry), provides, incarnation)
}

/// The same, compiled once for all types.
fn providing(
    mut instance: ManagedInstance,
    (slots, entry): (&TypeSlots, &'static dyn AnyTypeEntry),
    provides: &[Provided],
    incarnation: &Incarnation,
) -> ManagedInstance {
    let value = instance.value_any();
    incarnation.keep_made(value.clone());
    slots.manage(entry, &value, &incarnation.slot);
    for provided in provides {
        if let Some(view) = (provided.cast)(value.clone()) {
            instance.provide((provided.type_id)(), view);
        }
    }
    instance
}

/// Whether a service with this health may become ready.
pub(crate) fn fit(health: Health) -> Result<()> {
    match health {
        Health::Healthy | Health::Degraded(_) => Ok(()),
        Health::Unhealthy(why) => Err(BoxError::from(why.into_owned())),
    }
}
