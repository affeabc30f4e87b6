//! [`Supplied`]: the hooks of a service whose value is supplied by `give` or `replace` instead of made by its `init`.

use std::sync::Arc;

use super::hooks::{Boxed, Hooks, instance};
use super::incarnation::Incarnation;
use crate::base::{Mutex, Result};
use crate::gate::HasTypeEntry;
use crate::gate::ManagedInstance;
use crate::plan::Provided;

/// A supplied value, until it is released.
pub(super) struct SuppliedValue<T: ?Sized>(Mutex<Option<Arc<T>>>);

impl<T: ?Sized> SuppliedValue<T> {
    pub(super) fn new(value: Option<Arc<T>>) -> Self {
        Self(Mutex::new(value))
    }

    /// The value, unless there is none or it was released.
    pub(super) fn get(&self) -> Option<Arc<T>> {
        self.0.lock().clone()
    }

    fn instance(
        &self,
        incarnation: &Incarnation,
        instance: impl FnOnce(Arc<T>) -> ManagedInstance,
    ) -> Boxed<Result<ManagedInstance>> {
        let instance = self.get().map(instance);
        let name = incarnation.slot.name.clone();
        Box::pin(async move { instance.ok_or_else(|| format!("the value of {name} was already released").into()) })
    }

    pub(super) fn release(&self) {
        // Dropped outside of the lock, because its `drop` is the user's.
        let value = self.0.lock().take();
        drop(value);
    }
}

/// The hooks of a supplied value: it is ready at once.
pub(super) struct Supplied<S> {
    value: SuppliedValue<S>,
    provides: &'static [Provided],
}

impl<S: HasTypeEntry> Supplied<S> {
    pub(super) fn new(value: Arc<S>, provides: &'static [Provided]) -> Self {
        Self { value: SuppliedValue::new(Some(value)), provides }
    }
}

impl<S: HasTypeEntry> Hooks for Supplied<S> {
    fn start(&self, incarnation: Arc<Incarnation>) -> Boxed<Result<ManagedInstance>> {
        self.value.instance(&incarnation, |value| instance(value, self.provides, &incarnation).handed_over())
    }

    fn release(&self, comes_back: bool) {
        if !comes_back {
            self.value.release();
        }
    }
}

/// The hooks of a supplied trait object.
pub(crate) struct SuppliedDyn<B: ?Sized>(SuppliedValue<B>);

impl<B: ?Sized> SuppliedDyn<B> {
    pub(crate) fn new(value: Arc<B>) -> Self {
        Self(SuppliedValue::new(Some(value)))
    }
}

impl<B: ?Sized + Send + Sync + 'static> Hooks for SuppliedDyn<B> {
    fn start(&self, incarnation: Arc<Incarnation>) -> Boxed<Result<ManagedInstance>> {
        self.0.instance(&incarnation, ManagedInstance::of_dyn)
    }

    fn release(&self, comes_back: bool) {
        if !comes_back {
            self.0.release();
        }
    }
}

/// The hooks of a service that has neither a value nor an `init`. The plan accepts it only if the boot succeeds without it.
pub(super) struct Unsupplied;

impl Hooks for Unsupplied {
    fn start(&self, incarnation: Arc<Incarnation>) -> Boxed<Result<ManagedInstance>> {
        let name = incarnation.slot.name.clone();
        Box::pin(
            async move { Err(format!("{name} was not given; hand it over with `.give(…)` on the builder").into()) },
        )
    }
}
