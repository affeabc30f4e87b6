//! [`for_all`]: runs a function on many items in parallel.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Calls a function with each item, on all cores. If one call panics, `for_all` panics.
pub(crate) fn for_all<T: Sync>(items: &[T], work: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                    work(item);
                }
            });
        }
    });
}
