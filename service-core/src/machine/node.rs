//! [`Node`]: what the machine knows about one service.

use std::sync::Arc;
use std::time::Duration;

use super::demands::Ticket;
use super::restarts::Restarts;
use crate::base::{Failure, State};
use crate::plan::Facts;

/// Another attempt of a start: after this pause, and within the budget of all attempts.
#[derive(Clone, Debug)]
pub(super) struct PendingRetry {
    pub(super) delay: Duration,
    pub(super) until: Duration,
    /// How the attempt before it failed.
    pub(super) failure: Failure,
    /// A random number, as in [`LifecycleEvent`](super::LifecycleEvent).
    pub(super) drawn: f64,
}

/// What the machine knows about one service.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) name: Arc<str>,
    /// `Stopping` stands for all of draining and stopping.
    pub(super) state: State,
    pub(super) wanted: bool,
    /// Whether it was ever requested.
    pub(super) requested: bool,
    pub(super) aborting: bool,
    /// A failed attempt of its start is being unwound. Until that has ended, it counts as alive, and it does not start.
    pub(super) unwinding: bool,
    /// The attempt that follows when the failed one is unwound.
    pub(super) retry: Option<PendingRetry>,
    /// It stops only to start again.
    pub(super) restarting: bool,
    /// How many of its dependencies are not settled.
    pub(super) unmet: usize,
    /// Whether its dependants count it as settled.
    pub(super) counts_as_settled: bool,
    /// Dependants that are alive: starting, ready, or stopping.
    pub(super) alive_above: usize,
    /// Those of them that may hold its instance; what only comes after it does not.
    pub(super) alive_holders: usize,
    /// How many waits its start is in.
    pub(super) waits: usize,
    /// The demands that have it as a member.
    pub(super) demands: Vec<Ticket>,
    /// Those of them that count it as not settled yet.
    pub(super) awaited_by: Vec<Ticket>,
    /// The current attempt of its start, from 1.
    pub(super) attempt: u32,
    /// How it failed, if it did not start.
    pub(super) failure: Option<Failure>,
    /// How it failed the last time since it was ready, if it is to recover from that.
    pub(super) setback: Option<Failure>,
    /// How a task of it failed that nothing runs again, and that no restart of the service follows.
    pub(super) task_failure: Option<Failure>,
    /// The failed service that keeps it from starting.
    pub(super) blocked_by: Option<usize>,
    /// It was up, and is to be up again.
    pub(super) was_up: bool,
    /// Since when this instance is ready.
    pub(super) ready_since: Option<Duration>,
    /// What its restart policy has counted so far.
    pub(super) restarts: Option<Restarts>,
    /// How long to wait before the next start.
    pub(super) restart_delay: Duration,
    /// How many levels of services are below it.
    pub(super) depth: u32,
}

impl Node {
    pub(super) fn new(facts: &Facts, depth: u32) -> Self {
        Self {
            name: facts.name.as_str().into(),
            state: State::Idle,
            wanted: false,
            requested: false,
            aborting: false,
            unwinding: false,
            retry: None,
            restarting: false,
            unmet: 0,
            counts_as_settled: true,
            alive_above: 0,
            alive_holders: 0,
            waits: 0,
            demands: Vec::new(),
            awaited_by: Vec::new(),
            attempt: 0,
            failure: None,
            setback: None,
            task_failure: None,
            blocked_by: None,
            was_up: false,
            ready_since: None,
            restarts: facts.restart.map(Restarts::new),
            restart_delay: Duration::ZERO,
            depth,
        }
    }

    pub(super) fn is_alive(&self) -> bool {
        matches!(self.state, State::Starting | State::Ready | State::Stopping)
    }

    /// Whether it waits for nothing but a place.
    pub(super) fn is_clear(&self) -> bool {
        self.state == State::Waiting && self.unmet == 0 && !self.unwinding
    }

    pub(super) fn is_lost(&self) -> bool {
        matches!(self.state, State::Failed | State::Blocked)
    }
}
