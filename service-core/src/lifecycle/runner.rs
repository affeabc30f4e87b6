//! [`Runner`]: runs the steps of each service of one registry, each in a task of its own. What a step came to is an event
//! for the machine.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::hook::Left;
use super::start::{Abort, Attempt, Attempted, start};
use super::stop::{stop, unwind};
use crate::base::{Failure, Phase, Rng, State, StopOutcome, caught, sort_by};
use crate::gate::{ManagedInstance, since};
use crate::machine::{FailedAttempt, LifecycleEvent, Status};
use crate::report::{Refusal, RefusalCause, ServiceShutdown};
use crate::service::{Hooks, Incarnation};
use crate::shared::{Shared, later};

/// How long the destructors of supplied values may take that no step releases.
const GRACE: Duration = Duration::from_millis(500);

/// What a step has come to.
enum Done {
    Attempted(Attempted),
    Unwound(ServiceShutdown),
    Stopped(ServiceShutdown),
    /// The step that starts the service has panicked.
    Broken(Failure),
}

/// What runs of one service.
#[derive(Default)]
struct RunningService {
    /// Aborts its start, if it was ever started.
    abort: Option<Abort>,
    /// What an attempt has begun that has failed, or that has ended and is not open yet.
    begun: Option<(Left<ManagedInstance>, Arc<Incarnation>)>,
    incarnation: Option<Arc<Incarnation>>,
    /// How it was unwound or stopped the last time, since its start began.
    last: Option<ServiceShutdown>,
    /// What the report says about it, and at which place.
    recorded: Option<(u64, ServiceShutdown)>,
    /// Draws the jitter of its restarts.
    rng: Option<Rng>,
}

/// Runs the steps of each service of one registry.
pub(crate) struct Runner {
    shared: Arc<Shared>,
    hooks: Arc<[Arc<dyn Hooks>]>,
    each: Vec<RunningService>,
    steps: JoinSet<(usize, Done)>,
    /// The origin of the machine's clock.
    born: Instant,
    /// How many were recorded.
    records: u64,
}

impl Runner {
    pub(crate) fn new(shared: Arc<Shared>, hooks: Arc<[Arc<dyn Hooks>]>) -> Self {
        let services = shared.plan.services().iter();
        let each = services.map(|service| RunningService {
            rng: service.facts.restart.map(|policy| Rng::new(policy.seed)),
            ..RunningService::default()
        });
        Self { each: each.collect(), shared, hooks, steps: JoinSet::new(), born: Instant::now(), records: 0 }
    }

    /// The time on the machine's clock.
    pub(crate) fn now(&self) -> Duration {
        self.born.elapsed()
    }

    /// A time on the machine's clock.
    pub(crate) fn at(&self, time: Duration) -> Instant {
        later(time.saturating_sub(self.born.elapsed()))
    }

    pub(crate) fn hooks(&self) -> Arc<[Arc<dyn Hooks>]> {
        self.hooks.clone()
    }

    /// Whether a step of any service runs.
    pub(crate) fn is_running(&self) -> bool {
        !self.steps.is_empty()
    }

    /// The next random number for the restarts of a service.
    pub(crate) fn draw(&mut self, service: usize) -> f64 {
        self.each[service].rng.as_mut().map_or(0.0, Rng::draw)
    }

    /// The next step that has ended, as an event.
    pub(crate) fn poll_done(&mut self, cx: &mut Context<'_>) -> Poll<LifecycleEvent> {
        while let Poll::Ready(Some(joined)) = self.steps.poll_join_next(cx) {
            // A step is never aborted, and its panics are caught.
            if let Ok((service, done)) = joined {
                return Poll::Ready(self.on_done(service, done));
            }
        }
        Poll::Pending
    }

    fn on_done(&mut self, service: usize, done: Done) -> LifecycleEvent {
        match done {
            Done::Attempted(Attempted::Started { instance, incarnation }) => {
                self.each[service].begun = Some((Left::Returned(instance), incarnation));
                let began = self.shared.slots[service].times().began;
                LifecycleEvent::Started { service, elapsed: began.map_or(Duration::ZERO, |began| began.elapsed()) }
            }
            Done::Attempted(Attempted::Failed { failure, retry_until, left, incarnation }) => {
                self.each[service].begun = Some((left, incarnation));
                self.failed(service, failure, retry_until)
            }
            Done::Broken(failure) => self.failed(service, failure, None),
            Done::Attempted(Attempted::Aborted { unwound: None }) => {
                let last = self.each[service].last.as_ref();
                LifecycleEvent::Unwound { service, outcome: last.map_or(StopOutcome::Clean, |it| it.outcome.clone()) }
            }
            Done::Attempted(Attempted::Aborted { unwound: Some(entry) }) | Done::Unwound(entry) => {
                LifecycleEvent::Unwound { service, outcome: self.ended(service, entry) }
            }
            Done::Stopped(entry) => {
                let elapsed = entry.drain + entry.own;
                LifecycleEvent::Stopped { service, outcome: self.ended(service, entry), elapsed }
            }
        }
    }

    fn failed(&mut self, service: usize, failure: Failure, retry_until: Option<Instant>) -> LifecycleEvent {
        let retry_until = retry_until.map(|until| until.saturating_duration_since(self.born));
        LifecycleEvent::StartFailed {
            service,
            attempt: FailedAttempt { failure, retry_until, drawn: self.draw(service) },
        }
    }

    /// Keeps how it was unwound or stopped, together with what went wrong when its earlier attempts were unwound.
    fn ended(&mut self, service: usize, mut entry: ServiceShutdown) -> StopOutcome {
        let outcome = entry.outcome.clone();
        // Until the shutdown is over, and its begin known, this is the time on the machine's clock.
        entry.waited = self.now().saturating_sub(entry.drain + entry.own);
        if let Some(before) = self.each[service].last.take() {
            entry.failures.splice(..0, before.failures);
        }
        self.each[service].last = Some(entry);
        outcome
    }

    /// Publishes the status of a service, and since when it has it.
    pub(crate) fn publish(&self, service: usize, status: Status) {
        let slot = &self.shared.slots[service];
        let now = Some(Instant::now());
        // The error of an earlier attempt is dropped after the lock is released.
        let _former = {
            let mut times = slot.times();
            match (status.state, &status.cause.refusal) {
                (State::Waiting, _) => {
                    (times.wanted, times.queued, times.in_queue) = (now, None, Duration::ZERO);
                    None
                }
                (State::Starting, _) => {
                    times.in_queue = since(times.queued.take());
                    (times.began, times.ended) = (now, None);
                    times.failure.take()
                }
                (State::Failed, Refusal::Failed(failure)) => {
                    times.ended = now;
                    times.failure.replace(failure.clone())
                }
                _ => None,
            }
        };
        slot.set(status.state, status.cause);
    }

    /// From now on, a service waits for nothing but a place under the limit of `concurrency`.
    pub(crate) fn queue(&self, service: usize) {
        self.shared.slots[service].times().queued = Some(Instant::now());
    }

    /// What the running hook of a starting service does.
    pub(crate) fn hook(&self, service: usize) -> Option<String> {
        self.each[service].abort.as_ref()?.describe_hook()
    }

    /// Refuses the calls that wait for a service.
    pub(crate) fn refuse(&self, service: usize, cause: RefusalCause) {
        self.shared.slots[service].refuse_waiting(cause);
    }

    pub(crate) fn start(&mut self, service: usize, number: u32, after: Option<Duration>, until: Duration) {
        let until = self.at(until);
        let running = &mut self.each[service];
        if number == 1 {
            (running.abort, running.last) = (None, None);
        }
        let abort = running.abort.get_or_insert_default().clone();
        let attempt = Attempt { service, number, after, until };
        let starting = start(self.shared.clone(), self.hooks[service].clone(), attempt, abort);
        self.spawn(service, Phase::Init, Box::pin(async move { Done::Attempted(starting.await) }));
    }

    pub(crate) fn open(&mut self, service: usize) {
        let slot = &self.shared.slots[service];
        if let Some((Left::Returned(instance), incarnation)) = self.each[service].begun.take() {
            self.each[service].incarnation = Some(incarnation);
            slot.open(instance);
        }
        slot.times().ended = Some(Instant::now());
    }

    pub(crate) fn abort(&self, service: usize, limit: Option<Duration>) {
        if let Some(abort) = &self.each[service].abort {
            abort.now(limit);
        }
    }

    pub(crate) fn limit(&self, service: usize, limit: Option<Duration>) {
        if let Some(abort) = &self.each[service].abort {
            abort.limit(limit);
        }
    }

    pub(crate) fn unwind(&mut self, service: usize, limit: Option<Duration>) {
        let begun = self.each[service].begun.take();
        let slot = self.shared.slots[service].clone();
        let unwinding = async move {
            Done::Unwound(match begun {
                Some((left, incarnation)) => unwind(&incarnation, left, limit).await,
                None => ServiceShutdown::new(&slot.name, slot.location),
            })
        };
        self.spawn(service, Phase::Cleanup, Box::pin(unwinding));
    }

    pub(crate) fn stop(&mut self, service: usize, cause: RefusalCause, limit: Option<Duration>) {
        if let Some(incarnation) = self.each[service].incarnation.take() {
            let stopping = stop(self.shared.clone(), self.hooks[service].clone(), incarnation, cause, limit);
            self.spawn(service, Phase::Shutdown, Box::pin(async move { Done::Stopped(stopping.await) }));
        }
    }

    /// Enters into the report how the service was unwound or stopped the last time, and what went wrong when it stopped before.
    /// A failed task of an earlier instance is left out: the restart has dealt with it.
    pub(crate) fn record(&mut self, service: usize) {
        let slot = &self.shared.slots[service];
        let mut entry =
            self.each[service].last.clone().unwrap_or_else(|| ServiceShutdown::new(&slot.name, slot.location));
        if let Some((_, earlier)) = self.each[service].recorded.take() {
            let is_left_out = |failure: &Failure| matches!(failure.phase(), Phase::Task(_));
            let earlier = earlier.failures.into_iter();
            let kept: Vec<_> =
                earlier.filter(|failure| !is_left_out(failure) && !entry.failures.contains(failure)).collect();
            entry.failures.splice(..0, kept);
        }
        self.records += 1;
        self.each[service].recorded = Some((self.records, entry));
    }

    /// What was recorded, in the order of the records, of a shutdown that began at this time on the machine's clock.
    pub(crate) fn take_records(&mut self, since: Duration) -> Vec<ServiceShutdown> {
        let mut records: Vec<_> = self.each.iter_mut().filter_map(|running| running.recorded.take()).collect();
        sort_by(&mut records, |a, b| a.0.cmp(&b.0));
        let of_shutdown = |mut entry: ServiceShutdown| {
            entry.waited = entry.waited.saturating_sub(since);
            entry
        };
        records.into_iter().map(|(_, entry)| of_shutdown(entry)).collect()
    }

    /// Releases the supplied values of services that have never stopped, because they were never ready. No step is left that a
    /// destructor could fail, so one that panics or blocks its thread is left to itself.
    pub(crate) async fn release(&self) {
        let hooks = self.hooks.clone();
        let releasing = tokio::spawn(async move {
            for hooks in hooks.iter() {
                let _ = caught::caught_now(|| hooks.release(false));
            }
        });
        let _ = timeout(GRACE, releasing).await;
    }

    /// Runs a step of one service in a task of its own. A panic in it, which would be ours or of a destructor of the
    /// user's, ends the step and not the registry.
    ///
    /// In a box, it is moved once and not once per layer, and one task runs every kind of step.
    fn spawn(&mut self, service: usize, phase: Phase, step: Pin<Box<dyn Future<Output = Done> + Send>>) {
        let slot = self.shared.slots[service].clone();
        self.steps.spawn(async move {
            let began = Instant::now();
            let done = caught::caught(step).await.unwrap_or_else(|message| {
                let failure = Failure::panic(&slot.name, slot.location, phase.clone(), began.elapsed(), message);
                let entry = |was_ready: bool| ServiceShutdown {
                    was_ready,
                    failures: vec![failure.clone()],
                    outcome: StopOutcome::Failed(failure.clone()),
                    own: began.elapsed(),
                    ..ServiceShutdown::new(&slot.name, slot.location)
                };
                match phase {
                    Phase::Init => Done::Broken(failure),
                    Phase::Cleanup => Done::Unwound(entry(false)),
                    _ => Done::Stopped(entry(true)),
                }
            });
            (service, done)
        });
    }
}
