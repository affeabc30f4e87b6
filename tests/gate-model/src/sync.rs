//! loom's counterpart of the gate's `sync`.

use std::cell::Cell;
use std::sync::atomic::AtomicBool;
pub(crate) use std::sync::atomic::Ordering;

use loom::sync::atomic::fence;
pub(crate) use loom::sync::atomic::{AtomicU32, AtomicUsize};
pub(crate) use loom::sync::{Mutex, MutexGuard};

/// Two, so that threads can share one or not; more add interleavings and no behaviour.
pub(crate) const STRIPES: usize = 2;

pub(crate) const LANES: usize = 1;

std::thread_local! {
    /// The seeded bug. loom runs its threads on the thread of the test, so other tests do not see it.
    pub(crate) static WITHOUT_TOTAL_ORDER: AtomicBool = const { AtomicBool::new(false) };
}

/// loom takes `SeqCst` accesses for `AcqRel`; the one total order that the gate relies on is a fence here.
pub(crate) fn total_order() {
    if !WITHOUT_TOTAL_ORDER.with(|without| without.load(Ordering::Relaxed)) {
        fence(Ordering::SeqCst);
    }
}

loom::thread_local! {
    static STRIPE: Cell<usize> = Cell::new(0);
}

pub(crate) fn stripe_of_this_thread() -> usize {
    STRIPE.with(Cell::get)
}

/// Puts this thread on a stripe.
pub(crate) struct OnStripe;

impl OnStripe {
    pub(crate) fn enter(stripe: usize) -> Self {
        STRIPE.with(|this| this.set(stripe));
        Self
    }
}
