//! Follows what the hooks themselves did: nothing of a service runs before what it requires is up, or after what it
//! depends on began to go down; each `shutdown` runs once, after the service's tasks and before its cleanups; each
//! deferred cleanup runs once, the latest first.

use super::follow::{At, Seen};
use super::rule;
use crate::script::{Bond, Script};
use crate::trail::{Did, Hook, Step};
use crate::{Boot, Life};

#[derive(Clone, Default)]
struct Player {
    /// Hooks that have begun and not ended.
    running: usize,
    chores: usize,
    made: bool,
    /// How often it was tried in the end.
    attempts: u32,
    shutdowns: usize,
    goes_down: bool,
    /// Cleanups that are owed, the latest last.
    owed: Vec<Hook>,
}

pub(super) fn hooks(script: &Script, life: &Life, seen: &[Seen]) -> Result<(), String> {
    let mut players = vec![Player::default(); script.parts.len()];
    let dependants = script.dependants();
    for step in &life.steps {
        if let Hook::Init(attempt) = step.hook {
            players[step.service].attempts = attempt;
        }
    }
    for (number, step) in life.steps.iter().enumerate() {
        follow(script, &dependants, seen, &mut players, step)
            .map_err(|broken| format!("step {number}, {step:?}: {broken}"))?;
        if let (Boot::Failed(_), Did::Began) = (&life.boot, step.did) {
            rule!(step.at <= life.booted_at, "rule 4: a hook began after boot() had failed: {step:?}");
        }
    }
    for (service, player) in players.iter().enumerate() {
        let shutdowns = usize::from(seen[service].ready.is_some() && script.parts[service].shutdown.is_some());
        rule!(player.shutdowns == shutdowns, "rule 3: shutdown of {service} ran {} times", player.shutdowns);
        rule!(player.running == 0, "{} hooks of {service} are still running", player.running);
        rule!(player.owed.is_empty(), "cleanups of {service} never ran: {:?}", player.owed);
    }
    Ok(())
}

fn follow(
    script: &Script,
    dependants: &[Vec<usize>],
    seen: &[Seen],
    players: &mut [Player],
    step: &Step,
) -> Result<(), String> {
    let service = step.service;
    let is_chore = matches!(step.hook, Hook::Chore(..));
    match step.did {
        Did::Owed => players[service].owed.push(step.hook),
        Did::Began => {
            for need in &script.parts[service].needs {
                let on = &players[need.on];
                let is_there = on.made || need.bond != Bond::Requires;
                rule!(is_there, "rule 2: {} is not there", need.on);
                rule!(!on.goes_down, "rule 3: {} is going down", need.on);
            }
            begins(dependants, seen, players, step)?;
            players[service].running += 1;
            players[service].chores += usize::from(is_chore);
        }
        Did::Ended | Did::Dropped => {
            let player = &mut players[service];
            player.running -= 1;
            player.chores -= usize::from(is_chore);
            player.made |= matches!(step.hook, Hook::Init(_)) && step.did == Did::Ended;
        }
    }
    Ok(())
}

fn begins(dependants: &[Vec<usize>], seen: &[Seen], players: &mut [Player], step: &Step) -> Result<(), String> {
    let service = step.service;
    let player = &mut players[service];
    match step.hook {
        Hook::Init(_) => {
            rule!(player.running == player.chores && player.owed.is_empty(), "the last attempt is not over");
        }
        Hook::Shutdown => {
            player.shutdowns += 1;
            rule!(seen[service].ready.is_some(), "rule 3: it never was ready");
            rule!(player.running == 0, "rule 6: {} of its hooks are still running", player.running);
        }
        Hook::Cleanup(..) => {
            rule!(player.owed.pop() == Some(step.hook), "cleanups run in reverse");
            rule!(player.running == 0, "rule 6: {} of its hooks are still running", player.running);
        }
        _ => {}
    }
    // An attempt that is undone may be followed by another; what was ready goes down for good.
    let is_last = match step.hook {
        Hook::Shutdown => true,
        Hook::Cleanup(attempt, _) => attempt == player.attempts,
        _ => false,
    };
    if is_last && seen[service].at == At::Stopped {
        players[service].goes_down = true;
        for &above in &dependants[service] {
            let running = players[above].running;
            rule!(running == 0, "rule 3: {running} hooks of {above}, which depends on it, are still running");
        }
    }
    Ok(())
}
