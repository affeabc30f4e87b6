//! [`Instance::clone`]: a warning for services that can be cloned.
//!
//! A macro cannot warn, but a deprecated function can. Method lookup prefers the inherent one, which exists for clonable
//! types alone. The name is chosen for the warning it appears in.

use std::marker::PhantomData;

/// Stands for a service in the question whether it can be cloned.
pub struct Instance<S>(PhantomData<S>);

impl<S: Clone> Instance<S> {
    /// A clone is another value than the one the registry manages.
    #[deprecated(note = "a clone of a service is hand-built, so its guard is off; share the service in its `Arc`")]
    pub fn clone() {}
}

/// What is found for every other service.
pub trait NotCloned {
    /// Nothing to warn about.
    fn clone() {}
}

impl<S> NotCloned for Instance<S> {}
