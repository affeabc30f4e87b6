//! [`Deadline`]: when the running phase of one service must have ended.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::base::{Mutex, MutexGuard, pin_project};

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
        self.passed_or(None).await;
    }

    /// Waits until it has passed, even if it moves meanwhile; or until this instant. Returns whether it has passed.
    pub(crate) async fn passed_or(&self, at: Option<Instant>) -> bool {
        loop {
            // A later deadline is noticed when the earlier one has passed; an earlier one must wake this task.
            let bound = self.bound.notified();
            let (until, now) = (self.get(), Instant::now());
            if until <= now || at.is_some_and(|at| at <= now) {
                return until <= now;
            }
            // Both are a reason to check again.
            let _ = timeout_at(at.map_or(until, |at| at.min(until)), bound).await;
        }
    }

    /// Runs a future until this has passed. A future that completes at the instant of the deadline is in time.
    pub(crate) fn bounds<F: Future>(&self, future: F) -> impl Future<Output = Option<F::Output>> {
        until(self.passed(), future)
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

pin_project! {
    /// Runs a future until another one has ended, and to the end of that instant. A struct, because an `async` block would keep each
    /// of the futures twice.
    struct Until<P, F, R> {
        #[pin]
        passed: P,
        has_passed: bool,
        #[pin]
        rest: R,
        #[pin]
        future: F,
    }
}

impl<P: Future, F: Future, R: Future> Future for Until<P, F, R> {
    type Output = Option<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(output) = this.future.poll(cx) {
            return Poll::Ready(Some(output));
        }
        if !*this.has_passed {
            ready!(this.passed.poll(cx));
            *this.has_passed = true;
        }
        this.rest.poll(cx).map(|_| None)
    }
}

fn until<F: Future>(passed: impl Future, future: F) -> impl Future<Output = Option<F::Output>> {
    Until { passed, has_passed: false, rest: rest_of_instant(), future }
}

/// The output of a future that completes within this time. One that completes at the very end of it is in time.
pub(crate) fn within<F: Future>(time: Duration, future: F) -> impl Future<Output = Option<F::Output>> {
    // The timer is made at the first poll, because only that may be inside of the runtime.
    until(async move { sleep_until(later(time)).await }, future)
}

/// The instant this long from now. A time that the clock cannot represent is replaced by thirty years.
pub(crate) fn later(time: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(86_400 * 365 * 30);
    let now = Instant::now();
    now.checked_add(time.min(FAR)).unwrap_or(now)
}
