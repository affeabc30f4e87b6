//! [`Probes`]: the answers to an orchestrator's probes that only the program itself knows.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::base::Mutex;

/// What the program has reported about itself.
#[derive(Debug, Default)]
pub(crate) struct Probes {
    started: AtomicBool,
    dead: Mutex<Option<String>>,
    unready: Mutex<Option<String>>,
}

impl Probes {
    /// The boot has succeeded. This is never reset.
    pub(crate) fn start(&self) {
        self.started.store(true, Ordering::Release);
    }

    pub(crate) fn has_started(&self) -> bool {
        self.started.load(Ordering::Acquire)
    }

    pub(crate) fn set_dead(&self, why: String) {
        *self.dead.lock() = Some(why);
    }

    /// The reason why the process should be killed, if there is one.
    pub(crate) fn dead(&self) -> Option<String> {
        self.dead.lock().clone()
    }

    pub(crate) fn set_unready(&self, why: Option<String>) {
        *self.unready.lock() = why;
    }

    /// The reason why the process wants no requests, if there is one.
    pub(crate) fn unready(&self) -> Option<String> {
        self.unready.lock().clone()
    }
}
