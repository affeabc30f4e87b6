//! [`Refused`]: turns a refusal into the return value of a guarded method.
//!
//! The return type decides how, so aliases of `Result` work. The inherent [`Refused::answer`] exists for `Result` alone.
//! Method lookup prefers it to the trait's method, and uses that of [`Panics`] for every other type.

use std::marker::PhantomData;

use crate::report::NotReady;

/// A refusal of a call whose method returns `R`.
pub struct Refused<R> {
    not_ready: NotReady,
    returns: PhantomData<fn() -> R>,
}

impl<R> Refused<R> {
    /// The refusal, for a method that returns `R`.
    pub fn new(not_ready: NotReady) -> Self {
        Self { not_ready, returns: PhantomData }
    }
}

impl<T, E> Refused<Result<T, E>> {
    /// The refusal as the method's own error.
    ///
    /// The conversion is an argument and not a bound. So an error type that cannot carry a refusal is a compile error about
    /// the user's type, and method lookup does not use the panic instead.
    pub fn answer(self, from: impl FnOnce(NotReady) -> E) -> Result<T, E> {
        Err(from(self.not_ready))
    }
}

/// An error that can carry a refusal: one that is `From<NotReady>`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot say that a service is not ready",
    label = "a guarded method that is refused returns this error",
    note = "write `impl From<NotReady> for {Self}`, or, if that type is not yours, return an error of your own"
)]
pub trait FromNotReady {
    /// The refusal as this error.
    fn from_not_ready(not_ready: NotReady) -> Self;
}

#[diagnostic::do_not_recommend]
impl<E: From<NotReady>> FromNotReady for E {
    fn from_not_ready(not_ready: NotReady) -> Self {
        not_ready.into()
    }
}

/// Any other return type cannot carry a refusal. `answer` has the method's return type although it never returns: with
/// `!`, rustc would warn about unreachable code in the user's method.
pub trait Panics<R>: Sized {
    /// Panics with the refusal's message.
    fn answer(self, from: impl FnOnce(NotReady) -> NotReady) -> R;
}

impl<R> Panics<R> for Refused<R> {
    #[track_caller]
    fn answer(self, from: impl FnOnce(NotReady) -> NotReady) -> R {
        panic!("{}", from(self.not_ready))
    }
}
