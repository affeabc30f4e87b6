//! The process's registry: at most one at a time. The only file that names once_cell.

use std::sync::atomic::{AtomicBool, Ordering};

use once_cell::sync::Lazy;

use super::assembly::Prepared;
use super::registry::Registry;
use crate::base::Mutex;
use crate::report::BootError;

static REGISTRY: Lazy<Mutex<Option<Registry>>> = Lazy::new(|| Mutex::new(None));
static LAZY_BOOT_DENIED: AtomicBool = AtomicBool::new(false);

/// The process's registry, unless it has ended.
pub(crate) fn existing() -> Option<Registry> {
    latest().filter(|registry| !registry.shared().has_ended())
}

/// The same; or the last one, if it was shut down and did not end with its runtime or a failed boot. A call that uses a
/// service after that shutdown is refused: it must not start again what was shut down.
pub(crate) fn existing_or_shut_down() -> Option<Registry> {
    latest().filter(|registry| !registry.shared().has_ended() || registry.shared().was_shut_down())
}

fn latest() -> Option<Registry> {
    REGISTRY.lock().clone()
}

/// The process's registry, and whether this call has launched it.
pub(crate) fn existing_or(
    prepared: impl FnOnce() -> Result<Prepared, BootError>,
) -> Result<(Registry, bool), BootError> {
    if let Some(registry) = existing() {
        return Ok((registry, false));
    }
    // Outside of the lock: a function in `when` is user code, and may look for the registry itself.
    let prepared = prepared()?;
    // `prepared` owns supplied instances and listeners, whose destructors are user code too. If this returns early, they are
    // dropped after the lock is released, because `registry` is declared later.
    let mut registry = REGISTRY.lock();
    if let Some(registry) = registry.as_ref().filter(|registry| !registry.shared().has_ended()) {
        // Another thread has launched one in the meantime.
        return Ok((registry.clone(), false));
    }
    let launched = prepared.launch()?;
    let old = registry.replace(launched.clone());
    drop(registry);
    drop(old);
    Ok((launched, true))
}

pub(crate) fn deny_lazy_boot() {
    LAZY_BOOT_DENIED.store(true, Ordering::Release);
}

pub(crate) fn is_lazy_boot_denied() -> bool {
    LAZY_BOOT_DENIED.load(Ordering::Acquire)
}
