//! [`Restart`]: whether and when something that has ended is started again.

use std::time::Duration;

use super::backoff::Backoff;

/// After which endings it is started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    Any,
    Failure,
    None,
}

/// A restart policy: whether and when a task or a service that has ended is started again. The three kinds, and the limit
/// on the number of restarts, are those of Erlang/OTP supervisors; the delay doubles with each restart.
///
/// If the limit is exceeded, the failure escalates: from a task to its service, and from a service to the registry, which
/// shuts down with the failure as the reason.
///
/// ```
/// use std::time::Duration;
/// use service_core::Restart;
///
/// // After an error or a panic, at most three times a minute, first after 200 ms and never after more than 10 s.
/// let restart = Restart::transient()
///     .intensity(3, Duration::from_secs(60))
///     .backoff(Duration::from_millis(200), Duration::from_secs(10));
/// # let _ = restart;
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Restart {
    pub(crate) after: After,
    pub(crate) restarts: u32,
    pub(crate) period: Duration,
    pub(crate) backoff: Backoff,
    pub(crate) quiet: Duration,
    pub(crate) jitter: f64,
    pub(crate) seed: Option<u64>,
}

impl Restart {
    const fn new(after: After) -> Self {
        Self {
            after,
            restarts: 5,
            period: Duration::from_secs(30),
            backoff: Backoff::new(Duration::from_millis(100), Duration::from_secs(30)),
            quiet: Duration::from_secs(60),
            jitter: 0.0,
            seed: None,
        }
    }

    /// Restarts after any end; for tasks that must always run.
    pub const fn permanent() -> Self {
        Self::new(After::Any)
    }

    /// Restarts after any end, for ever, each time after this pause. The failure never escalates.
    pub const fn forever(pause: Duration) -> Self {
        Self::permanent().intensity(u32::MAX, Duration::from_secs(1)).backoff(pause, pause)
    }

    /// Restarts after an error or a panic; for tasks that may complete.
    pub const fn transient() -> Self {
        Self::new(After::Failure)
    }

    /// Never restarts; a failure is only reported.
    pub const fn temporary() -> Self {
        Self::new(After::None)
    }

    /// The maximum number of restarts within a period; 5 in 30 s by default. One more escalates the failure.
    #[must_use]
    pub const fn intensity(mut self, restarts: u32, period: Duration) -> Self {
        self.restarts = restarts;
        self.period = period;
        self
    }

    /// The delay before a restart: `delay`, then twice that, and so on up to `max_delay`; 100 ms and 30 s by default.
    #[must_use]
    pub const fn backoff(mut self, delay: Duration, max_delay: Duration) -> Self {
        self.backoff = Backoff::new(delay, max_delay);
        self
    }

    /// A run of at least this length resets the delay; 60 s by default.
    #[must_use]
    pub const fn quiet(mut self, time: Duration) -> Self {
        self.quiet = time;
        self
    }

    /// Extends each delay by a random part of up to this fraction, `0.2` for 20 %; `0.0` by default.
    #[must_use]
    pub const fn jitter(mut self, part: f64) -> Self {
        self.jitter = part;
        self
    }

    /// Makes the random parts of the delays the same in every run.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }
}
