//! [`IoKeeper`]: asks for a runtime whose I/O goes on although a thread of it is blocked.

use crate::shared::Busy;

/// While it exists, I/O and timers of the registry's runtime go on although user code blocks a thread of it; made by
/// [`Context::keep_io`](crate::Context::keep_io).
#[must_use = "I/O is kept going until this is dropped"]
#[derive(Debug)]
pub struct IoKeeper {
    /// Absent on a runtime with one thread, and after the end of the registry.
    _busy: Option<Busy>,
}

impl IoKeeper {
    pub(super) fn new(busy: Option<Busy>) -> Self {
        Self { _busy: busy }
    }
}
