//! loom's counterpart of the gate's `sync`, in which each ordering can be made too weak.

use std::cell::Cell;
pub(crate) use std::sync::atomic::Ordering;

pub(crate) use loom::sync::atomic::{AtomicI32, AtomicUsize};
pub(crate) use loom::sync::{Mutex, MutexGuard};

/// Two, so that threads can share one or not; more add interleavings and no behaviour.
pub(crate) const STRIPES: usize = 2;

pub(crate) const LANES: usize = 1;

/// An ordering that the gate relies on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relied {
    Entering,
    Leaving,
    Closing,
}

std::thread_local! {
    /// The seeded bug. loom runs its threads on the thread of the test, so other tests do not see it.
    static WEAK: Cell<Option<Relied>> = const { Cell::new(None) };
}

/// Makes one ordering relaxed until it is dropped.
pub(crate) struct Weakened;

impl Weakened {
    pub(crate) fn new(relied: Relied) -> Self {
        WEAK.with(|weak| weak.set(Some(relied)));
        Self
    }
}

impl Drop for Weakened {
    fn drop(&mut self) {
        WEAK.with(|weak| weak.set(None));
    }
}

fn unless_weakened(relied: Relied, ordering: Ordering) -> Ordering {
    if WEAK.with(Cell::get) == Some(relied) { Ordering::Relaxed } else { ordering }
}

pub(crate) fn entering() -> Ordering {
    unless_weakened(Relied::Entering, Ordering::Acquire)
}

pub(crate) fn leaving() -> Ordering {
    unless_weakened(Relied::Leaving, Ordering::Release)
}

pub(crate) fn closing() -> Ordering {
    unless_weakened(Relied::Closing, Ordering::Release)
}
