//! The registries of the process, by number: for the contexts on a thread's stack, which name their registry by it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};

use super::shared::Shared;
use crate::base::Mutex;
use crate::gate::context_stack;

static NEXT: AtomicU32 = AtomicU32::new(1);

/// In the order of their numbers.
static ALL: Mutex<Vec<(u32, Weak<Shared>)>> = Mutex::new(Vec::new());

/// A number that no other registry of the process has.
pub(crate) fn next_number() -> u32 {
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// From now on, [`find`] finds this registry.
pub(crate) fn add(shared: &Arc<Shared>) {
    let mut all = ALL.lock();
    all.retain(|(_, registry)| registry.strong_count() > 0);
    let place = all.partition_point(|(number, _)| *number < shared.id);
    all.insert(place, (shared.id, Arc::downgrade(shared)));
}

/// The registry of this number, while anything holds it.
pub(crate) fn find(number: u32) -> Option<Arc<Shared>> {
    let all = ALL.lock();
    let place = all.binary_search_by_key(&number, |(number, _)| *number).ok()?;
    all[place].1.upgrade()
}

/// The registry on whose behalf this thread is running.
pub(crate) fn current() -> Option<Arc<Shared>> {
    find(context_stack::innermost()?.registry())
}
