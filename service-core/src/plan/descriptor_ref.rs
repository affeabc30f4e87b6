//! [`DescriptorRef`]: the address of a static [`Descriptor`]. The one file of the plan that has unsafe code: one dereference
//! and two marker traits, each with its proof.
#![allow(unsafe_code)] // rustc follows a reference in a constant, so the address has to be a raw pointer

use super::descriptor::Descriptor;

/// The address of a static [`Descriptor`].
///
/// A raw pointer and not a reference: rustc follows the references in a constant, so it would evaluate the descriptors of a
/// cycle first, and report a cycle of statics instead of a cycle of services.
#[derive(Clone, Copy)]
pub struct DescriptorRef(*const Descriptor);

// SAFETY: a `DescriptorRef` is only ever read from, and it points to an immutable static without interior mutability.
unsafe impl Send for DescriptorRef {}
// SAFETY: as above.
unsafe impl Sync for DescriptorRef {}

impl DescriptorRef {
    /// The address of this descriptor.
    pub const fn of(descriptor: &'static Descriptor) -> Self {
        Self(descriptor)
    }

    /// The address of a descriptor without dependencies, for a service that the macro has refused.
    pub const fn refused() -> Self {
        static REFUSED: Descriptor = Descriptor::refused();
        Self(&raw const REFUSED)
    }

    pub(crate) const fn get(self) -> &'static Descriptor {
        // SAFETY: `of` and `refused` are the only ways to make one, and both take the address of a static.
        unsafe { &*self.0 }
    }
}
