//! [`GivenHooks`]: the hooks of a `given` service, if it has any; and [`HasHooks`], for the arguments that need some.

use std::marker::PhantomData;

use super::hooks::MakeHooks;
use super::lifecycle::Lifecycle;
use crate::gate::HasTypeEntry;

/// Stands for a `given` service in the question whether it has a lifecycle. A lookup of `HOOKS` prefers the inherent one, which
/// exists only for services that have one.
pub struct GivenHooks<S>(PhantomData<S>);

impl<S: Lifecycle + HasTypeEntry> GivenHooks<S> {
    /// The hooks that run on the value that was given, or make one.
    pub const HOOKS: Option<MakeHooks<S>> = Some(S::__hooks);
}

/// What is found for every other service.
pub trait WithoutLifecycle<S> {
    /// It needs a value, and nothing runs on it.
    const HOOKS: Option<MakeHooks<S>> = None;
}

impl<S> WithoutLifecycle<S> for GivenHooks<S> {}

/// A `given` service with a lifecycle: the arguments about its hooks have an effect.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is `given` and has no lifecycle, so this argument has no effect",
    label = "nothing of `{Self}` runs that this could apply to",
    note = "write `impl Lifecycle for {Self}`, whose hooks then run on the given value, or remove the argument"
)]
pub trait HasHooks {
    /// Generated code names it for each such argument. A function would add a note about its bound to the error.
    const ASSERTED: ();
}

#[diagnostic::do_not_recommend]
impl<S: Lifecycle> HasHooks for S {
    const ASSERTED: () = ();
}
