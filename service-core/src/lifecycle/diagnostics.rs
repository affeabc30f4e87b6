//! Puts together what a boot's error and report say about the services of a registry.

use crate::base::{State, lasted};
use crate::gate::since;
use crate::machine::Unready;
use crate::shared::{Shared, wait};

/// How many names one clause lists, so that a message fits on a screen.
const LISTED: usize = 10;

/// What keeps a service from being ready, as the rest of a sentence about it. `hook` describes its running hook.
pub(crate) fn describe(shared: &Shared, service: usize, unready: &Unready, hook: Option<String>) -> String {
    let slot = &shared.slots[service];
    let names = |services: &[usize]| some_names(services.iter().map(|&service| &*shared.slots[service].name));
    match unready {
        Unready::WaitsFor(services) => format!("waits for {}", names(services)),
        Unready::WaitsForPlace => {
            format!(
                "waits until fewer than {} services start at once, the limit of `concurrency`",
                shared.options.concurrency
            )
        }
        Unready::Unwinds => "unwinds a failed attempt to start".to_owned(),
        Unready::Restarts(holders) if holders.is_empty() => "is being stopped for a restart".to_owned(),
        Unready::Restarts(holders) => format!("is restarting, and waits for the end of {}", names(holders)),
        Unready::Starts(attempt) => {
            let times = slot.times();
            let said = times.progress.as_ref().map(|words| format!(", it last said: {words}")).unwrap_or_default();
            let begun = times.began;
            drop(times);
            let again = if *attempt > 1 { format!(", attempt {attempt}") } else { String::new() };
            let hook = hook.map(|hook| format!(", {hook}")).unwrap_or_default();
            let waits: String = wait::describe(slot).into_iter().map(|it| format!(", {it}")).collect();
            format!("has been starting for {:?} ({}){again}{hook}{said}{waits}", lasted(since(begun)), slot.location)
        }
    }
}

/// The first of these names, and how many more there are.
fn some_names<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    let all = names.len();
    let listed: Vec<_> = names.take(LISTED).collect();
    match all - listed.len() {
        0 => listed.join(", "),
        more => format!("{} and {more} more", listed.join(", ")),
    }
}

/// Which services a starting service waits for beyond the declared ones, and which services wait for it.
pub(crate) fn waits(shared: &Shared, service: usize) -> Vec<String> {
    let mut waits = wait::describe(&shared.slots[service]);
    let dependants = shared.plan.services()[service].dependants.iter();
    let by_whom = dependants.filter(|&&dependant| shared.slots[dependant].state() == State::Waiting);
    let by_whom: Vec<_> = by_whom.map(|&dependant| &*shared.slots[dependant].name).collect();
    if !by_whom.is_empty() {
        let verb = if by_whom.len() == 1 { "waits" } else { "wait" };
        waits.push(format!("{} {verb} for it", some_names(by_whom.into_iter())));
    }
    waits
}
