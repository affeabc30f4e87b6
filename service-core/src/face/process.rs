//! The process's registry: at most one at a time, and a new one after the old one's end. The only file that names
//! once_cell.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use once_cell::sync::Lazy;

use super::Registry;
use crate::fact::BootError;

static REGISTRY: Lazy<Mutex<Option<Registry>>> = Lazy::new(|| Mutex::new(None));
static LAZY_BOOT_DENIED: AtomicBool = AtomicBool::new(false);

/// The process's registry, unless it has ended.
pub(crate) fn existing() -> Option<Registry> {
    let registry = REGISTRY.lock().unwrap_or_else(PoisonError::into_inner);
    registry.as_ref().filter(|registry| !registry.shared().has_ended()).cloned()
}

/// The process's registry, made anew if there is none that has not ended. Tells whether it was.
pub(crate) fn existing_or(make: impl FnOnce() -> Result<Registry, BootError>) -> Result<(Registry, bool), BootError> {
    let mut registry = REGISTRY.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(registry) = registry.as_ref().filter(|registry| !registry.shared().has_ended()) {
        return Ok((registry.clone(), false));
    }
    // Under the lock: of two boots at the same moment, the second finds the first one's registry. `make` runs no code
    // of a service but the functions in `when`.
    let made = make()?;
    let old = registry.replace(made.clone());
    drop(registry);
    drop(old);
    Ok((made, true))
}

pub(crate) fn deny_lazy_boot() {
    LAZY_BOOT_DENIED.store(true, Ordering::Release);
}

pub(crate) fn is_lazy_boot_denied() -> bool {
    LAZY_BOOT_DENIED.load(Ordering::Acquire)
}
