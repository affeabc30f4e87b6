//! [`Checkup`]: asks services how they are, all at once, each once for all who ask meanwhile, and remembers what they said.

use std::collections::BTreeSet;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::Poll;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout, timeout_at};

use super::propagation::along_the_graph;
use crate::base::caught;
use crate::base::{Phase, State};
use crate::gate::context_stack;
use crate::gate::context_stack::Role;
use crate::report::{EventKind, Health, HealthReport, ServiceHealth};
use crate::shared::Shared;
use crate::shared::later;
use crate::shared::{Pulse, poll_monitor};

/// How long a check that is given up may take to notice: it ends at its next `await`, unless it blocks its thread.
const GRACE: Duration = Duration::from_millis(500);

/// A check that takes this long is called slow.
const SLOW: Duration = Duration::from_secs(1);

/// What services said lately.
#[derive(Default)]
pub(crate) struct Checkup {
    // Never held while a check runs: who waits for one service keeps nobody from another.
    patients: Mutex<Vec<Patient>>,
}

/// One service: what it said, and its latest check.
#[derive(Default)]
struct Patient {
    said: Option<Said>,
    /// Its latest check was slow, and that was told.
    is_slow: bool,
    pulse: Arc<Pulse>,
    /// Its check, while one is under way and somebody waits for it.
    round: Weak<Round>,
}

/// A check that is under way. All who wait for it hold it, and when the last of them is gone, it is ended.
struct Round {
    until: Instant,
    /// True once there is an answer; closed without one if its runtime is gone.
    over: watch::Receiver<bool>,
    task: AbortHandle,
}

/// Somebody waits for a check of this service.
struct Visit {
    index: usize,
    round: Arc<Round>,
    has_joined: bool,
}

#[derive(Clone)]
struct Said {
    at: Instant,
    health: Health,
    latency: Duration,
}

impl Checkup {
    /// How all services are, or those with this tag.
    pub(crate) async fn ask(&self, shared: &Arc<Shared>, tag: Option<&str>) -> HealthReport {
        let is_asked = |index: usize| {
            let tags = &shared.plan.services()[index].facts.tags;
            tag.is_none_or(|tag| tags.iter().any(|it| it == tag))
        };
        let mut due: BTreeSet<_> = (0..shared.slots.len()).filter(|index| is_asked(*index)).collect();
        while !due.is_empty() {
            let mut visits = self.visit(shared, &std::mem::take(&mut due));
            // One after the other, and yet each is given up in time: those before it are due no later.
            visits.sort_by_key(|visit| visit.round.until);
            for Visit { index, round, has_joined } in visits {
                match timeout_at(round.until, round.over.clone().wait_for(|is_over| *is_over)).await {
                    // It went down with the runtime of whoever began it, which need not be this one.
                    Ok(Err(_)) if has_joined => {
                        due.insert(index);
                    }
                    // Its panics are caught; only a runtime that is shutting down ends it, and then nobody reads this.
                    Ok(_) => {}
                    Err(_) => self.give_up(shared, index, &round),
                }
            }
        }
        let patients = self.patients(shared);
        let own = patients.iter().enumerate().map(|(index, patient)| match &patient.said {
            Some(said) => Some(said.health.clone()),
            None => not_up(shared, index),
        });
        let all = along_the_graph(&shared.plan, own.collect());
        let services = all.into_iter().enumerate().filter(|(index, _)| is_asked(*index));
        let services = services.filter_map(|(index, health)| {
            Some(ServiceHealth {
                name: shared.slots[index].name.to_string(),
                health: health?,
                latency: patients[index].said.as_ref().map_or(Duration::ZERO, |said| said.latency),
                tags: shared.plan.services()[index].facts.tags.clone(),
            })
        });
        HealthReport { services: services.collect() }
    }

    fn patients(&self, shared: &Shared) -> MutexGuard<'_, Vec<Patient>> {
        let mut patients = self.patients.lock().unwrap_or_else(PoisonError::into_inner);
        patients.resize_with(shared.slots.len(), Patient::default);
        patients
    }

    /// Begins the checks of those that are due, or joins the ones that are under way.
    fn visit(&self, shared: &Arc<Shared>, due: &BTreeSet<usize>) -> Vec<Visit> {
        let mut visits = Vec::new();
        for (index, patient) in self.patients(shared).iter_mut().enumerate() {
            let is_fresh = |said: &Said| said.at.elapsed() < shared.options.health_cache;
            if shared.slots[index].state() != State::Ready {
                (patient.said, patient.is_slow, patient.round) = (None, false, Weak::new());
            } else if !due.contains(&index) || patient.said.as_ref().is_some_and(is_fresh) {
            } else if let Some(round) = patient.round.upgrade() {
                visits.push(Visit { index, round, has_joined: true });
            } else if patient.pulse.blocking().is_some() {
                // Another check would take another thread.
                patient.said = Some(patient.stuck(limit(shared, index)));
            } else {
                patient.pulse = Arc::default();
                let until = later(limit(shared, index).saturating_add(GRACE));
                let (answered, over) = watch::channel(false);
                let task = tokio::spawn(attend(shared.clone(), index, patient.pulse.clone(), answered)).abort_handle();
                let round = Arc::new(Round { until, over, task });
                patient.round = Arc::downgrade(&round);
                visits.push(Visit { index, round, has_joined: false });
            }
        }
        visits
    }

    /// The check has not even noticed that its time is up. The first who sees that says so for all.
    fn give_up(&self, shared: &Shared, index: usize, round: &Arc<Round>) {
        let mut patients = self.patients(shared);
        let patient = &mut patients[index];
        if !std::ptr::eq(patient.round.as_ptr(), Arc::as_ptr(round)) {
            return;
        }
        patient.round = Weak::new();
        patient.said = Some(patient.stuck(limit(shared, index)));
        let blocking = patient.pulse.blocking();
        drop(patients);
        if let Some(elapsed) = blocking {
            let (service, phase) = (shared.slots[index].name.clone(), Phase::Health);
            shared.log.emit(EventKind::Blocking { service, phase, elapsed });
        }
    }

    /// The check has ended; nobody listens if it was given up.
    fn hear(&self, shared: &Shared, index: usize, pulse: &Arc<Pulse>, answer: Option<Said>) {
        let mut patients = self.patients(shared);
        let patient = &mut patients[index];
        if patient.round.strong_count() == 0 || !Arc::ptr_eq(&patient.pulse, pulse) {
            return;
        }
        // Whoever comes now asks anew, also while others still hold this round.
        patient.round = Weak::new();
        let slow = patient.says(answer);
        drop(patients);
        if let Some(elapsed) = slow {
            let slot = &shared.slots[index];
            slot.emit(EventKind::SlowHealth { service: slot.name.clone(), elapsed });
        }
    }
}

impl Drop for Round {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Patient {
    /// It has answered, unless it went down meanwhile. Tells how slow it was when it becomes so, and not at every check.
    fn says(&mut self, answer: Option<Said>) -> Option<Duration> {
        self.said = answer;
        let elapsed = self.said.as_ref().map_or(Duration::ZERO, |said| said.latency);
        let was_slow = std::mem::replace(&mut self.is_slow, elapsed >= SLOW);
        (self.is_slow && !was_slow).then_some(elapsed)
    }

    /// Its check had to be left where it is: it does not notice that it was given up.
    fn stuck(&self, limit: Duration) -> Said {
        let why = format!("its check timed out after {limit:?}: {}", self.pulse.describe());
        let latency = self.pulse.blocking().unwrap_or(limit);
        Said { at: Instant::now(), health: Health::unhealthy(why), latency }
    }
}

fn limit(shared: &Shared, index: usize) -> Duration {
    shared.plan.services()[index].facts.budgets.health
}

/// One that is not up is ill if it should be, and degrades the whole if it could be.
fn not_up(shared: &Shared, index: usize) -> Option<Health> {
    let (state, service) = (shared.slots[index].state(), &shared.plan.services()[index]);
    match state {
        State::Idle | State::Ready => None,
        State::Stopped if !service.eager => None,
        _ if service.facts.optional => Some(Health::degraded(state.as_str())),
        _ => Some(Health::unhealthy(state.as_str())),
    }
}

/// One check, from its beginning to the answer.
async fn attend(shared: Arc<Shared>, index: usize, pulse: Arc<Pulse>, answered: watch::Sender<bool>) {
    let answer = check(&shared, index, pulse.clone()).await;
    shared.checkup.hear(&shared, index, &pulse, answer);
    answered.send_replace(true);
}

/// What a service says, unless it goes down meanwhile: then nobody waits for its answer, and none outlives it.
async fn check(shared: &Shared, index: usize, pulse: Arc<Pulse>) -> Option<Said> {
    let (hooks, slot) = (&shared.hooks[index], &shared.slots[index]);
    let limit = limit(shared, index);
    let began = Instant::now();
    let check = async {
        match hooks.health(slot) {
            Some(check) => check.await,
            None => Health::Healthy,
        }
    };
    let marked = context_stack::marked(slot.frame(Role::Hook), check);
    // What drops the check is inside too: that runs the user's code.
    let asked = caught::caught(poll_monitor::felt(pulse, async {
        let mut status = slot.watch();
        let mut answer = pin!(timeout(limit, marked));
        let mut gone = pin!(async { status.wait_for(|status| status.state() != State::Ready).await.is_ok() });
        poll_fn(|cx| match answer.as_mut().poll(cx) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending => gone.as_mut().poll(cx).map(|_| None),
        })
        .await
    }));
    let health = match asked.await {
        Ok(None) => return None,
        Ok(Some(Ok(health))) => health,
        Ok(Some(Err(_))) => Health::unhealthy(format!("its check timed out after {limit:?}")),
        Err(message) => Health::unhealthy(format!("its check panicked: {message}")),
    };
    Some(Said { at: Instant::now(), health, latency: began.elapsed() })
}
