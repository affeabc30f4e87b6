//! The gate's `sync` module on loom's atomics. A [`RelaxedGuard`] seeds a bug: it makes one ordering too weak.

use std::cell::Cell;
pub(crate) use std::sync::atomic::Ordering;

pub(crate) use loom::sync::atomic::{AtomicI32, AtomicUsize};
pub(crate) use loom::sync::{Mutex, MutexGuard};

/// Two stripes, so that threads can share a stripe or not. More stripes add interleavings and no behaviour.
pub(crate) const STRIPES: usize = 2;

pub(crate) const LANES: usize = 1;

/// An ordering that the gate relies on, and that a seeded bug relaxes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RelaxedOrdering {
    Enter,
    Leave,
    Close,
}

std::thread_local! {
    /// loom runs its threads on the thread of the test, so other tests do not see the bug.
    static RELAXED: Cell<Option<RelaxedOrdering>> = const { Cell::new(None) };
}

/// Relaxes one ordering until it is dropped.
pub(crate) struct RelaxedGuard;

impl RelaxedGuard {
    pub(crate) fn new(at: RelaxedOrdering) -> Self {
        RELAXED.with(|relaxed| relaxed.set(Some(at)));
        Self
    }
}

impl Drop for RelaxedGuard {
    fn drop(&mut self) {
        RELAXED.with(|relaxed| relaxed.set(None));
    }
}

fn unless_relaxed(at: RelaxedOrdering, ordering: Ordering) -> Ordering {
    if RELAXED.with(Cell::get) == Some(at) { Ordering::Relaxed } else { ordering }
}

pub(crate) fn entering() -> Ordering {
    unless_relaxed(RelaxedOrdering::Enter, Ordering::Acquire)
}

pub(crate) fn leaving() -> Ordering {
    unless_relaxed(RelaxedOrdering::Leave, Ordering::Release)
}

pub(crate) fn closing() -> Ordering {
    unless_relaxed(RelaxedOrdering::Close, Ordering::Release)
}
