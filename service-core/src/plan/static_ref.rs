//! [`StaticRef`]: the address of a static. The one file of the plan that has unsafe code: one dereference and two marker
//! traits, each with its proof.
#![allow(unsafe_code)] // rustc follows a reference in a constant, so the address has to be a raw pointer

/// The address of a static.
///
/// A raw pointer and not a reference: rustc follows the references in a constant, so it would evaluate the statics of a cycle
/// first, and report a cycle of statics instead of a cycle of services.
pub struct StaticRef<T: 'static>(*const T);

// SAFETY: a `StaticRef` gives out shared references to a `T` and nothing else, so it may be sent and shared where `&T` may.
unsafe impl<T: Sync> Send for StaticRef<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for StaticRef<T> {}

impl<T> Clone for StaticRef<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for StaticRef<T> {}

impl<T> StaticRef<T> {
    /// The address of this static.
    pub const fn of(value: &'static T) -> Self {
        Self(value)
    }

    pub(crate) const fn get(self) -> &'static T {
        // SAFETY: `of` is the only way to make one, and it takes a reference that is valid for ever.
        unsafe { &*self.0 }
    }
}
