//! [`CheckState`]: what is known about the health of one service, and its check while one is running.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::report::Health;
use crate::shared::PollMonitor;

/// A check that takes this long is reported as slow.
const SLOW: Duration = Duration::from_secs(1);

/// What is known about the health of one service.
#[derive(Default)]
pub(super) struct CheckState {
    pub result: Option<CheckResult>,
    /// The latest check was slow, and an event has reported that.
    pub is_slow: bool,
    pub monitor: Arc<PollMonitor>,
    /// The running check, while a caller waits for it.
    pub in_flight: Weak<InFlight>,
}

/// The result of one check.
#[derive(Clone)]
pub(super) struct CheckResult {
    pub at: Instant,
    pub health: Health,
    pub latency: Duration,
}

/// A running check. Every caller that waits for it holds it; when the last one is gone, the check is aborted.
pub(super) struct InFlight {
    pub until: Instant,
    /// True once there is a result; closed without one if the runtime of the check is gone.
    pub is_done: watch::Receiver<bool>,
    pub task: AbortHandle,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl CheckState {
    /// Stores a result; `None` if the service stopped meanwhile. Returns the latency if the check is slow and the one
    /// before it was not, so that a slow service is reported once and not at every check.
    pub(super) fn store(&mut self, result: Option<CheckResult>) -> Option<Duration> {
        self.result = result;
        let latency = self.result.as_ref().map_or(Duration::ZERO, |result| result.latency);
        let was_slow = std::mem::replace(&mut self.is_slow, latency >= SLOW);
        (self.is_slow && !was_slow).then_some(latency)
    }

    /// The result of a check that was given up and does not notice it.
    pub(super) fn timed_out(&self, limit: Duration) -> CheckResult {
        let why = format!("its check timed out after {limit:?}: {}", self.monitor.describe());
        let latency = self.monitor.blocking().unwrap_or(limit);
        CheckResult { at: Instant::now(), health: Health::unhealthy(why), latency }
    }
}
