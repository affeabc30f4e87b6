//! Takes one service down, step by step, going on past whatever fails; and undoes one that never became ready.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::hook;
use super::hook::Ended;
use crate::base::caught;
use crate::base::{Failure, Phase, Result, State, StopOutcome};
use crate::gate::ManagedInstance;
use crate::gate::Slot;
use crate::gate::context_stack::Role;
use crate::report::{CallsLeft, EventKind, Refusal, ServiceShutdown};
use crate::service::{Hooks, Incarnation};
use crate::shared::Shared;
use crate::shared::later;
use crate::shared::{Wait, wait};

/// How undoing a service went that had not become ready.
pub(crate) type Undone = ServiceShutdown;

/// How long tasks may take to notice what they have been told.
const GRACE: Duration = Duration::from_millis(500);

/// What went wrong on the way down; the steps go on.
struct Way<'a> {
    slot: &'a Slot,
    outcome: StopOutcome,
    drain: Duration,
    calls_left: Vec<(String, usize)>,
    still_held: usize,
}

/// Refuses new calls, cancels `stopping`, waits for admitted calls, joins the tasks, runs `shutdown` and the deferred
/// cleanups, and lets the instance go.
/// `cause` is what those are told who call meanwhile.
pub(crate) async fn bring_down(
    shared: Arc<Shared>,
    hooks: Arc<dyn Hooks>,
    site: Arc<Incarnation>,
    cause: Refusal,
    limit: Option<Duration>,
) -> ServiceShutdown {
    let slot = site.slot.clone();
    let budgets = shared.plan.services()[slot.index].facts.budgets;
    let mut way = Way::new(&slot);
    let comes_back = matches!(cause, Refusal::Restarting);
    site.deadline.bind(limit);

    slot.close(cause.clone());
    slot.emit(EventKind::Draining { service: slot.name.clone() });
    let began = Instant::now();
    // In this order: a task that is told to stop may ask at once how long it has.
    site.deadline.set(later(budgets.drain));
    site.stopping.cancel();
    way.drain(&site).await;
    way.join(&site).await;
    if way.calls_left.is_empty() {
        // Once more: a task may have begun a call that outlives it.
        way.drain(&site).await;
    }
    way.drain = began.elapsed();

    slot.set(State::Stopping, cause);
    slot.emit(EventKind::Stopping { service: slot.name.clone() });
    let stopping = Instant::now();
    site.deadline.set(later(budgets.shutdown));
    if let Some(shutdown) = hooks.shutdown(site.clone()) {
        way.hook(&site, Phase::Shutdown, shutdown).await;
    }
    way.clean_up(&site).await;
    way.release(|| {
        let still_held = slot.release();
        if !comes_back {
            hooks.release();
        }
        still_held
    });
    way.finish(stopping.elapsed())
}

/// Cancels `stopping`, joins the tasks, runs the deferred cleanups and lets the instance go, if there is one yet.
pub(crate) async fn undo(
    site: &Arc<Incarnation>,
    instance: Option<ManagedInstance>,
    limit: Option<Duration>,
) -> Undone {
    let slot = site.slot.clone();
    let budgets = site.shared.plan.services()[slot.index].facts.budgets;
    let mut way = Way::new(&slot);
    site.deadline.bind(limit);
    let began = Instant::now();
    site.deadline.set(later(budgets.drain));
    site.stopping.cancel();
    way.join(site).await;
    way.drain = began.elapsed();
    let stopping = Instant::now();
    site.deadline.set(later(budgets.shutdown));
    way.clean_up(site).await;
    way.release(|| instance.map_or(0, ManagedInstance::release));
    way.finish(stopping.elapsed())
}

/// Waits for those who are to end. They have been told, and may wait for something themselves: who still does so after the
/// grace does not listen, and is refused where it waits for what waits for this service.
async fn gone(all: impl Future<Output = ()>, begin: impl FnOnce() -> Wait) {
    let mut all = pin!(all);
    if timeout(GRACE, &mut all).await.is_err() {
        let _wait = begin();
        all.await;
    }
}

impl<'a> Way<'a> {
    fn new(slot: &'a Slot) -> Self {
        Self { slot, outcome: StopOutcome::Clean, drain: Duration::ZERO, calls_left: Vec::new(), still_held: 0 }
    }

    async fn drain(&mut self, site: &Incarnation) {
        let began = Instant::now();
        let drained = gone(self.slot.drained(), || wait::for_calls(self.slot));
        if site.deadline.bounds(drained).await.is_none() {
            self.calls_left = self.slot.calls_left();
            let calls: Vec<_> = self.calls_left.iter().map(|(method, count)| format!("{count} × {method}")).collect();
            let words = format!("still running: {}", calls.join(", "));
            self.abandoned(Phase::Drain, began, words);
        }
    }

    async fn join(&mut self, site: &Incarnation) {
        let began = Instant::now();
        site.tasks.close();
        let ended = gone(site.tasks.ended(), || wait::for_tasks(self.slot, true));
        if site.deadline.bounds(ended).await.is_none() {
            let names = site.tasks.names().join(", ");
            site.tasks.abort_all();
            let blocking = site.tasks.wait_all(GRACE).await > 0;
            let how = if blocking { "blocking their thread" } else { "aborted" };
            self.abandoned(Phase::Tasks, began, format!("{names} did not end when stopping() was cancelled: {how}"));
        }
        if let Some(failure) = site.tasks.failure() {
            self.failed(failure);
        }
    }

    async fn clean_up(&mut self, site: &Arc<Incarnation>) {
        while let Some(cleanup) = site.next_cleanup() {
            self.hook(site, Phase::Cleanup, cleanup).await;
        }
    }

    async fn hook<F>(&mut self, site: &Incarnation, phase: Phase, hook: F)
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let began = Instant::now();
        let never = CancellationToken::new();
        site.enter_phase(phase.clone());
        match hook::run(site, Role::Hook, hook, &never).await {
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
            Ok(still_held) => self.still_held = still_held,
            Err(message) => {
                let elapsed = began.elapsed();
                self.failed(Failure::panic(&self.slot.name, self.slot.location, Phase::Cleanup, elapsed, message));
            }
        }
    }

    /// The first thing that went wrong is the outcome, unless something was abandoned: that is worse.
    fn failed(&mut self, failure: Failure) {
        if self.outcome.is_clean() {
            self.outcome = StopOutcome::Failed(failure);
        }
    }

    fn abandoned(&mut self, phase: Phase, began: Instant, detail: String) {
        let failure = Failure::timed_out(&self.slot.name, self.slot.location, phase, began.elapsed(), detail);
        if !matches!(self.outcome, StopOutcome::Abandoned(_)) {
            self.outcome = StopOutcome::Abandoned(failure);
        }
    }

    fn finish(self, own: Duration) -> ServiceShutdown {
        ServiceShutdown {
            name: self.slot.name.to_string(),
            location: self.slot.location,
            outcome: self.outcome,
            drain: self.drain,
            own,
            calls_left: self.calls_left.into_iter().map(|(method, count)| CallsLeft { method, count }).collect(),
            still_held: self.still_held,
        }
    }
}
