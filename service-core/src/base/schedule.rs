//! [`Schedule`]: when a periodic task runs.

use std::time::Duration;

/// When a periodic task runs: immediately, then at each multiple of an interval. If a run takes longer than the interval,
/// the runs it missed are skipped: two runs never overlap.
///
/// ```
/// use std::time::Duration;
/// use service_core::Schedule;
///
/// let every: Schedule = Duration::from_secs(30).into();
/// assert_eq!(every.interval(), Duration::from_secs(30));
/// // Each run starts up to five seconds later, so that a hundred processes do not all call at the same moment.
/// let spread = every.jitter(Duration::from_secs(5));
/// # assert_eq!(spread.interval(), every.interval());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    first: Duration,
    interval: Duration,
    jitter: Duration,
    after_error: Duration,
}

impl Schedule {
    /// A run at each multiple of this interval. An interval of zero means one nanosecond.
    pub const fn new(interval: Duration) -> Self {
        let interval = if interval.is_zero() { Duration::from_nanos(1) } else { interval };
        Self { first: Duration::ZERO, interval, jitter: Duration::ZERO, after_error: Duration::ZERO }
    }

    /// Delays the first run by this pause. The interval is counted from the first run.
    #[must_use]
    pub const fn first_after(mut self, pause: Duration) -> Self {
        self.first = pause;
        self
    }

    /// Delays each run but the first by a random part of this time.
    #[must_use]
    pub const fn jitter(mut self, most: Duration) -> Self {
        self.jitter = most;
        self
    }

    /// Skips the runs that would begin earlier than this after the end of a run that failed; by default none is skipped.
    #[must_use]
    pub const fn after_error(mut self, pause: Duration) -> Self {
        self.after_error = pause;
        self
    }

    /// The time from the start of one run to the start of the next.
    pub const fn interval(&self) -> Duration {
        self.interval
    }

    pub(crate) fn first(&self) -> Duration {
        self.first
    }

    /// The next multiple of the interval after a run that ended now, both counted from the first run.
    pub(crate) fn turn_after(&self, now: Duration, has_failed: bool) -> Duration {
        let interval = self.interval.as_nanos();
        let next = now.as_nanos() / interval + 1;
        let earliest = if has_failed { now.saturating_add(self.after_error) } else { now };
        let nanos = earliest.as_nanos().div_ceil(interval).max(next).saturating_mul(interval);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// The delay for this random number between 0 and 1.
    pub(crate) fn delay(&self, chance: f64) -> Duration {
        self.jitter.mul_f64(chance)
    }
}

impl From<Duration> for Schedule {
    fn from(interval: Duration) -> Self {
        Self::new(interval)
    }
}
