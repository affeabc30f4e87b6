//! Stops one service, step by step, and continues past a step that fails; and unwinds one that never became ready.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::hook::{self, Ended, Left, UserErrorOrPanic};
use crate::base::{Budget, Failure, Phase, Result, State, StopOutcome};
use crate::gate::context_stack::Role;
use crate::gate::{ManagedInstance, Slot};
use crate::report::{CallsLeft, EventKind, Refusal, RefusalCause, ServiceShutdown};
use crate::service::{Boxed, Hooks, Incarnation};
use crate::shared::{Shared, Wait, later, wait};

/// How long tasks may take to end once they are cancelled.
const CANCEL_GRACE: Duration = Duration::from_millis(500);

/// The steps of one stop, and what the report says about them.
struct Steps<'a> {
    slot: &'a Slot,
    entry: ServiceShutdown,
}

/// Refuses new calls and cancels `draining`, waits for admitted calls, cancels `stopping`, joins the tasks, runs `shutdown` and
/// the deferred cleanups, and releases the instance. Calls that are refused meanwhile get `cause`.
pub(crate) async fn stop(
    shared: Arc<Shared>,
    hooks: Arc<dyn Hooks>,
    incarnation: Arc<Incarnation>,
    cause: RefusalCause,
    limit: Option<Duration>,
) -> ServiceShutdown {
    let slot = incarnation.slot.clone();
    let budgets = shared.plan.services()[slot.index].facts.budgets;
    let mut steps = Steps::new(&slot);
    steps.entry.was_ready = true;
    let comes_back = matches!(cause.refusal, Refusal::Restarting);
    incarnation.deadline.limit(limit);

    slot.close(cause);
    slot.emit(EventKind::Draining { service: slot.name.clone() });
    let began = Instant::now();
    // In this order: a task that is cancelled may ask at once how long it has.
    incarnation.deadline.set(later(budgets.drain));
    incarnation.stop_tokens.begin_drain();
    steps.drain(&incarnation).await;
    incarnation.stop_tokens.begin_stop();
    steps.join(&incarnation).await;
    if incarnation.tasks.has_had_any() && steps.entry.calls_left.is_empty() {
        // Once more: a task may have begun a call that outlives it.
        steps.drain(&incarnation).await;
    }
    steps.entry.drain = began.elapsed();

    slot.enter_state(State::Stopping);
    slot.emit(EventKind::Stopping { service: slot.name.clone() });
    let began_own = Instant::now();
    incarnation.deadline.set(later(budgets.shutdown));
    if let Some(shutdown) = hooks.shutdown(incarnation.clone()) {
        steps.hook(&incarnation, Phase::Shutdown, shutdown).await;
    }
    steps.clean_up(&incarnation).await;
    if comes_back {
        slot.forget_address();
    }
    let instance = slot.take_instance();
    let has_destructor = instance.as_ref().is_some_and(|instance| instance.has_destructor);
    let release = move || {
        let still_held = instance.map_or(0, ManagedInstance::release);
        hooks.release(comes_back);
        still_held
    };
    steps.release(&incarnation, has_destructor, release).await;
    steps.entry.notes = incarnation.take_notes();
    steps.finish(began_own.elapsed())
}

/// Cancels `stopping`, joins the tasks, runs the deferred cleanups and releases the instance, if there is one yet.
pub(crate) async fn unwind(
    incarnation: &Arc<Incarnation>,
    left: Left<ManagedInstance>,
    limit: Option<Duration>,
) -> ServiceShutdown {
    let slot = incarnation.slot.clone();
    let budgets = incarnation.shared.plan.services()[slot.index].facts.budgets;
    let mut steps = Steps::new(&slot);
    incarnation.deadline.limit(limit);
    let began = Instant::now();
    let phase = incarnation.phase();
    incarnation.deadline.set(later(budgets.drain));
    incarnation.stop_tokens.begin_stop();
    let instance = steps.rest(incarnation, phase, left).await;
    steps.join(incarnation).await;
    steps.entry.drain = began.elapsed();
    let began_own = Instant::now();
    incarnation.deadline.set(later(budgets.shutdown));
    steps.clean_up(incarnation).await;
    let made = incarnation.take_made();
    if made.is_some() || instance.is_some() {
        let release = move || {
            drop(made);
            instance.map_or(0, ManagedInstance::release)
        };
        steps.release(incarnation, true, release).await;
    }
    steps.entry.notes = incarnation.take_notes();
    steps.finish(began_own.elapsed())
}

/// Waits until calls or tasks have ended. After the grace, this wait enters the wait graph: a call or task that itself waits
/// for this service, directly or through others, is refused there, so that it can end.
async fn wait_for_end(all: impl Future<Output = ()>, begin: impl FnOnce() -> Wait) {
    let mut all = pin!(all);
    if timeout(CANCEL_GRACE, &mut all).await.is_err() {
        let _wait = begin();
        all.await;
    }
}

impl<'a> Steps<'a> {
    fn new(slot: &'a Slot) -> Self {
        Self { slot, entry: ServiceShutdown::new(&slot.name, slot.location) }
    }

    async fn drain(&mut self, incarnation: &Incarnation) {
        if self.slot.is_drained() {
            return;
        }
        let began = Instant::now();
        let drained = wait_for_end(self.slot.drained(), || wait::for_calls(self.slot));
        if incarnation.deadline.bounds(drained).await.is_none() {
            let left = self.slot.calls_left();
            if left.is_empty() {
                // The last call has ended since the deadline was looked at.
                return;
            }
            let calls: Vec<_> = left.iter().map(|CallsLeft { method, count }| format!("{count} × {method}")).collect();
            let calls = calls.join(", ");
            let detail = match incarnation.shared.blocked_threads() {
                Some(blocked) => format!("still running: {calls}; {blocked}"),
                None => format!("still running: {calls}"),
            };
            self.abandoned(incarnation, Phase::Drain, began, detail);
            self.entry.calls_left = left;
        }
    }

    async fn join(&mut self, incarnation: &Incarnation) {
        incarnation.tasks.close();
        if incarnation.tasks.has_had_any() {
            // In a box, because its future is large and most services have no tasks.
            Box::pin(self.join_tasks(incarnation)).await;
        }
        for failure in self.slot.failed_tasks.given_up() {
            self.failed(failure);
        }
    }

    async fn join_tasks(&mut self, incarnation: &Incarnation) {
        let began = Instant::now();
        // If calls have used up the budget, the tasks still get the time to notice.
        let budgets = incarnation.shared.plan.services()[self.slot.index].facts.budgets;
        incarnation.deadline.extend(CANCEL_GRACE.min(budgets.drain));
        let ended = wait_for_end(incarnation.tasks.ended(), || wait::for_tasks(self.slot, true));
        if incarnation.deadline.bounds(ended).await.is_none() {
            let names = incarnation.tasks.names().join(", ");
            incarnation.tasks.abort_all();
            let blocking = incarnation.tasks.wait_all(CANCEL_GRACE).await > 0;
            let how = if blocking { "blocking their thread" } else { "aborted" };
            self.abandoned(
                incarnation,
                Phase::Tasks,
                began,
                format!("{names} did not end when stopping() was cancelled: {how}"),
            );
        }
    }

    async fn clean_up(&mut self, incarnation: &Arc<Incarnation>) {
        let began = Instant::now();
        while let Some(cleanup) = incarnation.next_cleanup() {
            if incarnation.deadline.get() <= Instant::now() {
                // Those that are there get a turn each. A cleanup that defers another one must not go on for ever.
                incarnation.close_cleanups();
            }
            self.hook(incarnation, Phase::Cleanup, cleanup).await;
        }
        let refused = incarnation.refused_cleanups();
        if refused > 0 {
            self.abandoned(
                incarnation,
                Phase::Cleanup,
                began,
                format!("{refused} more deferred when the budget had ended"),
            );
        }
    }

    /// Drops the instance. If it has a destructor, this runs code of the user's, so it is a hook like any other.
    async fn release(
        &mut self,
        incarnation: &Incarnation,
        has_destructor: bool,
        release: impl FnOnce() -> usize + Send + 'static,
    ) {
        if !has_destructor {
            self.entry.still_held = release();
            return;
        }
        let (released, mut is_released) = oneshot::channel();
        let hook = Box::pin(async move {
            // Nobody waits for a hook that was abandoned.
            let _ = released.send(release());
            Ok(())
        });
        if self.hook(incarnation, Phase::Cleanup, hook).await.is_some() {
            self.entry.still_held = is_released.try_recv().unwrap_or(0);
        }
    }

    /// Runs a hook, and enters what goes wrong into the report.
    async fn hook(&mut self, incarnation: &Incarnation, phase: Phase, hook: Boxed<Result<()>>) -> Option<()> {
        let began = Instant::now();
        let never = CancellationToken::new();
        incarnation.enter_phase(phase.clone());
        match hook::run(incarnation, Role::Hook, hook, &never).await {
            Ended::Returned(Ok(returned)) => return Some(returned),
            Ended::Returned(Err(error)) => {
                self.failed(Failure::error(&self.slot.name, self.slot.location, phase, began.elapsed(), error));
            }
            Ended::Panicked(message) => {
                self.failed(Failure::panic(&self.slot.name, self.slot.location, phase, began.elapsed(), message));
            }
            Ended::Late { detail, left } | Ended::Aborted { detail, left } => {
                self.abandoned(incarnation, phase.clone(), began, detail);
                return self.rest(incarnation, phase, left).await;
            }
        }
        None
    }

    /// Waits for the end of a hook that was abandoned, but not for long. What it says then is reported too.
    async fn rest<T>(&mut self, incarnation: &Incarnation, phase: Phase, left: Left<T>) -> Option<T> {
        let given_up = match left {
            Left::Nothing => return None,
            Left::Returned(returned) => return Some(returned),
            Left::Running(given_up) => given_up,
        };
        let began = Instant::now();
        let (name, location) = (&self.slot.name, self.slot.location);
        match given_up.end(incarnation).await? {
            Ok(returned) => return Some(returned),
            Err(UserErrorOrPanic::Error(error)) => {
                self.failed(Failure::error(name, location, phase, began.elapsed(), error));
            }
            Err(UserErrorOrPanic::Panic(message)) => {
                self.failed(Failure::panic(name, location, phase, began.elapsed(), message));
            }
        }
        None
    }

    /// The first thing that went wrong is the outcome, unless something was abandoned: that is worse.
    fn failed(&mut self, failure: Failure) {
        self.entry.failures.push(failure.clone());
        if self.entry.outcome.is_clean() {
            self.entry.outcome = StopOutcome::Failed(failure);
        }
    }

    fn abandoned(&mut self, incarnation: &Incarnation, phase: Phase, began: Instant, detail: String) {
        let is_common = incarnation.deadline.get() < incarnation.deadline.own();
        let budget = if is_common { Budget::OfShutdown } else { Budget::OfService };
        let failure = Failure::timed_out(&self.slot.name, self.slot.location, phase, began.elapsed(), (budget, detail));
        self.entry.failures.push(failure.clone());
        if !matches!(self.entry.outcome, StopOutcome::Abandoned(_)) {
            self.entry.outcome = StopOutcome::Abandoned(failure);
        }
    }

    fn finish(self, own: Duration) -> ServiceShutdown {
        ServiceShutdown { own, ..self.entry }
    }
}
