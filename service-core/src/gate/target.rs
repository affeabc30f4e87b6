//! [`Target`]: a guarded method of one service, as both paths need it; and [`SyncCall`], a guarded call that is not async.

use std::fmt;

use super::context_stack::CallContext;
use super::method::Method;
use super::permit::Permit;
use super::receiver::Receiver;
use super::type_slots::TypeSlots;
use crate::report::NotReady;

/// A guarded method of one service.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    pub(crate) slots: &'static TypeSlots,
    pub(crate) method: &'static Method,
}

/// A guarded call of a method that is not async: from its admission until this is dropped.
#[must_use = "the call ends as soon as this is dropped"]
pub struct SyncCall {
    // Dropped in this order: first the frame is popped, then the call is counted out.
    _context: CallContext,
    _permit: Permit,
}

impl Target {
    /// Begins a call of a method that is not async.
    ///
    /// # Errors
    /// If it is refused.
    #[inline(always)]
    pub fn enter(self, receiver: impl Receiver) -> Result<SyncCall, NotReady> {
        match Permit::fast(self.slots.fast_gate(), receiver, self.method) {
            Some((_permit, _context)) => Ok(SyncCall { _context, _permit }),
            None => enter_slowly(self, receiver.address()),
        }
    }
}

#[cold]
#[inline(never)]
fn enter_slowly(target: Target, address: Option<usize>) -> Result<SyncCall, NotReady> {
    let permit = (target.slots.slow_path().now)(target.slots, address, target.method)?;
    Ok(SyncCall { _context: permit.push_context(), _permit: permit })
}

impl fmt::Debug for SyncCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SyncCall").finish_non_exhaustive()
    }
}
