//! [`ManagedInstance`]: the value of a service that a registry manages, and the types as which it can be requested.

use std::any::{Any, TypeId};
use std::fmt;
use std::mem::needs_drop;
use std::sync::{Arc, Weak};

/// An `Arc<T>` in a box. Any `T`, sized or not, is found by its `TypeId`.
type View = Box<dyn Any + Send + Sync>;

/// The value of a service that a registry manages.
pub(crate) struct ManagedInstance {
    value: Arc<dyn Any + Send + Sync>,
    own: (TypeId, View),
    /// The trait objects that it provides.
    provided: Vec<(TypeId, View)>,
    /// The references that the registry itself keeps: they are no leak.
    ours: usize,
    /// Whether dropping the value may run code of the user's.
    pub(crate) has_destructor: bool,
}

impl ManagedInstance {
    /// An instance that can be requested as its own type.
    pub(crate) fn new<T: Send + Sync + 'static>(value: Arc<T>) -> Self {
        Self {
            value: value.clone(),
            own: (TypeId::of::<T>(), Box::new(value)),
            provided: Vec::new(),
            ours: 0,
            has_destructor: needs_drop::<T>(),
        }
    }

    /// The same, of a supplied value: the registry keeps it for as long as the service may start.
    pub(crate) fn handed_over(self) -> Self {
        Self { ours: 1, ..self }
    }

    /// An instance that is only a trait object.
    pub(crate) fn of_dyn<T: ?Sized + Send + Sync + 'static>(value: Arc<T>) -> Self {
        // A trait object cannot become `dyn Any`, but the `Arc` that holds it can.
        let owner: Arc<dyn Any + Send + Sync> = Arc::new(value.clone());
        let own: (_, View) = (TypeId::of::<T>(), Box::new(value));
        Self { value: owner, own, provided: Vec::new(), ours: 0, has_destructor: true }
    }

    /// Adds a trait object as which it can be requested.
    pub(crate) fn provide(&mut self, key: TypeId, view: View) {
        self.provided.push((key, view));
    }

    /// Calls a function with the `Arc` of the instance as this type, if it is one or provides it.
    pub(crate) fn visit(&self, id: TypeId, function: &mut dyn FnMut(&dyn Any)) {
        let mut all = std::iter::once(&self.own).chain(&self.provided);
        if let Some((_, view)) = all.find(|(key, _)| *key == id) {
            function(&**view);
        }
    }

    /// The value, whatever its type.
    pub(crate) fn value_any(&self) -> Arc<dyn Any + Send + Sync> {
        self.value.clone()
    }

    /// Drops the registry's references, and returns how many others are left.
    pub(crate) fn release(self) -> usize {
        let Self { value, own, provided, ours, has_destructor: _ } = self;
        drop((own, provided));
        let left: Weak<_> = Arc::downgrade(&value);
        drop(value);
        left.strong_count().saturating_sub(ours)
    }
}

impl fmt::Debug for ManagedInstance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManagedInstance").field("provided", &self.provided.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
