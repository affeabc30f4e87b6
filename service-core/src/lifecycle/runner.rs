//! [`Lives`]: the services of one registry, on their way up and down. Each step of one runs in a task of its own; what it
//! came to is handed back to the driver.

use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::diagnostics;
use super::start::{Abort, Risen, bring_up};
use super::stop::{bring_down, undo};
use crate::base::Rng;
use crate::base::caught;
use crate::base::{Failure, Phase, State, StopOutcome};
use crate::gate::ManagedInstance;
use crate::machine::Event;
use crate::machine::budget_share;
use crate::machine::{Next, Restarts};
use crate::report::{EventKind, Refusal, ServiceShutdown};
use crate::service::{Hooks, Incarnation};
use crate::shared::Shared;

/// What a step has come to.
pub(crate) enum Done {
    Risen(Risen),
    Undone(ServiceShutdown),
    Down(ServiceShutdown),
    /// The pause before another try is over.
    Rested,
}

/// One service.
#[derive(Default)]
struct Life {
    abort: Abort,
    risen: Option<(ManagedInstance, Arc<Incarnation>)>,
    site: Option<Arc<Incarnation>>,
    failure: Option<Failure>,
    /// Since when it has been up, as long as it is to be up.
    up_since: Option<Instant>,
    /// Since when this instance of it has been up.
    ready_since: Option<Instant>,
    restarts: Option<(Restarts, Rng)>,
    /// How long to wait before the next start.
    pause: Duration,
    /// How it went down the last time, and as the how manieth of all.
    down: Option<(u64, ServiceShutdown)>,
    /// How many levels of services are below it.
    depth: u32,
}

struct GoingDown {
    since: Instant,
    total: Duration,
}

/// The services of one registry.
pub(crate) struct Lives {
    shared: Arc<Shared>,
    hooks: Arc<[Arc<dyn Hooks>]>,
    each: Vec<Life>,
    /// How many levels of services there are.
    levels: u32,
    steps: JoinSet<(usize, Done)>,
    /// What restarts are counted by.
    born: Instant,
    going_down: Option<GoingDown>,
    /// Cancelled when everything goes down.
    leaving: CancellationToken,
    /// How many have gone down.
    fallen: u64,
}

impl Lives {
    pub(crate) fn new(shared: Arc<Shared>, hooks: Arc<[Arc<dyn Hooks>]>) -> Self {
        let mut each: Vec<Life> = Vec::with_capacity(shared.slots.len());
        for service in shared.plan.services() {
            let depth = service.needs.iter().map(|need| each[need.index].depth + 1).max().unwrap_or(0);
            let restarts = service.facts.restart.map(|policy| (Restarts::new(policy), Rng::new(policy.seed)));
            each.push(Life { depth, restarts, ..Life::default() });
        }
        let levels = each.iter().map(|life| life.depth + 1).max().unwrap_or(1);
        Self {
            shared,
            hooks,
            each,
            levels,
            steps: JoinSet::new(),
            born: Instant::now(),
            going_down: None,
            leaving: CancellationToken::new(),
            fallen: 0,
        }
    }

    /// The next step that has come to something.
    pub(crate) fn poll_done(&mut self, cx: &mut Context<'_>) -> Poll<(usize, Done)> {
        while let Poll::Ready(Some(joined)) = self.steps.poll_join_next(cx) {
            // A step is never aborted, and its panics are caught.
            if let Ok(done) = joined {
                return Poll::Ready(done);
            }
        }
        Poll::Pending
    }

    /// From now on, what goes down shares this budget.
    pub(crate) fn go_down_within(&mut self, total: Duration) {
        self.going_down.get_or_insert(GoingDown { since: Instant::now(), total });
        self.leaving.cancel();
        // Those that a restart was taking down already; each of the others is told when it is its turn.
        for service in 0..self.each.len() {
            if self.each[service].site.is_none() {
                self.each[service].abort.hurry(self.limit(service));
            }
        }
    }

    /// For how long everything has been going down.
    pub(crate) fn going_down_for(&self) -> Duration {
        self.going_down.as_ref().map_or(Duration::ZERO, |going| going.since.elapsed())
    }

    /// How each went down, in the order in which they went.
    pub(crate) fn take_down(&mut self) -> Vec<ServiceShutdown> {
        let mut down: Vec<_> = self.each.iter_mut().filter_map(|life| life.down.take()).collect();
        down.sort_by_key(|(turn, _)| *turn);
        down.into_iter().map(|(_, entry)| entry).collect()
    }

    pub(crate) fn failures(&self) -> Vec<Failure> {
        self.each.iter().filter_map(|life| life.failure.clone()).collect()
    }

    pub(crate) fn wait(&mut self, service: usize) {
        self.each[service].failure = None;
        let slot = &self.shared.slots[service];
        slot.times().wanted = Some(Instant::now());
        slot.set(State::Waiting, Refusal::State);
    }

    pub(crate) fn start(&mut self, service: usize) {
        let slot = &self.shared.slots[service];
        slot.set(State::Starting, Refusal::State);
        // The error of an earlier attempt is dropped after the lock is released.
        let _former = {
            let mut times = slot.times();
            times.began = Some(Instant::now());
            times.ended = None;
            times.failure.take()
        };
        slot.emit(EventKind::Starting { service: slot.name.clone() });
        let life = &mut self.each[service];
        life.abort = Abort::default();
        life.ready_since = None;
        let pause = std::mem::take(&mut life.pause);
        let rising = bring_up(self.shared.clone(), self.hooks[service].clone(), service, pause, life.abort.clone());
        self.steward(service, Phase::Init, async move { Done::Risen(rising.await) });
    }

    pub(crate) fn open(&mut self, service: usize) {
        let slot = &self.shared.slots[service];
        if let Some((instance, site)) = self.each[service].risen.take() {
            self.each[service].site = Some(site);
            self.each[service].up_since = Some(Instant::now());
            self.each[service].ready_since = Some(Instant::now());
            slot.open(instance);
        }
        let elapsed = {
            let mut times = slot.times();
            times.ended = Some(Instant::now());
            times.began.map_or(Duration::ZERO, |began| began.elapsed())
        };
        slot.emit(EventKind::Ready { service: slot.name.clone(), elapsed });
    }

    pub(crate) fn fail(&self, service: usize) {
        let slot = &self.shared.slots[service];
        if let Some(failure) = self.each[service].failure.clone() {
            {
                let mut times = slot.times();
                times.ended = Some(Instant::now());
                times.failure = Some(failure.clone());
            }
            slot.set(State::Failed, Refusal::Failed(failure.clone()));
            slot.emit(EventKind::Failed { service: slot.name.clone(), failure });
        }
    }

    pub(crate) fn block(&self, service: usize, by: usize) {
        let (slot, root) = (&self.shared.slots[service], self.shared.slots[by].name.clone());
        if let Some(failure) = self.each[by].failure.clone() {
            slot.set(State::Blocked, Refusal::Blocked { by: root.to_string(), failure });
        }
        slot.emit(EventKind::Blocked { service: slot.name.clone(), by: root });
    }

    pub(crate) fn discard(&mut self, service: usize) {
        let limit = self.limit(service);
        if let Some((instance, site)) = self.each[service].risen.take() {
            self.steward(
                service,
                Phase::Cleanup,
                async move { Done::Undone(undo(&site, Some(instance), limit).await) },
            );
        }
    }

    /// Takes it down, for good or only to bring it up again.
    pub(crate) fn stop(&mut self, service: usize, comes_back: bool) {
        let limit = self.limit(service);
        let cause = if comes_back { Refusal::Restarting } else { Refusal::State };
        if !comes_back {
            self.each[service].up_since = None;
        }
        if let Some(site) = self.each[service].site.take() {
            let falling = bring_down(self.shared.clone(), self.hooks[service].clone(), site, cause, limit);
            self.steward(service, Phase::Shutdown, async move { Done::Down(falling.await) });
        }
    }

    pub(crate) fn abort(&self, service: usize) {
        self.each[service].abort.now(self.limit(service));
    }

    pub(crate) fn forget(&mut self, service: usize) {
        self.each[service].up_since = None;
        let state = if self.going_down.is_some() { State::Stopped } else { State::Idle };
        self.shared.slots[service].set(state, Refusal::State);
    }

    /// What of the common budget this service may use, so that something is left for those below it.
    fn limit(&self, service: usize) -> Option<Duration> {
        let GoingDown { since, total } = self.going_down.as_ref()?;
        let remaining = total.saturating_sub(since.elapsed());
        Some(budget_share::share(*total, remaining, self.levels, self.each[service].depth))
    }

    /// Runs a step of one service in a task of its own. A panic in it, which would be ours or of a destructor of the
    /// user's, ends the step and not the registry.
    fn steward(&mut self, service: usize, phase: Phase, step: impl Future<Output = Done> + Send + 'static) {
        let slot = self.shared.slots[service].clone();
        self.steps.spawn(async move {
            let began = Instant::now();
            let done = caught::caught(step).await.unwrap_or_else(|message| {
                let failure = Failure::panic(&slot.name, slot.location, phase.clone(), began.elapsed(), message);
                let entry = |outcome| ServiceShutdown {
                    name: slot.name.to_string(),
                    location: slot.location,
                    outcome,
                    drain: Duration::ZERO,
                    own: began.elapsed(),
                    calls_left: Vec::new(),
                    still_held: 0,
                };
                match phase {
                    Phase::Init => Done::Risen(Risen::Fell { failure, undone: entry(StopOutcome::Clean) }),
                    Phase::Cleanup => Done::Undone(entry(StopOutcome::Failed(failure))),
                    _ => Done::Down(entry(StopOutcome::Failed(failure))),
                }
            });
            (service, done)
        });
    }

    /// Takes note of what the way up of a service has come to. If it was given up to begin anew, its failure is none.
    pub(crate) fn on_risen(&mut self, service: usize, risen: Risen, comes_back: bool) -> Event {
        match risen {
            Risen::Up { instance, site } => {
                self.each[service].risen = Some((instance, site));
                Event::Started(service)
            }
            Risen::Fell { undone, .. } if comes_back => self.on_undone(service, undone),
            Risen::Fell { failure, undone } => {
                let failure = failure.with_path(diagnostics::path(&self.shared.plan, service));
                if !undone.outcome.is_clean() {
                    self.tell_undone(service, undone);
                }
                let was_up = self.each[service].up_since.is_some();
                let may_return = self.going_down.is_none() && (was_up || self.is_optional(service));
                if may_return && self.next_try(service, &failure) {
                    if was_up {
                        return Event::Unwound(service);
                    }
                    self.rest(service);
                }
                self.each[service].failure = Some(failure);
                Event::StartFailed(service)
            }
            Risen::Aborted { undone } => self.on_undone(service, undone),
        }
    }

    pub(crate) fn failure(&self, service: usize) -> Option<Failure> {
        self.each[service].failure.clone()
    }

    pub(crate) fn is_optional(&self, service: usize) -> bool {
        self.shared.plan.services()[service].facts.optional
    }

    /// Whether its failure takes away something that was up and can't be done without: itself, or one that it blocks.
    pub(crate) fn has_broken(&self, service: usize) -> bool {
        let is_lost = |it: usize| {
            let is_down = matches!(self.shared.slots[it].state(), State::Failed | State::Blocked);
            is_down && self.each[it].up_since.is_some() && !self.is_optional(it)
        };
        self.each[service].up_since.is_some() && (service..self.each.len()).any(is_lost)
    }

    /// Whether it is tried again after this failure, by its policy; if so, tells when.
    pub(crate) fn next_try(&mut self, service: usize, failure: &Failure) -> bool {
        let now = self.born.elapsed();
        let life = &mut self.each[service];
        let ran = life.ready_since.map_or(Duration::ZERO, |since| since.elapsed());
        let Some((restarts, rng)) = &mut life.restarts else { return false };
        let Next::Again(delay) = restarts.after(now, ran, true, rng.draw()) else { return false };
        life.pause = delay;
        let slot = &self.shared.slots[service];
        slot.emit(EventKind::Restarting { service: slot.name.clone(), delay, failure: failure.clone() });
        true
    }

    /// Lets the pause pass while everything else goes on.
    fn rest(&mut self, service: usize) {
        let pause = std::mem::take(&mut self.each[service].pause);
        let leaving = self.leaving.clone();
        self.steps.spawn(async move {
            let _ = leaving.run_until_cancelled(sleep(pause)).await;
            (service, Done::Rested)
        });
    }

    pub(crate) fn on_undone(&mut self, service: usize, entry: ServiceShutdown) -> Event {
        self.tell_undone(service, entry);
        Event::Unwound(service)
    }

    fn tell_undone(&mut self, service: usize, entry: ServiceShutdown) {
        let name = self.shared.slots[service].name.clone();
        self.shared.log.emit(EventKind::Unwound { service: name, outcome: entry.outcome.clone() });
        self.note_down(service, entry);
    }

    pub(crate) fn on_down(&mut self, service: usize, entry: ServiceShutdown) -> Event {
        self.shared.log.emit(EventKind::Stopped {
            service: self.shared.slots[service].name.clone(),
            outcome: entry.outcome.clone(),
            elapsed: entry.drain + entry.own,
        });
        self.each[service].ready_since = None;
        self.note_down(service, entry);
        Event::Stopped(service)
    }

    fn note_down(&mut self, service: usize, entry: ServiceShutdown) {
        self.fallen += 1;
        self.each[service].down = Some((self.fallen, entry));
    }
}
