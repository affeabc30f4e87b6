//! Brings one service up: `init`, `start`, the first `health`, as often as its retry allows, inside one budget.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::hook;
use super::hook::Ended;
use super::stop::{Undone, undo};
use crate::base::Failure;
use crate::gate::ManagedInstance;
use crate::gate::context_stack::Role;
use crate::report::EventKind;
use crate::service::{Hooks, Incarnation};
use crate::shared::Shared;
use crate::shared::{Deadline, later};

/// How bringing it up ended.
pub(crate) enum Risen {
    Up { instance: ManagedInstance, site: Arc<Incarnation> },
    Fell { failure: Failure, undone: Undone },
    Aborted { undone: Undone },
}

/// Gives up the start of a service.
#[derive(Clone, Debug, Default)]
pub(crate) struct Abort {
    token: CancellationToken,
    deadline: Arc<Deadline>,
}

impl Abort {
    /// Gives it up; what it has begun may take so long to be undone, if it has a part in a common budget.
    pub(crate) fn now(&self, limit: Option<Duration>) {
        self.hurry(limit);
        self.token.cancel();
    }

    /// Whatever it does may last no longer than its part in a common budget, if there is one.
    pub(crate) fn hurry(&self, limit: Option<Duration>) {
        self.deadline.bind(limit);
    }
}

/// Brings a service up after a pause, or undoes what it has begun.
pub(crate) async fn bring_up(
    shared: Arc<Shared>,
    hooks: Arc<dyn Hooks>,
    index: usize,
    pause: Duration,
    abort: Abort,
) -> Risen {
    let slot = shared.slots[index].clone();
    let facts = &shared.plan.services()[index].facts;
    // Even the shortest sleep lasts until the clock's next tick.
    if !pause.is_zero() {
        // Nothing has begun yet: an abort in the pause finds nothing to undo, and the budget has not started.
        let _ = abort.token.run_until_cancelled(sleep_until(later(pause))).await;
        slot.times().began = Some(Instant::now());
    }
    let began = Instant::now();
    let deadline = &abort.deadline;
    deadline.set(later(facts.budgets.init));
    let mut attempt = 1;
    loop {
        slot.times().attempts = attempt;
        let site = Arc::new(Incarnation::new(shared.clone(), index, deadline.clone()));
        let come_up = {
            let (hooks, site) = (hooks.clone(), site.clone());
            async move { hooks.come_up(site).await }
        };
        let ended = hook::run(&site, Role::Starting, come_up, &abort.token).await;
        let (phase, elapsed) = (site.phase(), began.elapsed());
        let (failure, may_retry) = match ended {
            Ended::Returned(Ok(instance)) => return Risen::Up { instance, site },
            Ended::Returned(Err(error)) => (Failure::error(&slot.name, slot.location, phase, elapsed, error), true),
            Ended::Panicked(message) => (Failure::panic(&slot.name, slot.location, phase, elapsed, message), true),
            Ended::Late { detail } => (Failure::timed_out(&slot.name, slot.location, phase, elapsed, detail), false),
            Ended::Aborted { .. } => return Risen::Aborted { undone: undo(&site, None, None).await },
        };
        // The cleanups have a budget of their own; what is left of this one is for the next attempt.
        let until = deadline.own();
        let undone = undo(&site, None, None).await;
        let Some(delay) = facts.retry.delay_after(attempt).filter(|_| may_retry) else {
            return Risen::Fell { failure, undone };
        };
        let wake = later(delay);
        if wake >= until {
            // The budget would run out in the pause: the error says more than a time-out would.
            return Risen::Fell { failure, undone };
        }
        slot.emit(EventKind::Retrying { service: slot.name.clone(), attempt, delay, failure });
        if abort.token.run_until_cancelled(sleep_until(wake)).await.is_none() {
            return Risen::Aborted { undone };
        }
        deadline.set(until);
        attempt += 1;
    }
}
