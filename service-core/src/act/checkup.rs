//! [`Checkup`]: asks services how they are, all at once, and remembers what they said.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

use super::deadline::later;
use super::panics;
use super::pulse::{self, Pulse};
use super::shared::Shared;
use super::slot::Slot;
use crate::decision::along_the_graph;
use crate::fact::{EventKind, Health, HealthReport, Phase, ServiceHealth, State};
use crate::mechanism::ambient::{self, Role};

/// How long a check that is given up may take to notice: it ends at its next `await`, unless it blocks its thread.
const GRACE: Duration = Duration::from_millis(500);

/// A check that takes this long is called slow.
const SLOW: Duration = Duration::from_secs(1);

/// What services said lately.
#[derive(Default)]
pub(crate) struct Checkup {
    // Held while they are asked, so that whoever comes meanwhile does not ask again.
    patients: Mutex<Vec<Patient>>,
}

/// One service: what it said, and its latest check.
#[derive(Default)]
struct Patient {
    said: Option<Said>,
    /// Its latest check was slow, and that was told.
    is_slow: bool,
    pulse: Arc<Pulse>,
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
        let mut patients = self.patients.lock().await;
        patients.resize_with(shared.slots.len(), Patient::default);
        let mut checks = JoinSet::new();
        let mut asked = BTreeMap::new();
        for (index, patient) in patients.iter_mut().enumerate() {
            let is_fresh = |said: &Said| said.at.elapsed() < shared.options.health_cache;
            if shared.slots[index].state() != State::Ready {
                (patient.said, patient.is_slow) = (None, false);
            } else if is_asked(index) && !patient.said.as_ref().is_some_and(is_fresh) {
                if patient.pulse.blocking().is_some() {
                    // Another check would take another thread.
                    patient.said = Some(patient.stuck(limit(shared, index)));
                    continue;
                }
                patient.pulse = Arc::default();
                checks.spawn(check(shared.clone(), index, patient.pulse.clone()));
                asked.insert(index, later(limit(shared, index).saturating_add(GRACE)));
            }
        }
        while let Some(first) = asked.values().min() {
            match timeout_at(*first, checks.join_next()).await {
                Ok(Some(Ok((index, answer)))) => {
                    asked.remove(&index);
                    patients[index].says(answer, &shared.slots[index]);
                }
                // Its panics are caught; only a runtime that is shutting down ends it, and then nobody reads this.
                Ok(Some(Err(_))) => {}
                Ok(None) => break,
                Err(_) => asked.retain(|&index, until| {
                    let is_in_time = *until > Instant::now();
                    if !is_in_time {
                        let patient = &mut patients[index];
                        patient.said = Some(patient.stuck(limit(shared, index)));
                        if let Some(elapsed) = patient.pulse.blocking() {
                            let (service, phase) = (shared.slots[index].name.clone(), Phase::Health);
                            shared.log.emit(EventKind::Blocking { service, phase, elapsed });
                        }
                    }
                    is_in_time
                }),
            }
        }
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
}

impl Patient {
    /// It has answered, unless it went down meanwhile. That it is slow is told when it becomes so, and not at every check.
    fn says(&mut self, answer: Option<Said>, slot: &Slot) {
        self.said = answer;
        let elapsed = self.said.as_ref().map_or(Duration::ZERO, |said| said.latency);
        let was_slow = std::mem::replace(&mut self.is_slow, elapsed >= SLOW);
        if self.is_slow && !was_slow {
            slot.emit(EventKind::SlowHealth { service: slot.name.clone(), elapsed });
        }
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

/// What a service says, unless it goes down meanwhile: then nobody waits for its answer, and none outlives it.
async fn check(shared: Arc<Shared>, index: usize, pulse: Arc<Pulse>) -> (usize, Option<Said>) {
    let (hooks, slot) = (&shared.hooks[index], &shared.slots[index]);
    let limit = limit(&shared, index);
    let began = Instant::now();
    let check = async {
        match hooks.health(slot) {
            Some(check) => check.await,
            None => Health::Healthy,
        }
    };
    let marked = ambient::marked(slot.frame(Role::Hook), check);
    // What drops the check is inside too: that runs the user's code.
    let asked = panics::caught(pulse::felt(pulse, async {
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
        Ok(None) => return (index, None),
        Ok(Some(Ok(health))) => health,
        Ok(Some(Err(_))) => Health::unhealthy(format!("its check timed out after {limit:?}")),
        Err(message) => Health::unhealthy(format!("its check panicked: {message}")),
    };
    (index, Some(Said { at: Instant::now(), health, latency: began.elapsed() }))
}
