//! Judges how a service moves: when it starts, fails, is undone and goes down.

use std::time::Duration;

use service_core::Failure;

use super::follow::{At, Seen};
use super::rule;
use super::watch::Watch;
use crate::forecast::{Fall, Lost, Verdict};
use crate::pump::Next;
use crate::script::Bond;
use crate::stage::ms;

pub(super) fn starting(watch: &mut Watch<'_>, service: usize, at: Duration) -> Result<(), String> {
    rule!(watch.booting.is_some() && watch.eager[service], "{service} starts, and nobody wants it");
    rule!(!watch.has_sunk(at), "{service} starts on the way down");
    for need in &watch.script.parts[service].needs {
        let on = &watch.seen[need.on];
        let holds = match need.bond {
            Bond::Requires => on.is_up(),
            // What is not being booted holds nobody up; nor does what has failed and is about to be tried again.
            Bond::Wants | Bond::After => !watch.eager[need.on] || on.is_settled() || on.revived_at == Some(at),
        };
        rule!(holds, "rule 2: {service} starts while {} is {:?}", need.on, on.at);
    }
    if !watch.has_lazy {
        let height = watch.heights[service];
        let mut clear = watch.clear().into_iter().filter(|&other| watch.seen[other].revived_at != Some(at));
        let better = clear.find(|&other| watch.heights[other] > height);
        rule!(better.is_none(), "rule 2: {service} starts before {better:?}, above which the way is longer");
    }
    watch.starting += 1;
    rule!(watch.starting <= watch.cap, "{} start at once, and {} may", watch.starting, watch.cap);
    let began = at + watch.seen[service].pause;
    // An attempt that was given up before it began is none.
    let before = watch.inits[service].iter().filter(|&&init| init < began).count() as u32;
    let loss = watch.losses[service].get(&(before + 1)).copied();
    let lost = loss.map(|loss| Lost { at: loss.at.saturating_sub(began).as_millis() as u64, for_good: loss.for_good });
    let rise = watch.script.parts[service].rise(before, lost);
    let seen = watch.go(service, At::Idle, At::Starting, at)?;
    let Seen { down_at, outcome, expected, lives, returned, is_excused, .. } = std::mem::replace(seen, Seen::of(rise));
    let escalates = loss.filter(|loss| loss.escalates).map(|loss| loss.at);
    (seen.at, seen.began, seen.escalates) = (At::Starting, began, escalates);
    (seen.down_at, seen.outcome, seen.expected) = (down_at, outcome, expected);
    seen.has_past = seen.outcome.is_some();
    (seen.lives, seen.returned, seen.is_excused) = (lives, returned, is_excused);
    Ok(())
}

pub(super) fn failed(watch: &mut Watch<'_>, service: usize, failure: &Failure, at: Duration) -> Result<(), String> {
    let is_optional = watch.script.parts[service].optional;
    let sinking = watch.sinking.is_some();
    let seen = &watch.seen[service];
    let may_sink = watch.sinking.is_some_and(|it| at >= it.since);
    rule!(seen.returns.is_none() || may_sink, "{service} failed as it was given up anyway");
    if seen.rests_until.is_none() && !may_sink && (is_optional || !seen.lives.is_empty()) {
        let next = watch.histories[service].as_mut().map(|history| history.next(at, Duration::ZERO, true));
        rule!(!matches!(next, Some(Next::Again(_))), "{service} failed, and is not tried again: {failure}");
    }
    let due = watch.seen[service].began + ms(watch.seen[service].rise.lasts);
    let limited = watch.is_cut_short(due);
    let seen = watch.go(service, At::Starting, At::Failed, at)?;
    seen.failure = Some(failure.clone());
    seen.is_excused = true;
    rise_fails(seen, limited, due, at).map_err(|broken| format!("{service} {broken}: {failure}"))?;
    watch.starting -= 1;
    if !sinking && !is_optional {
        watch.fatal = Some(at);
    }
    Ok(())
}

/// It failed as it should, and when it should.
pub(super) fn rise_fails(seen: &mut Seen, limited: bool, due: Duration, at: Duration) -> Result<(), String> {
    if seen.rise.unsure || limited {
        seen.expected = None;
    }
    if seen.rise.unsure {
        return Ok(());
    }
    // If that was without a mishap, how it went down in its last life still stands.
    if !limited && (seen.rise.undone != Verdict::Clean || !seen.has_past) {
        seen.expected = Some(seen.rise.undone);
    }
    rule!(seen.rise.fails.is_some(), "failed and should not have");
    rule!(at == due || limited && at < due, "failed at {at:?} instead of {due:?}");
    Ok(())
}

/// Its start was given up, and what it had begun is undone.
pub(super) fn undone(watch: &mut Watch<'_>, service: usize, at: Duration) -> Result<(), String> {
    let part = &watch.script.parts[service];
    let Some(seen) = watch.seen.get(service) else { return Err("nobody knows that service".to_owned()) };
    let Some(given_up) = seen.given_up.into_iter().chain(watch.sinking.map(|it| it.since)).min() else {
        return Err(format!("{service} was undone, and nobody asked for that"));
    };
    let (began, unsure) = (seen.began, seen.rise.unsure);
    let answers = match given_up.checked_sub(began) {
        Some(lasted) => seen.rise.aborted(part, lasted.as_millis() as u64),
        // In the pause before its start.
        None => Vec::new(),
    };
    let ends = |answer: &Option<(u64, Fall)>| answer.map(|(from, fall)| (began + ms(from + fall.lasts()), fall));
    let mut due: Vec<_> = answers.iter().filter_map(ends).collect();
    let nothing = |verdict| Fall { drain: 0, own: 0, verdict, unsure: false };
    if given_up < began {
        due.push((given_up, nothing(Verdict::Clean)));
    }
    if seen.given_up.is_some() && answers.iter().any(Option::is_none) {
        // It was failing by itself, which is no failure of what is to come up again.
        due.push((began + ms(seen.rise.lasts), nothing(seen.rise.undone)));
    }
    let limited = due.iter().any(|(_, fall)| watch.is_limited(service, *fall));
    let right = due.iter().find(|(end, fall)| *end == at || fall.unsure || limited && *end >= at);
    // It was undoing its last attempt; with less time for that, there was time for another one.
    let fails = began + ms(seen.rise.lasts);
    let another = answers.iter().any(Option::is_none) && watch.is_cut_short(fails) && at <= fails;
    rule!(right.is_some() || another || unsure, "{service} was undone at {at:?} and not at any of {due:?}");
    let only = due.first().filter(|(_, fall)| due.len() == 1 && !limited && !fall.unsure);
    let expected = only.map(|(_, fall)| fall.verdict);
    let seen = watch.go(service, At::Starting, At::Undone, at)?;
    seen.expected = expected.filter(|_| !unsure);
    watch.starting -= 1;
    watch.come_back(service, at);
    Ok(())
}

pub(super) fn draining(watch: &mut Watch<'_>, service: usize, at: Duration) -> Result<(), String> {
    let seen = &watch.seen[service];
    let latest = |since: Duration, above: &[usize]| {
        let down = above.iter().filter_map(|&above| watch.seen[above].down_at);
        down.fold(since, Duration::max)
    };
    let dependants = &watch.dependants[service];
    let holders: Vec<_> = dependants.iter().copied().filter(|&above| watch.script.holds(above, service)).collect();
    let alone = seen.returns.map(|since| latest(since, &holders));
    let all = watch.sinking.map(|sinking| latest(sinking.since, dependants));
    let since = watch.sinking.map_or(Duration::MAX, |sinking| sinking.since);
    // To come up again it goes down under what only comes after it; for good it does not.
    let returns = alone == Some(at) && at <= since;
    let goes = all == Some(at) && alone.is_none_or(|alone| alone >= since);
    rule!(returns || goes, "rule 3: {service} goes down at {at:?}; alone it could at {alone:?}, with all at {all:?}");
    for &above in dependants {
        let above_it = &watch.seen[above];
        let under = returns && !holders.contains(&above);
        rule!(!above_it.is_alive() || under, "rule 3: {service} goes down while {above} is {:?}", above_it.at);
    }
    let seen = watch.go(service, At::Ready, At::Draining, at)?;
    seen.draining_since = at;
    if returns {
        seen.returned.push(seen.rise.last);
    }
    Ok(())
}
