//! [`Service`]: a type with one instance per registry.

use std::any::type_name;
use std::future::Future;
use std::sync::Arc;

use super::current;
use crate::gate::{HasTypeEntry, Method, Slot, Target, context_stack};
use crate::plan::cycle_check::{self, Checked};
use crate::plan::{Descriptor, DescriptorRef};
use crate::report::NotReady;
use crate::service::{Declared, MakeHooks};
use crate::shared;

/// A type with one instance per registry. Written by [`#[service]`](macro@crate::service), never by hand.
///
/// The two functions are also there on the type itself, so `Users::service()` needs no import; generic code uses them
/// through this trait.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a service",
    label = "not a service",
    note = "put `#[service]` on `{Self}`, or name a service here"
)]
pub trait Service: HasTypeEntry {
    /// A constant, in which the user's tokens see no name of ours; the static that [`DESCRIPTOR`](Self::DESCRIPTOR) points to
    /// has this value.
    #[doc(hidden)]
    const FACTS: Descriptor;

    #[doc(hidden)]
    const DESCRIPTOR: DescriptorRef;

    /// What the compiler's search for cycles found; the generated code looks at it once for each dependency.
    #[doc(hidden)]
    const CHECKED: Checked = cycle_check::check(Self::DESCRIPTOR);

    /// `None` for a service whose value has to be supplied.
    #[doc(hidden)]
    const HOOKS: Option<MakeHooks<Self>> = None;

    #[doc(hidden)]
    fn declared() -> Declared {
        Declared::described(Self::DESCRIPTOR.get(), Self::HOOKS)
    }

    #[doc(hidden)]
    #[inline(always)]
    fn target(method: &'static Method) -> Target {
        Self::type_entry().target(method)
    }

    /// Returns the instance of the current registry: that of the scope, hook, task or guarded call in which this runs,
    /// otherwise the process's. Waits while the service starts, and boots it, with the services it requires, if it has not
    /// been booted.
    ///
    /// # Errors
    /// If the service is stopping, stopped, failed or blocked; or if no registry is booted and a boot on first use is not
    /// allowed here.
    fn service() -> impl Future<Output = Result<Arc<Self>, NotReady>> + Send {
        async {
            if let Ok(instance) = Self::try_service() {
                return Ok(instance);
            }
            let shared = current::or_first_use(type_name::<Self>).await?;
            let slot = shared.slot::<Self>()?;
            shared::reach(slot, |slot| slot.value()).await
        }
    }

    /// Like [`service`](Self::service), but never waits and never boots.
    ///
    /// # Errors
    /// If the service is not ready now.
    #[inline]
    fn try_service() -> Result<Arc<Self>, NotReady> {
        // Not while a service is starting: what it uses is recorded, which is the slow path.
        match context_stack::top().and_then(|top| Self::type_entry().current(top)) {
            Some(instance) => Ok(instance),
            None => try_service_slowly(),
        }
    }
}

#[cold]
#[inline(never)]
fn try_service_slowly<S: Service>() -> Result<Arc<S>, NotReady> {
    // A thread that has run no guarded call gets its number here, so that its next call is fast.
    context_stack::stripe();
    let shared = current::now(type_name::<S>)?;
    let slot = shared.slot::<S>()?;
    shared::reach_now(slot, |slot| slot.value())
}

/// Like [`Service::service`], also for the service that provides a `dyn Trait`. The type is looked up when this runs.
///
/// # Errors
/// As [`Service::service`], and if the registry has no such service.
pub async fn current_instance<T: ?Sized + Send + Sync + 'static>() -> Result<Arc<T>, NotReady> {
    let shared = current::or_first_use(type_name::<T>).await?;
    shared::reach(shared.slot::<T>()?, Slot::view).await
}

/// Like [`current_instance`], but never waits and never boots.
///
/// # Errors
/// If the service is not ready now, or the registry has no such service.
pub fn current_instance_now<T: ?Sized + Send + Sync + 'static>() -> Result<Arc<T>, NotReady> {
    let shared = current::now(type_name::<T>)?;
    shared::reach_now(shared.slot::<T>()?, Slot::view)
}
