//! What the gate is built from. Its model is the same file compiled beside another `sync`, which is loom's.

pub(crate) use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
pub(crate) use std::sync::{Mutex, MutexGuard};

/// Threads that count on the same stripe fight for its cache line; more stripes cost memory and a longer drain.
pub(crate) const STRIPES: usize = 8;

/// As many counters as one cache line holds.
pub(crate) const LANES: usize = 16;

/// The processor orders a `SeqCst` read-modify-write and a later `SeqCst` load by itself. loom does not model that, so
/// its `sync` has a fence here.
#[inline(always)]
pub(crate) const fn total_order() {}

/// The stripe this thread counts on.
#[inline(always)]
pub(crate) fn stripe_of_this_thread() -> usize {
    super::ambient::stripe()
}
