//! Judges restarts: who goes down to come up again, when, and how often; and what follows where that is given up.

use std::time::Duration;

use service_core::{Failure, Phase};

use super::follow::At;
use super::moves::rise_fails;
use super::rule;
use super::watch::Watch;
use crate::pump::Next;
use crate::script::Bond;
use crate::stage::ms;

/// It is said of a service that it comes up again, because its task was given up or because it did not come up.
pub(super) fn restarting(
    watch: &mut Watch<'_>,
    service: usize,
    delay: Duration,
    failure: &Failure,
    at: Duration,
) -> Result<(), String> {
    rule!(!watch.has_sunk(at), "{service} is to come up again, and everything goes down");
    let Some(seen) = watch.seen.get(service) else { return Err("nobody knows that service".to_owned()) };
    let Some(history) = &mut watch.histories[service] else { return Err(format!("{service} has no policy")) };
    let ran = seen.ready.filter(|_| seen.is_alive()).map_or(Duration::ZERO, |ready| at - ready);
    let next = history.next(at, ran, true);
    rule!(next == Next::Again(delay), "{service} comes up again after {delay:?}, and its policy says {next:?}");
    if matches!(failure.phase(), Phase::Task(_)) {
        rule!(watch.seen[service].escalates.take() == Some(at), "{service} comes up again for nothing: {failure}");
        watch.seen[service].pause = delay;
        if matches!(watch.seen[service].at, At::Starting | At::Ready) {
            watch.recycle(service, at);
        }
        return Ok(());
    }
    let due = watch.seen[service].began + ms(watch.seen[service].rise.lasts);
    let is_optional = watch.script.parts[service].optional;
    let seen = &mut watch.seen[service];
    rule!(seen.at == At::Starting, "{service} did not come up, and was {:?}", seen.at);
    rule!(seen.given_up.is_none(), "{service} did not come up, and was given up before");
    if seen.lives.is_empty() {
        rule!(is_optional, "{service} is tried again, and the boot fails without it");
        // It fails, which is told next.
        seen.rests_until = Some(at + delay);
        return Ok(());
    }
    rise_fails(seen, false, due, at).map_err(|broken| format!("{service} {broken}: {failure}"))?;
    (seen.at, seen.pause, seen.down_at) = (At::Idle, delay, Some(at));
    watch.starting -= 1;
    Ok(())
}

impl Watch<'_> {
    /// It goes down to come up again, and with it all that hold its instance.
    fn recycle(&mut self, service: usize, at: Duration) {
        let mut moved = vec![false; self.seen.len()];
        moved[service] = true;
        for above in service + 1..self.seen.len() {
            let mut needs = self.script.parts[above].needs.iter();
            moved[above] = self.seen[above].is_alive() && needs.any(|need| moved[need.on] && need.bond != Bond::After);
        }
        for (seen, _) in self.seen.iter_mut().zip(&moved).filter(|(_, moved)| **moved) {
            if seen.at == At::Starting {
                seen.given_up.get_or_insert(at);
            }
            if seen.at == At::Ready && seen.returns.is_none() {
                seen.is_excused = false;
            }
            seen.returns.get_or_insert(at);
        }
    }

    /// It is down: for good, or until it is its turn again.
    pub(super) fn come_back(&mut self, service: usize, at: Duration) {
        let has_sunk = self.has_sunk(at);
        let seen = &mut self.seen[service];
        if seen.returns.take().is_some() && !has_sunk {
            seen.at = At::Idle;
        }
    }

    /// Those that could go down to come up again.
    pub(super) fn free(&self) -> Vec<usize> {
        let is_held = |service: usize| {
            let mut dependants = self.dependants[service].iter();
            dependants.any(|&above| self.seen[above].is_alive() && self.script.holds(above, service))
        };
        let is_free = |&service: &usize| {
            let seen = &self.seen[service];
            seen.at == At::Ready && seen.returns.is_some() && !is_held(service)
        };
        (0..self.seen.len()).filter(is_free).collect()
    }

    /// Whether it has failed, or is blocked, or was until this instant.
    pub(super) fn has_fallen(&self, service: usize, at: Duration) -> bool {
        let seen = &self.seen[service];
        matches!(seen.at, At::Failed | At::Blocked) || seen.revived_at == Some(at)
    }

    /// When something is next tried again.
    pub(super) fn next_revival(&self) -> Option<Duration> {
        let failed = self.seen.iter().filter(|seen| seen.at == At::Failed);
        failed.filter_map(|seen| seen.rests_until).filter(|&until| until > self.now).min()
    }

    /// Tries again what is due, and with it what it had blocked.
    pub(super) fn revive(&mut self) {
        let now = self.now;
        if self.has_sunk(now) {
            return;
        }
        let mut hinders = vec![false; self.seen.len()];
        for service in 0..self.seen.len() {
            let mut needs = self.script.parts[service].needs.iter();
            let is_hindered = needs.any(|need| need.bond == Bond::Requires && hinders[need.on]);
            let seen = &mut self.seen[service];
            let is_due = seen.at == At::Failed && seen.rests_until == Some(now);
            hinders[service] = matches!(seen.at, At::Failed | At::Blocked) && (is_hindered || !is_due);
            if is_due || seen.at == At::Blocked && !is_hindered {
                hinders[service] &= is_hindered;
                // If something else hinders it, it will be told to be blocked.
                (seen.at, seen.rests_until, seen.revived_at) = (At::Idle, None, Some(now));
            }
        }
    }

    /// Whether something fails for good at this instant that is not optional, and had been up or is up.
    pub(super) fn breaks(&mut self, at: Duration) -> bool {
        let mut breaks = self.fatal == Some(at);
        for service in 0..self.seen.len() {
            let escalates = self.seen[service].escalates == Some(at);
            breaks |= escalates && !self.script.parts[service].optional && !self.is_restarted(service, at);
        }
        breaks
    }

    /// Whether its policy has it restarted now that its task was given up.
    fn is_restarted(&self, service: usize, at: Duration) -> bool {
        let seen = &self.seen[service];
        let ran = seen.ready.filter(|_| seen.is_alive()).map_or(Duration::ZERO, |ready| at - ready);
        let next = self.histories[service].clone().map(|mut history| history.next(at, ran, true));
        matches!(next, Some(Next::Again(_)))
    }

    /// Something has come of every task that was given up by now.
    pub(super) fn settle_escalations(&mut self) -> Result<(), String> {
        for service in 0..self.seen.len() {
            let Some(at) = self.seen[service].escalates.filter(|&at| at <= self.now) else { continue };
            let seen = &self.seen[service];
            // On its way down, its task was told to end; whichever came first.
            let told_to_end = match seen.at {
                At::Starting => seen.given_up,
                At::Ready => None,
                At::Draining | At::Stopping => Some(seen.draining_since),
                _ => seen.down_at,
            };
            let sinks = self.sinking.is_some();
            if !sinks && told_to_end.is_none_or(|told| told > at) {
                rule!(!self.is_restarted(service, at), "the task of {service} was given up, and it is not restarted");
                rule!(self.script.parts[service].optional, "the task of {service} was given up, and nothing goes down");
            }
            self.seen[service].escalates = None;
        }
        Ok(())
    }
}
