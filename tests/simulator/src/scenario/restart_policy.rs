//! [`RestartPolicy`]: whether and when a service or a supervised task is restarted.

use serde::{Deserialize, Serialize};
use service_core::Restart;

use super::ms;

/// Whether and when something that has ended is restarted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestartPolicy {
    /// After which outcomes it is restarted.
    pub on: RestartOn,
    /// How many restarts a period may contain.
    pub max_restarts: u32,
    /// The length of a period.
    pub period: u64,
    /// The first backoff delay. Each delay is twice as long as the one before it.
    pub delay: u64,
    /// The longest backoff delay.
    pub max_delay: u64,
    /// After a run of this length the backoff starts again with the first delay.
    pub reset_after: u64,
}

/// After which outcomes something is restarted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RestartOn {
    /// After every outcome.
    Any,
    /// After a failure.
    Failure,
    /// Never.
    Never,
}

impl RestartPolicy {
    /// Restarts after failures, at most this often in ten minutes, with a constant delay.
    pub const fn on_failure(max_restarts: u32, delay: u64) -> Self {
        let on = RestartOn::Failure;
        Self { on, max_restarts, period: 600_000, delay, max_delay: delay, reset_after: 60_000 }
    }

    /// The same policy as service-core takes it.
    pub(crate) fn restart(self) -> Restart {
        let restart = match self.on {
            RestartOn::Any => Restart::permanent(),
            RestartOn::Failure => Restart::transient(),
            RestartOn::Never => Restart::temporary(),
        };
        let restart = restart.intensity(self.max_restarts, ms(self.period)).quiet(ms(self.reset_after));
        restart.backoff(ms(self.delay), ms(self.max_delay))
    }
}
