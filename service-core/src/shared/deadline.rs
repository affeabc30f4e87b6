//! [`Deadline`]: when the running phase of one service must have ended.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::yield_now;
use tokio::time::{Instant, timeout_at};

use crate::base::{Mutex, MutexGuard};

/// When the running phase of one service must have ended. The service may put it off, but not beyond the bound that it
/// shares with the others, once there is one.
#[derive(Debug)]
pub(crate) struct Deadline {
    times: Mutex<DeadlineTimes>,
    bound: Notify,
}

#[derive(Clone, Copy, Debug)]
struct DeadlineTimes {
    own: Instant,
    /// What it was when it was last told.
    told: Instant,
    bound: Option<Instant>,
}

/// It is told that a deadline was put off if that is by at least this.
const WORTH_TELLING: Duration = Duration::from_secs(1);

impl Default for Deadline {
    fn default() -> Self {
        let now = Instant::now();
        Self { times: Mutex::new(DeadlineTimes { own: now, told: now, bound: None }), bound: Notify::new() }
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

    /// When it would be without a bound.
    pub(crate) fn own(&self) -> Instant {
        self.lock().own
    }

    /// A new phase, a new deadline.
    pub(crate) fn set(&self, until: Instant) {
        let mut times = self.lock();
        (times.own, times.told) = (until, until);
    }

    /// At least this long from now, as far as the bound allows. Tells whether that is to be told: not, where somebody asks
    /// for a little more again and again.
    pub(crate) fn extend(&self, time: Duration) -> bool {
        let mut times = self.lock();
        times.own = times.own.max(later(time));
        let is_news = times.own >= times.told + WORTH_TELLING;
        if is_news {
            times.told = times.own;
        }
        is_news
    }

    /// From now on no phase may last longer than this, if there is a limit.
    pub(crate) fn bind(&self, limit: Option<Duration>) {
        let Some(until) = limit.map(later) else { return };
        let mut times = self.lock();
        times.bound = Some(times.bound.map_or(until, |bound| bound.min(until)));
        drop(times);
        self.bound.notify_waiters();
    }

    /// Waits until it has passed, wherever it moves meanwhile.
    pub(crate) async fn passed(&self) {
        loop {
            // A later end is seen when the earlier one has come; an earlier one must wake us.
            let bound = self.bound.notified();
            let until = self.get();
            if until <= Instant::now() {
                break;
            }
            // Both are a reason to look again.
            let _ = timeout_at(until, bound).await;
        }
    }

    /// Waits for something until this has passed; what is due at the very instant is in time.
    pub(crate) async fn bounds<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let mut future = pin!(future);
        let mut passed = pin!(async {
            self.passed().await;
            yield_now().await;
        });
        poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => passed.as_mut().poll(cx).map(|()| None),
        })
        .await
    }
}

/// So long from now; a time that the clock cannot hold is as good as never.
pub(crate) fn later(time: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(86_400 * 365 * 30);
    let now = Instant::now();
    now.checked_add(time.min(FAR)).unwrap_or(now)
}
