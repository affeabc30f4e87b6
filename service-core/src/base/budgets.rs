//! [`Budgets`] and [`Retry`]: how long a service may take, and how often it may try.

use std::time::Duration;

use super::backoff::Backoff;

/// How long each phase of one service may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budgets {
    /// All of coming up: every attempt of `init`, then `start` and the first `health`.
    pub init: Duration,
    /// Waiting for admitted calls and joining tasks.
    pub drain: Duration,
    /// One health check, other than the first.
    pub health: Duration,
    /// `shutdown`, then the deferred cleanups.
    pub shutdown: Duration,
}

impl Budgets {
    /// What applies where nothing else is declared.
    pub const DEFAULT: Self = Self {
        init: Duration::from_secs(30),
        drain: Duration::from_secs(10),
        health: Duration::from_secs(5),
        shutdown: Duration::from_secs(10),
    };
}

/// How `init` is retried after an error: after `delay`, then after twice that, and so on up to `max_delay`.
///
/// Only errors and panics are retried; a timeout is not, because `init_timeout` limits all attempts together.
///
/// ```
/// use service_core::Retry;
/// use std::time::Duration;
///
/// let retry = Retry::new(5, Duration::from_millis(200), Duration::from_secs(5));
/// assert_eq!(retry.delay_after(1), Some(Duration::from_millis(200)));
/// assert_eq!(retry.delay_after(2), Some(Duration::from_millis(400)));
/// assert_eq!(retry.delay_after(5), None); // the fifth attempt was the last
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    attempts: u32,
    backoff: Backoff,
}

impl Retry {
    /// One attempt.
    pub(crate) const ONCE: Self = Self::new(1, Duration::ZERO, Duration::ZERO);

    /// `attempts` counts the first one, so `1` means no retry; `0` is taken as `1`.
    pub const fn new(attempts: u32, delay: Duration, max_delay: Duration) -> Self {
        Self { attempts: if attempts == 0 { 1 } else { attempts }, backoff: Backoff::new(delay, max_delay) }
    }

    /// How many attempts there are in all.
    pub const fn attempts(&self) -> u32 {
        self.attempts
    }

    /// How long to wait after the given attempt (from 1) failed, or `None` when it was the last.
    pub fn delay_after(&self, attempt: u32) -> Option<Duration> {
        (attempt < self.attempts).then(|| self.backoff.pause(attempt.saturating_sub(1)))
    }
}

impl Default for Retry {
    /// One attempt.
    fn default() -> Self {
        Self::ONCE
    }
}
