//! The atomics, locks and orderings of the gate. The package `gate-model` compiles `gate.rs` beside another `sync`, which
//! has loom's atomics, and in which each of the orderings can be made too weak.

pub(crate) use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
pub(crate) use std::sync::{Mutex, MutexGuard};

/// Threads that count on the same stripe contend for its cache line; more stripes cost memory and a longer drain.
pub(crate) const STRIPES: usize = 8;

/// How many counters one cache line holds.
pub(crate) const LANES: usize = 16;

/// The ordering of counting in.
#[inline(always)]
pub(crate) const fn entering() -> Ordering {
    Ordering::Acquire
}

/// The ordering of counting out.
#[inline(always)]
pub(crate) const fn leaving() -> Ordering {
    Ordering::Release
}

/// The ordering of closing a counter.
#[inline(always)]
pub(crate) const fn closing() -> Ordering {
    Ordering::Release
}
