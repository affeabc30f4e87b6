//! [`Receiver`]: the instance on which a guarded method is called.

/// The instance on which a guarded method is called.
pub trait Receiver: Copy {
    /// The value's address; `None` for the instance of the registry that is current when the call begins.
    fn address(self) -> Option<usize>;
}

/// The receiver `self`. It borrows nothing, so a future that holds one may outlive the borrow.
#[derive(Clone, Copy, Debug)]
pub struct SelfAt(usize);

impl SelfAt {
    /// This value.
    #[inline(always)]
    pub fn new<S>(value: &S) -> Self {
        Self(std::ptr::from_ref(value) as usize)
    }
}

impl Receiver for SelfAt {
    #[inline(always)]
    fn address(self) -> Option<usize> {
        Some(self.0)
    }
}

/// The receiver of a method without `self`: the current registry's instance.
#[derive(Clone, Copy, Debug)]
pub struct CurrentInstance;

impl Receiver for CurrentInstance {
    #[inline(always)]
    fn address(self) -> Option<usize> {
        None
    }
}
