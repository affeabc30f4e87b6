//! Puts together what a boot's error and report say about the services of a registry.

use crate::base::{State, lasted};
use crate::gate::since;
use crate::report::UnreadyService;
use crate::shared::{Shared, wait};

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

/// Which services a starting service waits for beyond the declared ones, and which services wait for it.
pub(crate) fn waits(shared: &Shared, service: usize) -> Vec<String> {
    let mut waits = wait::describe(&shared.slots[service]);
    let dependants = shared.plan.services()[service].dependants.iter();
    let by_whom = dependants.filter(|&&dependant| shared.slots[dependant].state() == State::Waiting);
    let by_whom: Vec<_> = by_whom.map(|&dependant| &*shared.slots[dependant].name).collect();
    if !by_whom.is_empty() {
        let verb = if by_whom.len() == 1 { "waits" } else { "wait" };
        waits.push(format!("{} {verb} for it", by_whom.join(", ")));
    }
    waits
}
