//! [`Deadline`]: when the running phase of one service must have ended.

use std::future::Future;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::base::{Mutex, MutexGuard, race};

/// When the running phase of one service must have ended. The service may extend it, but not beyond its share of a common
/// budget, once there is one.
#[derive(Debug)]
pub(crate) struct Deadline {
    times: Mutex<DeadlineTimes>,
    bound: Notify,
}

#[derive(Clone, Copy, Debug)]
struct DeadlineTimes {
    own: Instant,
    /// The deadline that was last reported.
    reported: Instant,
    bound: Option<Instant>,
}

/// An extension is reported if it is at least this long.
const MIN_REPORTED_EXTENSION: Duration = Duration::from_secs(1);

impl Default for Deadline {
    fn default() -> Self {
        let now = Instant::now();
        Self { times: Mutex::new(DeadlineTimes { own: now, reported: now, bound: None }), bound: Notify::new() }
    }
}

impl Deadline {
    fn lock(&self) -> MutexGuard<'_, DeadlineTimes> {
        self.times.lock()
    }

    pub(crate) fn get(&self) -> Instant {
        let DeadlineTimes { own, bound, .. } = *self.lock();
        bound.map_or(own, |bound| bound.min(own))
    }

    /// What is left of the common budget, once there is one.
    pub(crate) fn common(&self) -> Option<Duration> {
        self.lock().bound.map(|bound| bound.saturating_duration_since(Instant::now()))
    }

    /// The deadline without the common budget.
    pub(crate) fn own(&self) -> Instant {
        self.lock().own
    }

    /// Sets the deadline of a new phase.
    pub(crate) fn set(&self, until: Instant) {
        let mut times = self.lock();
        (times.own, times.reported) = (until, until);
    }

    /// Extends the deadline to at least this long from now. Returns whether the extension should be reported: not if a hook
    /// extends it by a little again and again.
    pub(crate) fn extend(&self, time: Duration) -> bool {
        let mut times = self.lock();
        times.own = times.own.max(later(time));
        let is_news = times.own >= times.reported + MIN_REPORTED_EXTENSION;
        if is_news {
            times.reported = times.own;
        }
        is_news
    }

    /// Limits this and all later phases, if there is a limit.
    pub(crate) fn limit(&self, limit: Option<Duration>) {
        let Some(until) = limit.map(later) else { return };
        let mut times = self.lock();
        times.bound = Some(times.bound.map_or(until, |bound| bound.min(until)));
        drop(times);
        self.bound.notify_waiters();
    }

    /// Waits until it has passed, even if it moves meanwhile.
    pub(crate) async fn passed(&self) {
        loop {
            // A later deadline is noticed when the earlier one has passed; an earlier one must wake this task.
            let bound = self.bound.notified();
            let until = self.get();
            if until <= Instant::now() {
                break;
            }
            // Both are a reason to check again.
            let _ = timeout_at(until, bound).await;
        }
    }

    /// Runs a future until this has passed. A future that completes at the instant of the deadline is in time.
    pub(crate) async fn bounds<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        until(self.passed(), future).await
    }
}

/// How many turns everything else gets at the instant of a deadline.
const TURNS: u32 = 64;

/// Lets everything else run that is due at this instant, although one task may wake another and that a third. The paused
/// clock of a test does not move meanwhile.
pub(crate) async fn rest_of_instant() {
    for _ in 0..TURNS {
        yield_now().await;
    }
}

async fn until<T>(passed: impl Future<Output = ()>, future: impl Future<Output = T>) -> Option<T> {
    let late = async {
        passed.await;
        rest_of_instant().await;
        None
    };
    race(async { Some(future.await) }, late).await
}

/// The output of a future that completes within this time. One that completes at the very end of it is in time.
pub(crate) async fn within<T>(time: Duration, future: impl Future<Output = T>) -> Option<T> {
    until(sleep_until(later(time)), future).await
}

/// The instant this long from now. A time that the clock cannot represent is replaced by thirty years.
pub(crate) fn later(time: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(86_400 * 365 * 30);
    let now = Instant::now();
    now.checked_add(time.min(FAR)).unwrap_or(now)
}
