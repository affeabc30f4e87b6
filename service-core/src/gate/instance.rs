//! [`Instance`]: the value of a service that a registry manages, and the views it may be asked for as.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::{Arc, Weak};

/// An `Arc<T>` in a box: any `T`, sized or not, is found again by its `TypeId`.
type View = Box<dyn Any + Send + Sync>;

/// The value of a service that a registry manages.
pub(crate) struct Instance {
    value: Arc<dyn Any + Send + Sync>,
    views: Vec<(TypeId, View)>,
    /// References that the registry itself keeps beside it: nobody is to be blamed for them.
    ours: usize,
}

impl Instance {
    /// An instance that can be asked for as its own type.
    pub(crate) fn new<T: Send + Sync + 'static>(value: Arc<T>) -> Self {
        Self { value: value.clone(), views: vec![(TypeId::of::<T>(), Box::new(value))], ours: 0 }
    }

    /// The same, of a value that was handed over: the registry keeps it for as long as it could come up.
    pub(crate) fn handed_over(self) -> Self {
        Self { ours: 1, ..self }
    }

    /// An instance that is only a trait object.
    pub(crate) fn of_dyn<T: ?Sized + Send + Sync + 'static>(value: Arc<T>) -> Self {
        // The trait object has no type of its own to be kept by: the view is the value.
        let keeper: Arc<dyn Any + Send + Sync> = Arc::new(value.clone());
        Self { value: keeper, views: vec![(TypeId::of::<T>(), Box::new(value))], ours: 0 }
    }

    /// Adds a trait object it can be asked for as.
    pub(crate) fn provide(&mut self, key: TypeId, view: View) {
        self.views.push((key, view));
    }

    /// The instance as a `T`, if it is one or provides it.
    pub(crate) fn view<T: ?Sized + Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        let (_, view) = self.views.iter().find(|(key, _)| *key == TypeId::of::<T>())?;
        view.downcast_ref::<Arc<T>>().cloned()
    }

    /// The value as its own type.
    pub(crate) fn value<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.value.clone().downcast().ok()
    }

    /// Lets go of it, and says how many references outlive that.
    pub(crate) fn release(self) -> usize {
        let Self { value, views, ours } = self;
        drop(views);
        let left: Weak<_> = Arc::downgrade(&value);
        drop(value);
        left.strong_count().saturating_sub(ours)
    }
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instance").field("views", &self.views.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
