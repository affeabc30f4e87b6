//! Follows the events of a life one by one: who may come up, become ready and go down, and at which instant exactly.

use std::time::Duration;

use service_core::{Event, EventKind, Failure, Outcome};

use super::rule;
use super::watch::{Sinking, Watch};
use crate::forecast::{Fall, Rise, Verdict};
use crate::script::{Bond, Script};
use crate::stage::ms;
use crate::{Boot, Life};

/// Where a service was last seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    Idle,
    Starting,
    Ready,
    Failed,
    Blocked,
    Draining,
    Stopping,
    Stopped,
    Undone,
}

/// What was seen of one service.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub at: At,
    /// Since when it is there.
    pub since: Duration,
    pub began: Duration,
    pub ready: Option<Duration>,
    pub failure: Option<Failure>,
    pub outcome: Option<Outcome>,
    /// How going down should end, where nothing else can be said but that.
    pub expected: Option<Verdict>,
    pub rise: Rise,
}

impl Seen {
    /// Something of it is alive, so what it depends on must be.
    pub(super) fn is_alive(&self) -> bool {
        matches!(self.at, At::Starting | At::Ready | At::Draining | At::Stopping)
    }

    /// It holds nobody up.
    pub(super) fn is_settled(&self) -> bool {
        !matches!(self.at, At::Idle | At::Starting)
    }
}

/// Follows a life from its first event to its last.
pub(super) fn follow(script: &Script, life: &Life) -> Result<Vec<Seen>, String> {
    let mut watch = Watch::new(script);
    for event in &life.events {
        if let EventKind::Failed { service, .. } = &event.kind
            && let Some(failing) = watch.failing.get_mut(Script::number(service))
        {
            *failing = true;
        }
    }
    for (number, event) in life.events.iter().enumerate() {
        rule!(event.number == number as u64, "event {number} is missing");
        rule!(!watch.is_over, "{:?} was told after the end", event.kind);
        watch.move_on(event.at)?;
        step(&mut watch, event).map_err(|broken| format!("event {number}, at {:?}: {broken}", event.at))?;
    }
    if life.events.is_empty() {
        rule!(matches!(life.boot, Boot::Dropped), "nothing was told");
        return Ok(watch.seen);
    }
    rule!(watch.is_over, "the end was not told");
    for (service, seen) in watch.seen.iter().enumerate() {
        rule!(!seen.is_alive(), "{service} is {:?} at the end", seen.at);
    }
    Ok(watch.seen)
}

fn step(watch: &mut Watch<'_>, event: &Event) -> Result<(), String> {
    let at = event.at;
    let service = event.kind.service().map_or(usize::MAX, Script::number);
    match &event.kind {
        EventKind::Booting { services } => {
            let eager = watch.eager.iter().filter(|eager| **eager).count();
            rule!(*services == eager, "{services} services are to come up, not {eager}");
            watch.booting = Some(at);
        }
        EventKind::Starting { .. } => starting(watch, service, at)?,
        EventKind::Ready { elapsed, .. } => {
            rule!(watch.sinking.is_none(), "rule 4: {service} became ready on the way down");
            let seen = watch.go(service, At::Starting, At::Ready, at)?;
            seen.ready = Some(at);
            let took = at - seen.began;
            rule!(took == *elapsed, "{service} took {took:?} and says {elapsed:?}");
            if !seen.rise.unsure {
                rule!(seen.rise.fails.is_none(), "{service} is ready and should have failed: {:?}", seen.rise.fails);
                rule!(took == ms(seen.rise.lasts), "{service} took {took:?} instead of {:?}", ms(seen.rise.lasts));
            }
            watch.starting -= 1;
        }
        EventKind::Failed { failure, .. } => {
            let sinking = watch.sinking.is_some();
            let due = watch.seen[service].began + ms(watch.seen[service].rise.lasts);
            let limited = watch.is_cut_short(due);
            let seen = watch.go(service, At::Starting, At::Failed, at)?;
            seen.failure = Some(failure.clone());
            if !seen.rise.unsure {
                seen.expected = Some(seen.rise.undone).filter(|_| !limited);
                rule!(seen.rise.fails.is_some(), "{service} failed and should not have: {failure}");
                rule!(at == due || limited && at < due, "{service} failed at {at:?} instead of {due:?}");
            }
            watch.starting -= 1;
            if !sinking && !watch.script.parts[service].optional {
                watch.fatal = Some(at);
            }
        }
        EventKind::Blocked { by, .. } => {
            let by = Script::number(by);
            let needs = &watch.script.parts[service].needs;
            let blocks = |on: usize| matches!(watch.seen[on].at, At::Failed | At::Blocked);
            let holds = needs.iter().any(|need| need.bond == Bond::Requires && blocks(need.on));
            rule!(holds, "{service} is blocked, and nothing that it requires has failed");
            rule!(watch.seen[by].at == At::Failed, "{service} is blocked by {by}, which has not failed");
            watch.go(service, At::Idle, At::Blocked, at)?;
            if !watch.script.parts[service].optional {
                watch.fatal = Some(at);
            }
        }
        EventKind::Undone { outcome, .. } => {
            rule!(watch.seen.get(service).is_some_and(|it| it.outcome.is_none()), "{service} was undone twice");
            watch.seen[service].outcome = Some(outcome.clone());
            if watch.failing[service] {
                rule!(!outcome.is_clean(), "{service} failed, and was undone without a mishap: that is not told");
            } else {
                undone(watch, service, at)?;
            }
        }
        EventKind::Booted { elapsed } => {
            let begun = watch.booting.unwrap_or_default();
            rule!(*elapsed == at - begun, "the boot took {:?} and says {elapsed:?}", at - begun);
            rule!(watch.sinking.is_none() && watch.fatal.is_none(), "a failed boot was told to have succeeded");
            rule!(watch.all_settled(), "the boot ended while something was coming up");
            watch.booted = Some(at);
        }
        EventKind::RollingBack => {
            let out_of_time = watch.script.terms.boot.map(ms) == watch.booting.map(|begun| at - begun);
            rule!(watch.fatal == Some(at) || out_of_time, "the boot is rolled back for nothing");
            rule!(watch.booted.is_none(), "a boot that succeeded is rolled back");
            watch.sink(Sinking { since: at, total: ms(watch.script.terms.rollback) })?;
        }
        EventKind::ShuttingDown { .. } => {
            let terms = &watch.script.terms;
            let sinking = match watch.booted {
                None => Sinking { since: at, total: ms(terms.rollback) },
                Some(_) => Sinking { since: at + ms(terms.lame_duck), total: ms(terms.shutdown) },
            };
            watch.sink(sinking)?;
        }
        EventKind::Draining { .. } => draining(watch, service, at)?,
        EventKind::Stopping { .. } => {
            let fall = watch.fall(service);
            let limited = watch.is_limited(service, fall);
            let draining_since = watch.draining_since[service];
            watch.go(service, At::Draining, At::Stopping, at)?;
            let took = at - draining_since;
            let due = ms(fall.drain);
            rule!(took == due || limited && took <= due, "{service} drained for {took:?} instead of {due:?}");
        }
        EventKind::Stopped { outcome, elapsed, .. } => {
            let fall = watch.fall(service);
            let limited = watch.is_limited(service, fall);
            let took = at - watch.draining_since[service];
            rule!(took == *elapsed, "{service} took {took:?} to go down and says {elapsed:?}");
            let due = ms(fall.lasts());
            let exact = !limited && !fall.unsure;
            rule!(!exact || took == due, "{service} took {took:?} instead of {due:?} to go down");
            let seen = watch.go(service, At::Stopping, At::Stopped, at)?;
            seen.outcome = Some(outcome.clone());
            seen.expected = exact.then_some(fall.verdict);
        }
        EventKind::ShutDown { elapsed } => {
            let Some(sinking) = watch.sinking else { return Err("it is down, and never went down".to_owned()) };
            rule!(at - sinking.since == *elapsed, "it took {:?} and says {elapsed:?}", at - sinking.since);
            let longest = sinking.total + watch.slack();
            rule!(*elapsed <= longest, "rule 5: going down took {elapsed:?}, and the budget is {:?}", sinking.total);
            rule!(watch.went_down_at() == at, "the end was told at {at:?}, and it was at {:?}", watch.went_down_at());
            watch.is_over = true;
        }
        _ => {}
    }
    Ok(())
}

fn starting(watch: &mut Watch<'_>, service: usize, at: Duration) -> Result<(), String> {
    rule!(watch.booting.is_some() && watch.eager[service], "{service} starts, and nobody wants it");
    rule!(watch.sinking.is_none(), "{service} starts on the way down");
    for need in &watch.script.parts[service].needs {
        let on = &watch.seen[need.on];
        let holds = match need.bond {
            Bond::Requires => on.at == At::Ready,
            // What is not being booted holds nobody up.
            Bond::Wants | Bond::After => !watch.eager[need.on] || on.is_settled(),
        };
        rule!(holds, "rule 2: {service} starts while {} is {:?}", need.on, on.at);
    }
    if !watch.has_lazy {
        let height = watch.heights[service];
        let better = watch.clear().into_iter().find(|&other| watch.heights[other] > height);
        rule!(better.is_none(), "rule 2: {service} starts before {better:?}, above which the way is longer");
    }
    watch.starting += 1;
    rule!(watch.starting <= watch.cap, "{} start at once, and {} may", watch.starting, watch.cap);
    watch.go(service, At::Idle, At::Starting, at)?.began = at;
    Ok(())
}

fn undone(watch: &mut Watch<'_>, service: usize, at: Duration) -> Result<(), String> {
    let Some(sinking) = watch.sinking else { return Err(format!("{service} was undone, and nobody asked for that")) };
    let part = &watch.script.parts[service];
    let seen = &watch.seen[service];
    let lasted = (sinking.since - seen.began).as_millis() as u64;
    let (began, unsure) = (seen.began, seen.rise.unsure);
    let answers = seen.rise.aborted(part, lasted);
    let ends = |answer: &Option<(u64, Fall)>| answer.map(|(from, fall)| (began + ms(from + fall.lasts()), fall));
    let due: Vec<_> = answers.iter().filter_map(ends).collect();
    let limited = due.iter().any(|(_, fall)| watch.is_limited(service, *fall));
    let right = due.iter().find(|(end, fall)| *end == at || fall.unsure || limited && *end >= at);
    // It was undoing its last attempt; with less time for that, there was time for another one.
    let fails = began + ms(seen.rise.lasts);
    let another = answers.iter().any(Option::is_none) && watch.is_cut_short(fails) && at <= fails;
    rule!(right.is_some() || another || unsure, "{service} was undone at {at:?} and not at any of {due:?}");
    let expected = if limited || due.len() > 1 { None } else { due.first().map(|(_, fall)| fall.verdict) };
    let seen = watch.go(service, At::Starting, At::Undone, at)?;
    seen.expected = expected;
    watch.starting -= 1;
    Ok(())
}

fn draining(watch: &mut Watch<'_>, service: usize, at: Duration) -> Result<(), String> {
    let Some(sinking) = watch.sinking else { return Err(format!("{service} goes down, and nobody asked for that")) };
    let mut due = sinking.since;
    for &above in &watch.dependants[service] {
        let above_it = &watch.seen[above];
        rule!(!above_it.is_alive(), "rule 3: {service} goes down while {above} is {:?}", above_it.at);
        if matches!(above_it.at, At::Stopped | At::Undone | At::Failed) {
            due = due.max(above_it.since);
        }
    }
    rule!(at == due, "rule 3: {service} goes down at {at:?}, and could at {due:?}");
    watch.draining_since[service] = at;
    watch.go(service, At::Ready, At::Draining, at)?;
    Ok(())
}
