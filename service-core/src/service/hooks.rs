//! [`Hooks`]: the code of one service, whatever its type.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use super::context::Context;
use super::incarnation::Incarnation;
use super::lifecycle::Lifecycle;
use crate::base::{BoxError, Mutex, MutexGuard, Phase, Result};
use crate::gate::Homed;
use crate::gate::Instance;
use crate::gate::Slot;
use crate::report::Health;

pub(crate) type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The code of one service, whatever its type. What these return may panic, hang and be dropped anywhere; they themselves
/// run none of the user's code.
pub(crate) trait Hooks: Send + Sync {
    /// `init`, `start` and the first `health`.
    fn come_up(&self, site: Arc<Incarnation>) -> Boxed<Result<Instance>>;

    /// A later `health`; `None` where there is no such hook.
    fn health(&self, slot: &Slot) -> Option<Boxed<Health>>;

    /// `shutdown`; `None` where there is no such hook.
    fn shutdown(&self, site: Arc<Incarnation>) -> Option<Boxed<Result<()>>>;

    /// Lets go of a value that was handed over: it never comes up again.
    fn let_go(&self) {}
}

/// Adds the trait objects that a service provides to its instance.
pub(crate) type Views<S> = Vec<Box<dyn Fn(&Arc<S>, &mut Instance) + Send + Sync>>;

fn instance<S: Homed>(value: Arc<S>, views: &Views<S>, site: &Incarnation) -> Instance {
    S::home().admit(&value, &site.slot);
    let mut instance = Instance::new(value.clone());
    for provide in views {
        provide(&value, &mut instance);
    }
    instance
}

/// Whether a service that says this about itself may become ready.
pub(crate) fn fit(health: Health) -> Result<()> {
    match health {
        Health::Healthy | Health::Degraded(_) => Ok(()),
        Health::Unhealthy(why) => Err(BoxError::from(why.into_owned())),
    }
}

/// The hooks of a type that has a lifecycle.
pub(crate) struct Managed<S> {
    pub views: Arc<Views<S>>,
}

impl<S: Homed + Lifecycle> Hooks for Managed<S> {
    fn come_up(&self, site: Arc<Incarnation>) -> Boxed<Result<Instance>> {
        let views = self.views.clone();
        Box::pin(async move {
            let cx = Context::<S>::new(site);
            let site = cx.site();
            let value = Arc::new(S::init(&cx).await?);
            let instance = instance(value.clone(), &views, site);
            site.enter_phase(Phase::Start);
            value.clone().start(&cx).await?;
            site.enter_phase(Phase::Health);
            fit(value.health().await)?;
            Ok(instance)
        })
    }

    fn health(&self, slot: &Slot) -> Option<Boxed<Health>> {
        let value = slot.value::<S>()?;
        Some(Box::pin(async move { value.health().await }))
    }

    fn shutdown(&self, site: Arc<Incarnation>) -> Option<Boxed<Result<()>>> {
        let value = site.slot.value::<S>()?;
        Some(Box::pin(async move { value.shutdown(&Context::new(site)).await }))
    }
}

/// A value that was handed over, for as long as it could come up.
pub(crate) struct Kept<T: ?Sized>(Mutex<Option<Arc<T>>>);

impl<T: ?Sized> Kept<T> {
    pub(crate) fn new(value: Arc<T>) -> Self {
        Self(Mutex::new(Some(value)))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<T>>> {
        self.0.lock()
    }

    /// An instance of it.
    fn instance(&self, site: &Incarnation, instance: impl FnOnce(Arc<T>) -> Instance) -> Boxed<Result<Instance>> {
        let instance = self.lock().clone().map(instance);
        let name = site.slot.name.clone();
        Box::pin(async move { instance.ok_or_else(|| format!("{name} was let go already").into()) })
    }

    fn let_go(&self) {
        // Outside of the lock, because its `drop` is the user's.
        let value = self.lock().take();
        drop(value);
    }
}

/// The hooks of a value that was handed over: none, it is ready at once.
pub(crate) struct HandedOver<S> {
    pub value: Kept<S>,
    pub views: Arc<Views<S>>,
}

impl<S: Homed> Hooks for HandedOver<S> {
    fn come_up(&self, site: Arc<Incarnation>) -> Boxed<Result<Instance>> {
        self.value.instance(&site, |value| instance(value, &self.views, &site).handed_over())
    }

    fn health(&self, _slot: &Slot) -> Option<Boxed<Health>> {
        None
    }

    fn shutdown(&self, _site: Arc<Incarnation>) -> Option<Boxed<Result<()>>> {
        None
    }

    fn let_go(&self) {
        self.value.let_go();
    }
}

/// The hooks of a trait object that was handed over.
pub(crate) struct HandedOverDyn<B: ?Sized> {
    pub value: Kept<B>,
}

impl<B: ?Sized + Send + Sync + 'static> Hooks for HandedOverDyn<B> {
    fn come_up(&self, site: Arc<Incarnation>) -> Boxed<Result<Instance>> {
        self.value.instance(&site, Instance::of_dyn)
    }

    fn health(&self, _slot: &Slot) -> Option<Boxed<Health>> {
        None
    }

    fn shutdown(&self, _site: Arc<Incarnation>) -> Option<Boxed<Result<()>>> {
        None
    }

    fn let_go(&self) {
        self.value.let_go();
    }
}

/// Stands in for the hooks of a `given` service until its value is handed over; a plan without one is unsound.
pub(crate) struct Awaited<S>(pub PhantomData<fn() -> S>);

impl<S: Homed> Hooks for Awaited<S> {
    fn come_up(&self, site: Arc<Incarnation>) -> Boxed<Result<Instance>> {
        let name = site.slot.name.clone();
        Box::pin(async move { Err(format!("{name} was not handed over; call .give(…) on the builder").into()) })
    }

    fn health(&self, _slot: &Slot) -> Option<Boxed<Health>> {
        None
    }

    fn shutdown(&self, _site: Arc<Incarnation>) -> Option<Boxed<Result<()>>> {
        None
    }
}
