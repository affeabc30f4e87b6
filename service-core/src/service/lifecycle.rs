//! [`Lifecycle`]: what a service does.

use std::any::Any;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use super::context::Context;
use super::hooks::{Boxed, Hooks, ServiceHooks, fit, instance};
use super::incarnation::Incarnation;
use super::supplied::SuppliedValue;
use crate::base::{Phase, Result};
use crate::gate::{HasTypeEntry, ManagedInstance, Slot};
use crate::plan::Provided;
use crate::report::Health;

/// The hooks of a service: how it starts, reports its health, and shuts down.
///
/// A service is ready after `init`, `start` and one `health` that is not unhealthy. If `init` succeeded and `start` or
/// `health` did not, its tasks are joined and its deferred cleanups run; `shutdown` does not run, because the service was
/// never ready.
///
/// Every hook may be dropped at any `await` when its budget runs out or its boot is cancelled, and a panic in one is
/// the failure of that service alone. The shape is that of fx's `OnStart`/`OnStop` hooks and systemd's unit
/// states, as one trait.
///
/// ```
/// use service_core::{Context, Health, Lifecycle, Result, service};
///
/// #[service]
/// struct Clock {
///     started: std::time::Instant,
/// }
///
/// impl Lifecycle for Clock {
///     async fn init(_cx: &Context<Self>) -> Result<Self> {
///         Ok(Self { started: std::time::Instant::now() })
///     }
///
///     async fn health(&self) -> Health {
///         Health::Healthy
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no lifecycle",
    label = "this service does not say how it is made",
    note = "write `impl Lifecycle for {Self}` with an `init`, or let `#[service(autowire)]` write it, or hand the value over: `#[service(given)]`"
)]
pub trait Lifecycle: Sized + Send + Sync + 'static {
    /// Makes the instance. Everything that it requires is ready, and `cx.get()` hands it out.
    ///
    /// Not called for a value that was [given](crate::Builder::give): the other hooks run on that value.
    fn init(cx: &Context<Self>) -> impl Future<Output = Result<Self>> + Send; // no async_trait; service_core::Result

    /// Starts what needs the instance, such as a task that holds it. No guarded call is admitted yet.
    fn start(self: Arc<Self>, cx: &Context<Self>) -> impl Future<Output = Result<()>> + Send {
        let _ = cx;
        async { Ok(()) }
    }

    /// Reports the health of the service: once before it becomes ready, then for each health check.
    fn health(&self) -> impl Future<Output = Health> + Send {
        async { Health::Healthy }
    }

    /// Ends what `init` and `start` have begun. Runs exactly once, after the last guarded call and the last task, and only
    /// if the service was ready.
    fn shutdown(&self, cx: &Context<Self>) -> impl Future<Output = Result<()>> + Send {
        let _ = cx;
        async { Ok(()) }
    }

    /// Generated code calls it on this trait, so that a service without a lifecycle is one error about this trait.
    #[doc(hidden)]
    fn __hooks(provides: &'static [Provided], given: Option<Arc<Self>>) -> ServiceHooks
    where
        Self: HasTypeEntry,
    {
        let given = given.map(|value| -> Arc<dyn Any + Send + Sync> { value });
        ServiceHooks(Arc::new(Managed::<Self> { provides, given: SuppliedValue::new(given), service: PhantomData }))
    }
}

/// The lifecycle of a type, as hooks.
struct Managed<S> {
    provides: &'static [Provided],
    /// The value of its first life, if one was given.
    given: SuppliedValue<dyn Any + Send + Sync>,
    service: PhantomData<fn() -> S>,
}

impl<S: HasTypeEntry + Lifecycle> Hooks for Managed<S> {
    fn start(&self, incarnation: Arc<Incarnation>) -> Boxed<Result<ManagedInstance>> {
        let (provides, given) = (self.provides, self.given.get());
        Box::pin(async move {
            let cx = Context::<S>::new(incarnation);
            let incarnation = cx.incarnation();
            let given = given.and_then(|value| value.downcast::<S>().ok());
            let is_given = given.is_some();
            let value = match given {
                Some(value) => value,
                // In a box, because its future may be large: here, it would be a part of each future around it.
                None => Arc::new(Box::pin(S::init(&cx)).await?),
            };
            let mut instance = instance(value.clone(), provides, incarnation);
            if is_given {
                instance = instance.handed_over();
            }
            incarnation.enter_phase(Phase::Start);
            value.clone().start(&cx).await?;
            incarnation.enter_phase(Phase::Health);
            fit(value.health().await)?;
            Ok(instance)
        })
    }

    fn health(&self, slot: &Slot) -> Option<Boxed<Health>> {
        let value = slot.value::<S>()?;
        Some(Box::pin(async move { value.health().await }))
    }

    fn shutdown(&self, incarnation: Arc<Incarnation>) -> Option<Boxed<Result<()>>> {
        let value = incarnation.slot.value::<S>()?;
        Some(Box::pin(async move { value.shutdown(&Context::new(incarnation)).await }))
    }

    /// A given value has ended with its `shutdown`, so the next start calls `init`.
    fn release(&self, _comes_back: bool) {
        self.given.release();
    }
}
