//! [`HealthChecker`]: runs the health checks of one registry, all at once, at most one in flight for each service, and
//! keeps the results.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::check_state::{CheckResult, CheckState, InFlight};
use super::propagation::along_the_graph;
use crate::base::{Mutex, MutexGuard, Phase, State, caught, race, sort_by};
use crate::gate::context_stack::{self, Role};
use crate::plan::Bond;
use crate::report::{EventKind, Health, HealthReport, ServiceHealth};
use crate::service::Hooks;
use crate::shared::{PollMonitor, Shared, in_runtime, later, poll_monitor, within};

/// How long a check that is given up may take to notice: it ends at its next `await`, unless it blocks its thread.
const REPORT_GRACE: Duration = Duration::from_millis(500);

/// Runs the health checks of one registry.
pub(crate) struct HealthChecker {
    shared: Arc<Shared>,
    hooks: Arc<[Arc<dyn Hooks>]>,
    // Never held while a check runs, so a slow service delays no other.
    states: Mutex<Vec<CheckState>>,
}

/// A check of one service that the caller waits for.
struct Pending {
    index: usize,
    in_flight: Arc<InFlight>,
}

impl HealthChecker {
    pub(crate) fn new(shared: Arc<Shared>, hooks: Arc<[Arc<dyn Hooks>]>) -> Self {
        let states = shared.slots.iter().map(|_| CheckState::default()).collect();
        Self { shared, hooks, states: Mutex::new(states) }
    }

    /// The health of every service, or of those with this tag.
    pub(crate) async fn check(self: &Arc<Self>, tag: Option<&str>) -> HealthReport {
        in_runtime(&self.shared.runtime, self.check_all(tag)).await
    }

    async fn check_all(self: &Arc<Self>, tag: Option<&str>) -> HealthReport {
        let shared = &self.shared;
        let is_meant = |index: usize| {
            let tags = &shared.plan.services()[index].facts.tags;
            tag.is_none_or(|tag| tags.iter().any(|it| it == tag))
        };
        let _busy = shared.busy();
        let mut pending = self.start(is_meant);
        // One after the other, and yet each is given up in time: those before it are due no later.
        sort_by(&mut pending, |a, b| a.in_flight.until.cmp(&b.in_flight.until));
        for Pending { index, in_flight } in pending {
            // Its panics are caught; only a runtime that is shutting down ends it, and then nobody reads this.
            let mut is_done = in_flight.is_done.clone();
            if timeout_at(in_flight.until, is_done.wait_for(|is_done| *is_done)).await.is_err() {
                self.give_up(index, &in_flight);
            }
        }
        let states = self.states();
        let own = states.iter().enumerate().map(|(index, state)| match &state.result {
            Some(result) => Some(self.degraded(index, result.health.clone())),
            None => self.not_ready(index),
        });
        let all = along_the_graph(&shared.plan, own.collect());
        let services = all.into_iter().enumerate().filter(|(index, _)| is_meant(*index));
        let services = services.filter_map(|(index, health)| {
            Some(ServiceHealth {
                name: shared.slots[index].name.to_string(),
                health: health?,
                latency: states[index].result.as_ref().map_or(Duration::ZERO, |result| result.latency),
                tags: shared.plan.services()[index].facts.tags.clone(),
            })
        });
        HealthReport { services: services.collect() }
    }

    fn states(&self) -> MutexGuard<'_, Vec<CheckState>> {
        self.states.lock()
    }

    /// Starts the checks of the services that `is_meant` accepts, or joins those that are running.
    fn start(self: &Arc<Self>, is_meant: impl Fn(usize) -> bool) -> Vec<Pending> {
        let mut pending = Vec::new();
        for (index, state) in self.states().iter_mut().enumerate() {
            let is_fresh = |result: &CheckResult| result.at.elapsed() < self.shared.options.health_cache;
            if self.shared.slots[index].state() != State::Ready {
                (state.result, state.is_slow, state.in_flight) = (None, false, Weak::new());
            } else if !is_meant(index) || state.result.as_ref().is_some_and(is_fresh) {
            } else if let Some(in_flight) = state.in_flight.upgrade() {
                pending.push(Pending { index, in_flight });
            } else if state.monitor.blocking().is_some() {
                // Another check would block another thread.
                state.result = Some(state.timed_out(self.limit(index)));
            } else {
                state.monitor = Arc::default();
                let until = later(self.limit(index).saturating_add(REPORT_GRACE));
                let (done, is_done) = watch::channel(false);
                let task = tokio::spawn(self.clone().run(index, state.monitor.clone(), done)).abort_handle();
                let in_flight = Arc::new(InFlight { until, is_done, task });
                state.in_flight = Arc::downgrade(&in_flight);
                pending.push(Pending { index, in_flight });
            }
        }
        pending
    }

    /// The check has not noticed that its time is up. The first caller to see that stores the result for all.
    fn give_up(&self, index: usize, in_flight: &Arc<InFlight>) {
        let mut states = self.states();
        let state = &mut states[index];
        if !std::ptr::eq(state.in_flight.as_ptr(), Arc::as_ptr(in_flight)) {
            return;
        }
        state.in_flight = Weak::new();
        state.result = Some(state.timed_out(self.limit(index)));
        let blocking = state.monitor.blocking();
        drop(states);
        if let Some(elapsed) = blocking {
            let (service, phase) = (self.shared.slots[index].name.clone(), Phase::Health);
            self.shared.log.emit(EventKind::Blocking { service, phase, elapsed });
        }
    }

    /// One check, from its start to its result.
    async fn run(self: Arc<Self>, index: usize, monitor: Arc<PollMonitor>, done: watch::Sender<bool>) {
        let result = self.result(index, monitor.clone()).await;
        self.store(index, &monitor, result);
        done.send_replace(true);
    }

    /// Stores the result of a check, unless it was given up.
    fn store(&self, index: usize, monitor: &Arc<PollMonitor>, result: Option<CheckResult>) {
        let mut states = self.states();
        let state = &mut states[index];
        if state.in_flight.strong_count() == 0 || !Arc::ptr_eq(&state.monitor, monitor) {
            return;
        }
        // The next caller starts a new check, even while others still hold this one.
        state.in_flight = Weak::new();
        let slow = state.store(result);
        drop(states);
        if let Some(elapsed) = slow {
            let slot = &self.shared.slots[index];
            slot.emit(EventKind::SlowHealth { service: slot.name.clone(), elapsed });
        }
    }

    /// The result of a check; `None` if the service stops meanwhile, so that no check outlives its service.
    async fn result(&self, index: usize, monitor: Arc<PollMonitor>) -> Option<CheckResult> {
        let (hooks, slot, limit) = (self.hooks.get(index), &self.shared.slots[index], self.limit(index));
        let began = Instant::now();
        let check = async {
            match hooks.and_then(|hooks| hooks.health(slot)) {
                Some(check) => check.await,
                None => Health::Healthy,
            }
        };
        let marked = context_stack::with_context(slot.frame(Role::Hook), check);
        // Dropping the check runs the user's code, so that happens inside too.
        let checked = caught::caught(poll_monitor::monitored(monitor, async {
            let mut status = slot.watch();
            let answer = async { Some(within(limit, marked).await) };
            let stopped = async {
                let _ = status.wait_for(|status| status.state() != State::Ready).await;
                None
            };
            race(answer, stopped).await
        }));
        let health = match checked.await {
            Ok(None) => return None,
            Ok(Some(Some(health))) => health,
            Ok(Some(None)) => Health::unhealthy(format!("its check timed out after {limit:?}")),
            Err(message) => Health::unhealthy(format!("its check panicked: {message}")),
        };
        Some(CheckResult { at: Instant::now(), health, latency: began.elapsed() })
    }

    /// The health of a ready service that reports this health: degraded if a task has failed, or if it does without a service
    /// that it wants.
    fn degraded(&self, index: usize, reported: Health) -> Health {
        if reported != Health::Healthy {
            return reported;
        }
        let failed: Vec<_> = self.shared.slots[index].failed_tasks.all().iter().map(ToString::to_string).collect();
        if !failed.is_empty() {
            return Health::degraded(failed.join("; "));
        }
        let plan = &self.shared.plan;
        if let Some(absent) = plan.absent_wants(index).first() {
            return Health::degraded(format!("it wants {absent}, which is not in this registry"));
        }
        let wanted = plan.services()[index].needs.iter().filter(|need| need.bond == Bond::Wants);
        let mut slots = wanted.map(|need| &self.shared.slots[need.index]);
        match slots.find(|slot| slot.state() != State::Ready) {
            Some(slot) => {
                let state = if slot.state() == State::Idle { "not booted" } else { slot.state().as_str() };
                Health::degraded(format!("it wants {}, which is {state}", slot.name))
            }
            None => reported,
        }
    }

    fn limit(&self, index: usize) -> Duration {
        self.shared.plan.services()[index].facts.budgets.health
    }

    /// The health of a service that is not ready: unhealthy if it should be ready, degraded if it is optional.
    fn not_ready(&self, index: usize) -> Option<Health> {
        let (state, service) = (self.shared.slots[index].state(), &self.shared.plan.services()[index]);
        match state {
            State::Idle | State::Ready => None,
            State::Stopped if !service.eager => None,
            _ if service.facts.is_optional() => Some(Health::degraded(state.as_str())),
            _ => Some(Health::unhealthy(state.as_str())),
        }
    }
}
