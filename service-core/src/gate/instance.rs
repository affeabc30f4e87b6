//! [`ManagedInstance`]: the value of a service that a registry manages, and the types as which it can be requested.

use std::any::{Any, TypeId};
use std::fmt;
use std::mem::needs_drop;
use std::sync::{Arc, Weak};

/// An `Arc<T>` in a box. Any `T`, sized or not, is found by its type.
type View = Box<dyn Any + Send + Sync>;

/// The value of a service that a registry manages.
pub(crate) struct ManagedInstance {
    value: Arc<dyn Any + Send + Sync>,
    own: View,
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
            own: Box::new(value),
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
        let own: View = Box::new(value);
        Self { value: owner, own, provided: Vec::new(), ours: 0, has_destructor: true }
    }

    /// Adds a trait object as which it can be requested.
    pub(crate) fn provide(&mut self, key: TypeId, view: View) {
        self.provided.push((key, view));
    }

    /// The instance as this type, if it is one or provides it.
    #[inline]
    pub(crate) fn view<T: ?Sized + Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        match self.own.downcast_ref::<Arc<T>>() {
            Some(own) => Some(own.clone()),
            None => self.provided(TypeId::of::<T>())?.downcast_ref::<Arc<T>>().cloned(),
        }
    }

    fn provided(&self, id: TypeId) -> Option<&View> {
        self.provided.iter().find(|(key, _)| *key == id).map(|(_, view)| view)
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
