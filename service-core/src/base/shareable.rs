//! [`Shareable`]: the trait objects that services may provide and require.

use std::any::Any;
use std::sync::Arc;

/// A trait object that all threads may use. A trait of its own, because its error names the solution.
#[diagnostic::on_unimplemented(
    message = "all threads share a service, and `{Self}` is not `Send + Sync`",
    label = "the trait does not require `Send + Sync`",
    note = "write `: Send + Sync` after the name of the trait, where it is declared"
)]
pub trait Shareable {
    /// Generated code names it in the length of an array, because the compiler evaluates those first: this error is then the first
    /// one about the trait object.
    const ASSERTED: usize;

    /// Casts an instance of `S` as the given function does; `None` if it is no `S`.
    fn cast<S: Send + Sync + 'static>(
        instance: Arc<dyn Any + Send + Sync>,
        cast: fn(Arc<S>) -> Arc<Self>,
    ) -> Option<Box<dyn Any + Send + Sync>>;
}

#[diagnostic::do_not_recommend]
impl<T: ?Sized + Send + Sync + 'static> Shareable for T {
    const ASSERTED: usize = 0;

    fn cast<S: Send + Sync + 'static>(
        instance: Arc<dyn Any + Send + Sync>,
        cast: fn(Arc<S>) -> Arc<Self>,
    ) -> Option<Box<dyn Any + Send + Sync>> {
        Some(Box::new(cast(instance.downcast().ok()?)))
    }
}
