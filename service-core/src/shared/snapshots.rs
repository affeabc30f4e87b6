//! The graph and the boot report of a registry at one moment, read from its slots.

use std::time::Duration;

use tokio::time::Instant;

use super::shared::{Shared, Timing};
use crate::base::State;
use crate::gate::{StartTimes, since};
use crate::plan::{Bond, Graph, NodeStatus};
use crate::report::{BootReport, ServiceReport, UndeclaredCall};

impl Shared {
    /// The graph, with the state and the times of each service.
    pub(crate) fn graph(&self) -> Graph {
        let status = |index: usize| {
            let slot = &self.slots[index];
            let times = slot.times();
            NodeStatus {
                state: Some(slot.state()),
                waited: waited(&times),
                own: own(&times),
                root_failure: times.failure.is_some(),
            }
        };
        Graph::of(&self.plan, &status, &self.undeclared.all())
    }

    /// How the boot went, service by service.
    pub(crate) fn boot_report(&self) -> BootReport {
        let timing = self.timing();
        let services = (0..self.slots.len()).map(|index| self.service_report(index, timing));
        let name = |index: usize| self.slots[index].name.to_string();
        let calls = self.undeclared.all().into_iter();
        let undeclared = calls.map(|(caller, callee)| UndeclaredCall { caller: name(caller), callee: name(callee) });
        let total = timing.took.unwrap_or_else(|| since(timing.began));
        BootReport::new(services.collect(), total, undeclared.collect())
    }

    fn service_report(&self, index: usize, timing: Timing) -> ServiceReport {
        let slot = &self.slots[index];
        let planned = &self.plan.services()[index];
        let times = slot.times().clone();
        let began = timing.began.zip(times.began);
        let dependencies = planned.needs.iter().map(|need| self.slots[need.index].name.to_string());
        ServiceReport {
            name: slot.name.to_string(),
            location: slot.location,
            state: slot.state(),
            eager: planned.eager,
            dependencies: dependencies.collect(),
            began: began.map(|(boot, began)| began.saturating_duration_since(boot)),
            waited: waited(&times),
            waited_for_slot: times.in_queue + since(times.queued),
            own: own(&times).unwrap_or_default(),
            slack: None,
            attempts: times.attempts,
            blocked: times.blocked,
            failure: times.failure,
            missing: self.missing(index),
        }
    }

    /// The wanted dependencies that a service does not have.
    fn missing(&self, index: usize) -> Vec<String> {
        let needs = self.plan.services()[index].needs.iter();
        let gone = needs.filter(|need| need.bond == Bond::Wants);
        let gone = gone.filter(|need| matches!(self.slots[need.index].state(), State::Failed | State::Blocked));
        let gone = gone.map(|need| need.text.to_string());
        self.plan.absent_wants(index).iter().cloned().chain(gone).collect()
    }
}

fn waited(times: &StartTimes) -> Duration {
    match (times.wanted, times.began) {
        (Some(wanted), Some(began)) => began.saturating_duration_since(wanted),
        (wanted, _) => since(wanted),
    }
}

fn own(times: &StartTimes) -> Option<Duration> {
    let began = times.began?;
    let ended = times.ended.unwrap_or_else(Instant::now);
    Some(ended.saturating_duration_since(began))
}
