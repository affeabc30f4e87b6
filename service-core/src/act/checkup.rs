//! [`Checkup`]: asks services how they are, all at once, and remembers what they said.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::panics;
use super::shared::Shared;
use crate::decision::along_the_graph;
use crate::fact::{Health, HealthReport, ServiceHealth, State};
use crate::mechanism::ambient::{self, Role};

/// What services said lately: by service, when, what, and how long it took.
#[derive(Default)]
pub(crate) struct Checkup {
    // Held while they are asked, so that whoever comes meanwhile does not ask again.
    said: Mutex<Vec<Option<Said>>>,
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
        let mut said = self.said.lock().await;
        said.resize(shared.slots.len(), None);
        let mut checks = JoinSet::new();
        for (index, said) in said.iter_mut().enumerate() {
            let is_fresh = |said: &Said| said.at.elapsed() < shared.options.health_cache;
            if shared.slots[index].state() != State::Ready {
                *said = None;
            } else if is_asked(index) && !said.as_ref().is_some_and(is_fresh) {
                checks.spawn(check(shared.clone(), index));
            }
        }
        for (index, answer) in checks.join_all().await {
            said[index] = answer;
        }
        let own = (0..said.len()).map(|index| match &said[index] {
            Some(said) => Some(said.health.clone()),
            None => not_up(shared, index),
        });
        let all = along_the_graph(&shared.plan, own.collect());
        let services = all.into_iter().enumerate().filter(|(index, _)| is_asked(*index));
        let services = services.filter_map(|(index, health)| {
            Some(ServiceHealth {
                name: shared.slots[index].name.to_string(),
                health: health?,
                latency: said[index].as_ref().map_or(Duration::ZERO, |said| said.latency),
                tags: shared.plan.services()[index].facts.tags.clone(),
            })
        });
        HealthReport { services: services.collect() }
    }
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
async fn check(shared: Arc<Shared>, index: usize) -> (usize, Option<Said>) {
    let (hooks, slot) = (&shared.hooks[index], &shared.slots[index]);
    let limit = shared.plan.services()[index].facts.budgets.health;
    let began = Instant::now();
    let check = async {
        match hooks.health(slot) {
            Some(check) => check.await,
            None => Health::Healthy,
        }
    };
    let marked = ambient::marked(slot.frame(Role::Hook), check);
    // What drops the check is inside too: that runs the user's code.
    let asked = panics::caught(async {
        let mut status = slot.watch();
        let mut answer = pin!(timeout(limit, marked));
        let mut gone = pin!(async { status.wait_for(|status| status.state() != State::Ready).await.is_ok() });
        poll_fn(|cx| match answer.as_mut().poll(cx) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending => gone.as_mut().poll(cx).map(|_| None),
        })
        .await
    });
    let health = match asked.await {
        Ok(None) => return (index, None),
        Ok(Some(Ok(health))) => health,
        Ok(Some(Err(_))) => Health::unhealthy(format!("its check timed out after {limit:?}")),
        Err(message) => Health::unhealthy(format!("its check panicked: {message}")),
    };
    (index, Some(Said { at: Instant::now(), health, latency: began.elapsed() }))
}
