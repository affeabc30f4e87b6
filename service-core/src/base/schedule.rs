//! [`Schedule`]: when a periodic task runs.

use std::time::Duration;

/// When a periodic task runs: at once, then at each multiple of an interval. A run that takes longer than that makes it
/// skip what it missed, so two runs never overlap and none is made up for.
///
/// ```
/// use std::time::Duration;
/// use service_core::Schedule;
///
/// let every: Schedule = Duration::from_secs(30).into();
/// assert_eq!(every.interval(), Duration::from_secs(30));
/// // Up to five seconds later each time, so that a hundred processes do not all call at once.
/// let spread = every.jitter(Duration::from_secs(5));
/// # assert_eq!(spread.interval(), every.interval());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    first: Duration,
    interval: Duration,
    jitter: Duration,
}

impl Schedule {
    /// Every so often; an interval of zero is taken as a nanosecond.
    pub const fn new(interval: Duration) -> Self {
        let interval = if interval.is_zero() { Duration::from_nanos(1) } else { interval };
        Self { first: Duration::ZERO, interval, jitter: Duration::ZERO }
    }

    /// The first run is not at once but after this pause; the turns are counted from there.
    #[must_use]
    pub const fn first_after(mut self, pause: Duration) -> Self {
        self.first = pause;
        self
    }

    /// Each run but the first begins later by a random part of this.
    #[must_use]
    pub const fn jitter(mut self, most: Duration) -> Self {
        self.jitter = most;
        self
    }

    /// The time from one run's turn to the next one's.
    pub const fn interval(&self) -> Duration {
        self.interval
    }

    pub(crate) fn first(&self) -> Duration {
        self.first
    }

    /// The next turn after this time, both since the first run.
    pub(crate) fn turn_after(&self, now: Duration) -> Duration {
        let passed = now.as_nanos() / self.interval.as_nanos();
        let nanos = (passed + 1).saturating_mul(self.interval.as_nanos());
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// What a random number makes of the jitter.
    pub(crate) fn delay(&self, chance: f64) -> Duration {
        self.jitter.mul_f64(chance)
    }
}

impl From<Duration> for Schedule {
    fn from(interval: Duration) -> Self {
        Self::new(interval)
    }
}
