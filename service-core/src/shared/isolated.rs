//! [`IsolatedCount`]: how many isolated registries of the process are alive.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

static ALIVE: AtomicUsize = AtomicUsize::new(0);

/// Counts one isolated registry until [`end`](Self::end).
#[derive(Debug)]
pub(crate) struct IsolatedCount {
    is_counted: AtomicBool,
}

impl IsolatedCount {
    pub(crate) fn new(isolated: bool) -> Self {
        if isolated {
            ALIVE.fetch_add(1, Ordering::AcqRel);
        }
        Self { is_counted: AtomicBool::new(isolated) }
    }

    /// The registry has ended.
    pub(crate) fn end(&self) {
        if self.is_counted.swap(false, Ordering::AcqRel) {
            ALIVE.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

/// Whether an isolated registry is alive.
pub(crate) fn any_isolated() -> bool {
    ALIVE.load(Ordering::Acquire) > 0
}
