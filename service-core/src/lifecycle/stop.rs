//! Stops one service, step by step, and continues past a step that fails; and unwinds one that never became ready.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::hook::{self, Ended};
use crate::base::{Failure, Phase, Result, State, StopOutcome, caught};
use crate::gate::context_stack::Role;
use crate::gate::{ManagedInstance, Slot};
use crate::report::{CallsLeft, EventKind, Refusal, ServiceShutdown};
use crate::service::{Hooks, Incarnation};
use crate::shared::{Shared, Wait, later, wait};

/// How long tasks may take to notice that they were cancelled.
const GRACE: Duration = Duration::from_millis(500);

/// The steps of one stop, and what the report says about them.
struct Steps<'a> {
    slot: &'a Slot,
    entry: ServiceShutdown,
}

/// Refuses new calls, cancels `stopping`, waits for admitted calls, joins the tasks, runs `shutdown` and the deferred
/// cleanups, and releases the instance. Calls that are refused meanwhile get `cause`.
pub(crate) async fn stop(
    shared: Arc<Shared>,
    hooks: Arc<dyn Hooks>,
    incarnation: Arc<Incarnation>,
    cause: Refusal,
    limit: Option<Duration>,
) -> ServiceShutdown {
    let slot = incarnation.slot.clone();
    let budgets = shared.plan.services()[slot.index].facts.budgets;
    let mut steps = Steps::new(&slot);
    let comes_back = matches!(cause, Refusal::Restarting);
    incarnation.deadline.limit(limit);

    slot.close(cause.clone());
    slot.emit(EventKind::Draining { service: slot.name.clone() });
    let began = Instant::now();
    // In this order: a task that is cancelled may ask at once how long it has.
    incarnation.deadline.set(later(budgets.drain));
    incarnation.stop_tokens.begin_drain();
    steps.drain(&incarnation).await;
    incarnation.stop_tokens.begin_stop();
    steps.join(&incarnation).await;
    if steps.entry.calls_left.is_empty() {
        // Once more: a task may have begun a call that outlives it.
        steps.drain(&incarnation).await;
    }
    steps.entry.drain = began.elapsed();

    slot.set(State::Stopping, cause);
    slot.emit(EventKind::Stopping { service: slot.name.clone() });
    let began_own = Instant::now();
    incarnation.deadline.set(later(budgets.shutdown));
    if let Some(shutdown) = hooks.shutdown(incarnation.clone()) {
        steps.hook(&incarnation, Phase::Shutdown, shutdown).await;
    }
    steps.clean_up(&incarnation).await;
    steps.release(|| {
        let still_held = slot.release();
        if !comes_back {
            hooks.release();
        }
        still_held
    });
    steps.finish(began_own.elapsed())
}

/// Cancels `stopping`, joins the tasks, runs the deferred cleanups and releases the instance, if there is one yet.
pub(crate) async fn unwind(
    incarnation: &Arc<Incarnation>,
    instance: Option<ManagedInstance>,
    limit: Option<Duration>,
) -> ServiceShutdown {
    let slot = incarnation.slot.clone();
    let budgets = incarnation.shared.plan.services()[slot.index].facts.budgets;
    let mut steps = Steps::new(&slot);
    incarnation.deadline.limit(limit);
    let began = Instant::now();
    incarnation.deadline.set(later(budgets.drain));
    incarnation.stop_tokens.begin_stop();
    steps.join(incarnation).await;
    steps.entry.drain = began.elapsed();
    let began_own = Instant::now();
    incarnation.deadline.set(later(budgets.shutdown));
    steps.clean_up(incarnation).await;
    steps.release(|| instance.map_or(0, ManagedInstance::release));
    steps.finish(began_own.elapsed())
}

/// Waits until calls or tasks have ended. After the grace, this wait enters the wait graph: a call or task that itself waits
/// for this service, directly or through others, is refused there, so that it can end.
async fn wait_for_end(all: impl Future<Output = ()>, begin: impl FnOnce() -> Wait) {
    let mut all = pin!(all);
    if timeout(GRACE, &mut all).await.is_err() {
        let _wait = begin();
        all.await;
    }
}

impl<'a> Steps<'a> {
    fn new(slot: &'a Slot) -> Self {
        Self { slot, entry: ServiceShutdown::new(&slot.name, slot.location) }
    }

    async fn drain(&mut self, incarnation: &Incarnation) {
        let began = Instant::now();
        let drained = wait_for_end(self.slot.drained(), || wait::for_calls(self.slot));
        if incarnation.deadline.bounds(drained).await.is_none() {
            let left = self.slot.calls_left();
            if left.is_empty() {
                // The last call has ended since the deadline was looked at.
                return;
            }
            let calls: Vec<_> = left.iter().map(|CallsLeft { method, count }| format!("{count} × {method}")).collect();
            self.abandoned(Phase::Drain, began, format!("still running: {}", calls.join(", ")));
            self.entry.calls_left = left;
        }
    }

    async fn join(&mut self, incarnation: &Incarnation) {
        let began = Instant::now();
        incarnation.tasks.close();
        // If calls have used up the budget, the tasks still get the time to notice.
        let budgets = incarnation.shared.plan.services()[self.slot.index].facts.budgets;
        incarnation.deadline.extend(GRACE.min(budgets.drain));
        let ended = wait_for_end(incarnation.tasks.ended(), || wait::for_tasks(self.slot, true));
        if incarnation.deadline.bounds(ended).await.is_none() {
            let names = incarnation.tasks.names().join(", ");
            incarnation.tasks.abort_all();
            let blocking = incarnation.tasks.wait_all(GRACE).await > 0;
            let how = if blocking { "blocking their thread" } else { "aborted" };
            self.abandoned(Phase::Tasks, began, format!("{names} did not end when stopping() was cancelled: {how}"));
        }
        for failure in self.slot.failed_tasks.given_up() {
            self.failed(failure);
        }
    }

    async fn clean_up(&mut self, incarnation: &Arc<Incarnation>) {
        while let Some(cleanup) = incarnation.next_cleanup() {
            self.hook(incarnation, Phase::Cleanup, cleanup).await;
        }
    }

    async fn hook<F>(&mut self, incarnation: &Incarnation, phase: Phase, hook: F)
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let began = Instant::now();
        let never = CancellationToken::new();
        incarnation.enter_phase(phase.clone());
        match hook::run(incarnation, Role::Hook, hook, &never).await {
            Ended::Returned(Ok(())) => {}
            Ended::Returned(Err(error)) => {
                self.failed(Failure::error(&self.slot.name, self.slot.location, phase, began.elapsed(), error));
            }
            Ended::Panicked(message) => {
                self.failed(Failure::panic(&self.slot.name, self.slot.location, phase, began.elapsed(), message));
            }
            Ended::Late { detail } | Ended::Aborted { detail } => self.abandoned(phase, began, detail),
        }
    }

    fn release(&mut self, release: impl FnOnce() -> usize) {
        let began = Instant::now();
        match caught::caught_now(release) {
            Ok(still_held) => self.entry.still_held = still_held,
            Err(message) => {
                let elapsed = began.elapsed();
                self.failed(Failure::panic(&self.slot.name, self.slot.location, Phase::Cleanup, elapsed, message));
            }
        }
    }

    /// The first thing that went wrong is the outcome, unless something was abandoned: that is worse.
    fn failed(&mut self, failure: Failure) {
        self.entry.failures.push(failure.clone());
        if self.entry.outcome.is_clean() {
            self.entry.outcome = StopOutcome::Failed(failure);
        }
    }

    fn abandoned(&mut self, phase: Phase, began: Instant, detail: String) {
        let failure = Failure::timed_out(&self.slot.name, self.slot.location, phase, began.elapsed(), detail);
        self.entry.failures.push(failure.clone());
        if !matches!(self.entry.outcome, StopOutcome::Abandoned(_)) {
            self.entry.outcome = StopOutcome::Abandoned(failure);
        }
    }

    fn finish(self, own: Duration) -> ServiceShutdown {
        ServiceShutdown { own, ..self.entry }
    }
}
