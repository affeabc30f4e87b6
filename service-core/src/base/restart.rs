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

/// Whether and when something that has ended is started again: the three kinds of Erlang's supervisors, with a bound on
/// how often, and a pause that doubles.
///
/// Whatever exceeds its intensity is given up, and the failure goes up: from a task to its service, from a service to the
/// whole registry, which shuts down and says why.
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

    /// Started again however it ended: what must always run.
    pub const fn permanent() -> Self {
        Self::new(After::Any)
    }

    /// Started again after an error or a panic: what may come to an end.
    pub const fn transient() -> Self {
        Self::new(After::Failure)
    }

    /// Never started again: its failure is told, and that is all.
    pub const fn temporary() -> Self {
        Self::new(After::None)
    }

    /// At most so many restarts in any period of this length; 5 in 30 s by default.
    #[must_use]
    pub const fn intensity(mut self, restarts: u32, period: Duration) -> Self {
        self.restarts = restarts;
        self.period = period;
        self
    }

    /// The pause before a restart: `delay`, then twice that, and so on up to `max_delay`; 100 ms and 30 s by default.
    #[must_use]
    pub const fn backoff(mut self, delay: Duration, max_delay: Duration) -> Self {
        self.backoff = Backoff::new(delay, max_delay);
        self
    }

    /// After a run of at least this length the pauses begin anew; 60 s by default.
    #[must_use]
    pub const fn quiet(mut self, time: Duration) -> Self {
        self.quiet = time;
        self
    }

    /// Each pause is longer by up to this part of it, at random: `0.2` is a fifth. None by default.
    #[must_use]
    pub const fn jitter(mut self, part: f64) -> Self {
        self.jitter = part;
        self
    }

    /// Makes what is random about the pauses the same in every run.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }
}
