//! [`Probes`]: what an orchestrator asks a process, as far as nobody but the program itself can know it.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::base::Mutex;

/// What the program has said about itself.
#[derive(Debug, Default)]
pub(crate) struct Probes {
    started: AtomicBool,
    dead: Mutex<Option<String>>,
    unready: Mutex<Option<String>>,
}

impl Probes {
    /// It has started, once and for all.
    pub(crate) fn start(&self) {
        self.started.store(true, Ordering::Release);
    }

    pub(crate) fn has_started(&self) -> bool {
        self.started.load(Ordering::Acquire)
    }

    pub(crate) fn set_dead(&self, why: String) {
        *self.dead.lock() = Some(why);
    }

    /// Why it is to be killed, if it is.
    pub(crate) fn dead(&self) -> Option<String> {
        self.dead.lock().clone()
    }

    pub(crate) fn set_unready(&self, why: Option<String>) {
        *self.unready.lock() = why;
    }

    /// Why it wants no requests, if it wants none.
    pub(crate) fn unready(&self) -> Option<String> {
        self.unready.lock().clone()
    }
}
