//! Puts together what a boot's error and report say about the services of a registry.

use crate::base::{State, lasted};
use crate::gate::since;
use crate::plan::Bond;
use crate::plan::Plan;
use crate::report::{BlockedService, UnreadyService};
use crate::shared::Shared;
use crate::shared::wait;

/// From what was booted for its own sake down to this service, by what requires it.
pub(crate) fn path(plan: &Plan, service: usize) -> Vec<String> {
    let mut path = vec![service];
    let mut at = service;
    while let Some(above) = plan.services()[at].dependants.iter().copied().find(|&above| requires(plan, above, at)) {
        path.push(above);
        at = above;
    }
    path.iter().rev().map(|&at| plan.services()[at].facts.name.clone()).collect()
}

fn requires(plan: &Plan, service: usize, on: usize) -> bool {
    plan.services()[service].needs.iter().any(|need| need.index == on && need.bond == Bond::Requires)
}

/// Each service that can't start because of one that failed, and which. It follows from the plan and the failures
/// alone, so it does not depend on who was how far when.
pub(crate) fn blocked(shared: &Shared) -> Vec<BlockedService> {
    let services = shared.plan.services();
    let mut root: Vec<Option<usize>> = vec![None; services.len()];
    let mut blocked = Vec::new();
    // The plan's order: what a service requires has been looked at before it.
    for (index, service) in services.iter().enumerate() {
        let state = shared.slots[index].state();
        if state == State::Failed {
            root[index] = Some(index);
        } else if shared.slots[index].times().wanted.is_some() {
            let needs = service.needs.iter().filter(|need| need.bond == Bond::Requires);
            root[index] = needs.filter_map(|need| root[need.index]).min();
            if let Some(by) = root[index] {
                let by = services[by].facts.name.clone();
                blocked.push(BlockedService { service: service.facts.name.clone(), by });
            }
        }
    }
    blocked
}

/// Each wanted service that is not ready, and what it is doing.
pub(crate) fn unready(shared: &Shared) -> Vec<UnreadyService> {
    let services = shared.plan.services();
    let mut unready = Vec::new();
    for (index, slot) in shared.slots.iter().enumerate() {
        let doing = match slot.state() {
            State::Waiting => {
                let needs =
                    services[index].needs.iter().filter(|need| shared.slots[need.index].state() != State::Ready);
                let names: Vec<_> = needs.map(|need| services[need.index].facts.name.as_str()).collect();
                format!("waits for {}", names.join(", "))
            }
            State::Starting => {
                let times = slot.times();
                let said = times.progress.as_ref().map(|words| format!(", it last said: {words}")).unwrap_or_default();
                let begun = times.began;
                drop(times);
                let waits: String = wait::describe(slot).into_iter().map(|it| format!(", {it}")).collect();
                format!("has been starting for {:?} ({}){said}{waits}", lasted(since(begun)), slot.location)
            }
            _ => continue,
        };
        unready.push(UnreadyService { service: slot.name.to_string(), doing });
    }
    unready
}

/// Whom a service that is coming up waits for, beyond what it declares, and who waits for it.
pub(crate) fn waits(shared: &Shared, service: usize) -> Vec<String> {
    let mut told = wait::describe(&shared.slots[service]);
    let dependants = shared.plan.services()[service].dependants.iter();
    let by_whom = dependants.filter(|&&dependant| shared.slots[dependant].state() == State::Waiting);
    let by_whom: Vec<_> = by_whom.map(|&dependant| &*shared.slots[dependant].name).collect();
    if !by_whom.is_empty() {
        let verb = if by_whom.len() == 1 { "waits" } else { "wait" };
        told.push(format!("{} {verb} for it", by_whom.join(", ")));
    }
    told
}
