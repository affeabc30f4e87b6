//! Follows what the hooks themselves did: nothing of a service runs before what it requires is up, or after what it
//! depends on began to go down; each `shutdown` runs once, after the service's tasks and before its cleanups; each
//! deferred cleanup runs once, the latest first.

use super::follow::Seen;
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
    /// Which attempt of all lives this is.
    attempt: u32,
    shutdowns: usize,
    is_shut_down: bool,
    goes_down: bool,
    /// Cleanups that are owed, the latest last.
    owed: Vec<Hook>,
}

pub(super) fn hooks(script: &Script, life: &Life, seen: &[Seen]) -> Result<(), String> {
    let mut players = vec![Player::default(); script.parts.len()];
    let dependants = script.dependants();
    for (number, step) in life.steps.iter().enumerate() {
        follow(script, &dependants, seen, &mut players, step)
            .map_err(|broken| format!("step {number}, {step:?}: {broken}"))?;
        if let (Boot::Failed(_), Did::Began) = (&life.boot, step.did) {
            rule!(step.at <= life.booted_at, "rule 4: a hook began after boot() had failed: {step:?}");
        }
    }
    for (service, player) in players.iter().enumerate() {
        let shutdowns = if script.parts[service].shutdown.is_some() { seen[service].lives.len() } else { 0 };
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
    let is_chore = matches!(step.hook, Hook::Chore(..) | Hook::Run(..));
    match step.did {
        Did::Owed => players[service].owed.push(step.hook),
        Did::Began => {
            for need in &script.parts[service].needs {
                let on = &players[need.on];
                let is_there = on.made || need.bond != Bond::Requires;
                rule!(is_there, "rule 2: {} is not there", need.on);
                // What is down for good, or down to come up again, keeps only those from coming up that require it.
                let is_past = script.has_restarts() && on.running == 0 && need.bond != Bond::Requires;
                let returns = seen[need.on].returned.contains(&on.attempt) && need.bond == Bond::After;
                rule!(!on.goes_down || is_past || returns, "rule 3: {} is going down", need.on);
            }
            begins(script, dependants, seen, players, step)?;
            players[service].running += 1;
            players[service].chores += usize::from(is_chore);
        }
        Did::Ended | Did::Heeded | Did::Dropped => {
            let player = &mut players[service];
            player.running -= 1;
            player.chores -= usize::from(is_chore);
            player.made |= matches!(step.hook, Hook::Init(_)) && step.did == Did::Ended;
        }
    }
    Ok(())
}

fn begins(
    script: &Script,
    dependants: &[Vec<usize>],
    seen: &[Seen],
    players: &mut [Player],
    step: &Step,
) -> Result<(), String> {
    let service = step.service;
    let player = &mut players[service];
    match step.hook {
        Hook::Init(attempt) => {
            rule!(player.running == player.chores && player.owed.is_empty(), "the last attempt is not over");
            let is_over = player.is_shut_down || script.parts[service].shutdown.is_none();
            let was_ready = seen[service].lives.contains(&player.attempt);
            rule!(is_over || !was_ready, "rule 3: its last life is not over");
            rule!(attempt == player.attempt + 1, "attempt {attempt} follows attempt {}", player.attempt);
            (player.attempt, player.made, player.is_shut_down, player.goes_down) = (attempt, false, false, false);
        }
        Hook::Shutdown => {
            player.shutdowns += 1;
            rule!(seen[service].lives.contains(&player.attempt), "rule 3: it never was ready");
            rule!(!std::mem::replace(&mut player.is_shut_down, true), "rule 3: it was shut down before");
            rule!(player.running == 0, "rule 6: {} of its hooks are still running", player.running);
        }
        Hook::Cleanup(..) => {
            rule!(player.owed.pop() == Some(step.hook), "cleanups run in reverse");
            rule!(player.running == 0, "rule 6: {} of its hooks are still running", player.running);
        }
        _ => {}
    }
    // An attempt that is undone may be followed by another; what was ready goes down.
    let is_last = matches!(step.hook, Hook::Shutdown | Hook::Cleanup(..));
    let attempt = player.attempt;
    if is_last && seen[service].lives.contains(&attempt) {
        player.goes_down = true;
        let returns = seen[service].returned.contains(&attempt);
        for &above in &dependants[service] {
            if returns && !script.holds(above, service) {
                continue;
            }
            let running = players[above].running;
            rule!(running == 0, "rule 3: {running} hooks of {above}, which depends on it, are still running");
        }
    }
    Ok(())
}
