//! [`ServiceModel`]: what the oracle knows about one service at one moment of a run.

use std::time::Duration;

use service_core::{Failure, StopOutcome};

use super::prediction::{ExpectedStop, PredictedStart};

/// The state of a service in the reference model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ServiceState {
    Idle,
    Starting,
    Ready,
    Failed,
    Blocked,
    Draining,
    Stopping,
    Stopped,
    /// Its start was aborted, and what it had begun was unwound.
    Unwound,
}

/// The end of a start that has failed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Undo {
    pub failed_at: Duration,
    /// When the last of its hooks ended.
    pub ends_at: Duration,
    /// When it is due to end, if it is not cut short.
    pub due: Duration,
    /// Whether the model can tell.
    pub is_exact: bool,
    pub is_checked: bool,
}

/// What the oracle knows about one service.
#[derive(Clone, Debug)]
pub(super) struct ServiceModel {
    pub state: ServiceState,
    /// When the start of its latest incarnation began, after any restart delay.
    pub start_began: Duration,
    /// When that incarnation became ready.
    pub ready_at: Option<Duration>,
    pub draining_since: Duration,
    /// When it last failed, stopped or was unwound.
    pub stopped_at: Option<Duration>,
    /// What its failed start had begun is unwound, or was the last time.
    pub undo: Option<Undo>,
    pub failure: Option<Failure>,
    /// How its latest stop ended.
    pub stop_outcome: Option<StopOutcome>,
    /// Whether that was the stop of an earlier incarnation.
    pub has_earlier_stop: bool,
    /// How the latest stop must have ended, where the model can tell.
    pub expected_stop: Option<ExpectedStop>,
    pub start: PredictedStart,
    /// The attempts that became ready.
    pub ready_attempts: Vec<u32>,
    /// Those of them that were stopped for a restart.
    pub restarted_attempts: Vec<u32>,
    /// Since when it is being stopped for a restart.
    pub restarting_since: Option<Duration>,
    /// When its start was aborted.
    pub aborted_at: Option<Duration>,
    /// The delay before its next start.
    pub restart_delay: Duration,
    /// When its supervised task reached its restart limit, until the consequence has been seen.
    pub escalates_at: Option<Duration>,
    /// When it is tried again after a failure.
    pub retries_at: Option<Duration>,
    /// When it was last tried again after a failure, or ceased to be blocked.
    pub retried_at: Option<Duration>,
    /// The boot does not wait for it, because it has failed once.
    pub is_exempt: bool,
    /// The model cannot tell whether it has failed.
    pub is_undetermined: bool,
}

impl ServiceModel {
    /// A service that is idle, and will start like this.
    pub(super) fn new(start: PredictedStart) -> Self {
        Self {
            state: ServiceState::Idle,
            start_began: Duration::ZERO,
            ready_at: None,
            draining_since: Duration::ZERO,
            stopped_at: None,
            undo: None,
            failure: None,
            stop_outcome: None,
            has_earlier_stop: false,
            expected_stop: None,
            start,
            ready_attempts: Vec::new(),
            restarted_attempts: Vec::new(),
            restarting_since: None,
            aborted_at: None,
            restart_delay: Duration::ZERO,
            escalates_at: None,
            retries_at: None,
            retried_at: None,
            is_exempt: false,
            is_undetermined: false,
        }
    }

    /// Whether it starts, is ready or stops.
    pub(super) fn is_active(&self) -> bool {
        use ServiceState::{Draining, Ready, Starting, Stopping};
        matches!(self.state, Starting | Ready | Draining | Stopping)
    }

    /// Whether any hook of it may run, also to unwind a failed start.
    pub(super) fn is_alive(&self, now: Duration) -> bool {
        self.is_active() || self.is_unwinding(now)
    }

    /// Whether a failed start is being unwound.
    pub(super) fn is_unwinding(&self, now: Duration) -> bool {
        self.undo.is_some_and(|undo| undo.ends_at > now)
    }

    /// Whether it can start again from this very instant on; it may not be known yet.
    pub(super) fn becomes_startable(&self, at: Duration) -> bool {
        self.retried_at == Some(at) || self.undo.is_some_and(|undo| undo.ends_at == at)
    }

    /// Whether it is ready and not about to be restarted.
    pub(super) fn is_up(&self) -> bool {
        self.state == ServiceState::Ready && self.restarting_since.is_none()
    }

    /// Whether services that want it, or start after it, need not wait for it.
    pub(super) fn is_settled(&self) -> bool {
        self.is_up() || matches!(self.state, ServiceState::Failed | ServiceState::Blocked)
    }

    /// How long the current incarnation has been ready; zero if it is not.
    pub(super) fn ready_for(&self, now: Duration) -> Duration {
        self.ready_at.filter(|_| self.is_active()).map_or(Duration::ZERO, |ready_at| now - ready_at)
    }
}
