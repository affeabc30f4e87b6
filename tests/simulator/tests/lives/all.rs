//! [`for_all`]: does something with every item, on every core.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Does something with every item, on every core. A panic on one is a panic of all.
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
