//! [`SlowPath`]: how a call is admitted that the fast path does not admit. The folder `guard` supplies the functions, so
//! nothing in this folder knows registries, boots and waits.

use std::future::Future;
use std::pin::Pin;

use super::method::Method;
use super::permit::Permit;
use super::type_slots::TypeSlots;
use crate::report::NotReady;

/// The future of a call that waits to be admitted.
pub(crate) type Admission = Pin<Box<dyn Future<Output = Result<Permit, NotReady>> + Send>>;

/// The slow path of the guarded calls on one type of service. The second argument of both functions is the address of the
/// receiver, or `None` for the current instance.
#[derive(Clone, Copy, Debug)]
pub struct SlowPath {
    /// Admits the call at once, or refuses it.
    pub(crate) now: fn(&'static TypeSlots, Option<usize>, &'static Method) -> Result<Permit, NotReady>,
    /// Waits for an async call that `now` has refused with this error, or returns the error if the call must not wait.
    pub(crate) wait: fn(&'static TypeSlots, Option<usize>, &'static Method, NotReady) -> Result<Admission, NotReady>,
}
