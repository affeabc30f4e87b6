//! Runs one attempt to start a service: `init`, `start`, the first `health`, inside one budget.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::hook::{self, Ended, Left};
use super::stop::unwind;
use crate::base::{Budget, Failure, Mutex};
use crate::gate::ManagedInstance;
use crate::gate::context_stack::Role;
use crate::report::ServiceShutdown;
use crate::service::{Hooks, Incarnation};
use crate::shared::{Deadline, Shared, later};

/// How an attempt ended.
pub(crate) enum Attempted {
    Started {
        instance: ManagedInstance,
        incarnation: Arc<Incarnation>,
    },
    /// What it has begun is not unwound yet. If it may be tried again, then within the budget that ends at `retry_until`.
    Failed {
        failure: Failure,
        retry_until: Option<Instant>,
        left: Left<ManagedInstance>,
        incarnation: Arc<Incarnation>,
    },
    /// There is nothing to unwind if it was aborted in the pause before it.
    Aborted {
        unwound: Option<ServiceShutdown>,
    },
}

/// Aborts the start of a service, and looks at it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Abort {
    token: CancellationToken,
    deadline: Arc<Deadline>,
    /// What the running attempt has begun.
    running: Arc<Mutex<Weak<Incarnation>>>,
}

impl Abort {
    /// Aborts it; unwinding may take no longer than its share of a common budget, if there is one.
    pub(crate) fn now(&self, limit: Option<Duration>) {
        self.limit(limit);
        self.token.cancel();
    }

    /// Whatever it does may take no longer than its share of a common budget, if there is one.
    pub(crate) fn limit(&self, limit: Option<Duration>) {
        self.deadline.limit(limit);
    }

    /// What its running hook does, if an attempt is running.
    pub(crate) fn describe_hook(&self) -> Option<String> {
        let running = self.running.lock().upgrade();
        running.map(|incarnation| incarnation.describe_hook())
    }
}

/// One attempt, as the machine decided it.
pub(crate) struct Attempt {
    pub service: usize,
    /// Counts from 1.
    pub number: u32,
    /// How long to wait first.
    pub after: Option<Duration>,
    pub until: Instant,
}

/// Starts a service after a pause, and unwinds what the attempt has begun if it is aborted.
pub(crate) async fn start(shared: Arc<Shared>, hooks: Arc<dyn Hooks>, attempt: Attempt, abort: Abort) -> Attempted {
    let slot = shared.slots[attempt.service].clone();
    // Even the shortest sleep lasts until the clock's next tick.
    if let Some(pause) = attempt.after {
        let slept = abort.token.run_until_cancelled(sleep_until(later(pause))).await;
        if attempt.number == 1 {
            slot.times().began = Some(Instant::now());
        }
        if slept.is_none() {
            // Nothing has begun: there is nothing to unwind.
            return Attempted::Aborted { unwound: None };
        }
    }
    let began = slot.times().began.unwrap_or_else(Instant::now);
    let deadline = &abort.deadline;
    deadline.set(attempt.until);
    slot.times().attempts = attempt.number;
    let incarnation = Arc::new(Incarnation::new(shared.clone(), attempt.service, deadline.clone()));
    *abort.running.lock() = Arc::downgrade(&incarnation);
    let start = {
        let incarnation = incarnation.clone();
        async move { hooks.start(incarnation).await }
    };
    let ended = hook::run(&incarnation, Role::Starting, start, &abort.token).await;
    let (phase, elapsed) = (incarnation.phase(), began.elapsed());
    let mut left = Left::Nothing;
    let (failure, may_retry) = match ended {
        Ended::Returned(Ok(instance)) => {
            // The instance holds it from here on.
            drop(incarnation.take_made());
            return Attempted::Started { instance, incarnation };
        }
        Ended::Returned(Err(error)) => (Failure::error(&slot.name, slot.location, phase, elapsed, error), true),
        Ended::Panicked(message) => (Failure::panic(&slot.name, slot.location, phase, elapsed, message), true),
        Ended::Late { detail, left: rest } => {
            left = rest;
            let late = (Budget::OfService, detail);
            (Failure::timed_out(&slot.name, slot.location, phase, elapsed, late), false)
        }
        Ended::Aborted { left, .. } => {
            // In a box, because its future is large and rarely needed.
            return Attempted::Aborted { unwound: Some(Box::pin(unwind(&incarnation, left, None)).await) };
        }
    };
    // The cleanups have a budget of their own; what is left of this one is for the next attempt.
    let retry_until = may_retry.then(|| deadline.own());
    Attempted::Failed { failure, retry_until, left, incarnation }
}
