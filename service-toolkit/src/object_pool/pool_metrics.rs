//! [`PoolMetrics`]: what a pool has done.

use std::time::Duration;

/// The counts and wait times of an [`ObjectPool`](super::ObjectPool) since it was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolMetrics {
    /// How many objects the pool has at most.
    pub max: usize,
    /// How many objects are free.
    pub idle: usize,
    /// How many objects are in use, or are being made or checked for a caller.
    pub in_use: usize,
    /// How many objects are being closed, or wait for it.
    pub closing: usize,
    /// How many callers wait for an object.
    pub waiting: usize,
    /// How many objects were made.
    pub made: u64,
    /// How often an object could not be made.
    pub make_failures: u64,
    /// How often an object was handed out.
    pub gets: u64,
    /// How many objects were dropped because they were closed, or failed their check.
    pub broken: u64,
    /// How many objects were closed because of their age, or at the end of the pool.
    pub retired: u64,
    /// How many objects were dropped because their close took longer than its limit.
    pub close_timeouts: u64,
    /// How many objects were taken out of the pool.
    pub taken: u64,
    /// How many callers waited until the timeout.
    pub timed_out: u64,
    /// How long the caller that was served last had waited for an object to be free.
    pub last_wait: Duration,
    /// The longest time that a caller had waited for an object to be free.
    pub max_wait: Duration,
}

impl PoolMetrics {
    /// A caller has a permit to use an object.
    pub(super) fn enter(&mut self, waited: Duration) {
        self.in_use += 1;
        self.last_wait = waited;
        self.max_wait = self.max_wait.max(waited);
    }
}
