//! Follows the events of a life one by one: who may come up, become ready and go down, and at which instant exactly.

use std::time::Duration;

use service_core::{Event, EventKind, Failure, Phase, ShutdownReason, StopOutcome};

use super::moves::{draining, failed, starting, undone};
use super::pumps::Losses;
use super::restarts::restarting;
use super::rule;
use super::watch::{Sinking, Watch};
use crate::forecast::{Rise, Verdict};
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
    /// Since when it is starting, in its latest life; the pause before that not counted.
    pub began: Duration,
    /// Since when that life is ready.
    pub ready: Option<Duration>,
    pub draining_since: Duration,
    /// When it was last down.
    pub down_at: Option<Duration>,
    pub failure: Option<Failure>,
    /// How it last went down.
    pub outcome: Option<StopOutcome>,
    /// That was in an earlier life than this one.
    pub has_past: bool,
    /// How that should have ended, where nothing else can be said but that.
    pub expected: Option<Verdict>,
    pub rise: Rise,
    /// The attempts that came up.
    pub lives: Vec<u32>,
    /// Those of them that went down only to come up again.
    pub returned: Vec<u32>,
    /// It goes down to come up again, since then.
    pub returns: Option<Duration>,
    /// When its start was given up.
    pub given_up: Option<Duration>,
    /// The pause before its next start.
    pub pause: Duration,
    /// When its supervised task was given up, as long as nothing has come of that.
    pub escalates: Option<Duration>,
    /// It failed, and is tried again then.
    pub rests_until: Option<Duration>,
    /// When it was last tried again, or no longer blocked.
    pub revived_at: Option<Duration>,
    /// The boot does not wait for it: it has failed once.
    pub is_excused: bool,
    /// Whether it has failed can't be said.
    pub is_unclear: bool,
}

/// What was seen of a whole life.
pub(super) struct Followed {
    pub seen: Vec<Seen>,
    /// As it was when the boot had gone well; without those to which something happened at the same instant.
    pub at_boot: Vec<Option<Seen>>,
    /// A service failed for good after it had been up, or its task did.
    pub is_broken: bool,
}

impl Seen {
    /// Nothing yet, of what will come up so.
    pub(super) fn of(rise: Rise) -> Self {
        Self {
            at: At::Idle,
            began: Duration::ZERO,
            ready: None,
            draining_since: Duration::ZERO,
            down_at: None,
            failure: None,
            outcome: None,
            has_past: false,
            expected: None,
            rise,
            lives: Vec::new(),
            returned: Vec::new(),
            returns: None,
            given_up: None,
            pause: Duration::ZERO,
            escalates: None,
            rests_until: None,
            revived_at: None,
            is_excused: false,
            is_unclear: false,
        }
    }

    /// Something of it is alive, so what it depends on must be.
    pub(super) fn is_alive(&self) -> bool {
        matches!(self.at, At::Starting | At::Ready | At::Draining | At::Stopping)
    }

    /// It is up, and stays so.
    pub(super) fn is_up(&self) -> bool {
        self.at == At::Ready && self.returns.is_none()
    }

    /// It holds nobody up.
    pub(super) fn is_settled(&self) -> bool {
        self.is_up() || matches!(self.at, At::Failed | At::Blocked)
    }
}

/// Follows a life from its first event to its last.
pub(super) fn follow(script: &Script, life: &Life, losses: Vec<Losses>) -> Result<Followed, String> {
    let mut watch = Watch::new(script, life, losses);
    let mut at_boot = vec![None; script.parts.len()];
    for (number, event) in life.events.iter().enumerate() {
        rule!(event.number == number as u64, "event {number} is missing");
        rule!(!watch.is_over, "{:?} was told after the end", event.kind);
        watch.move_on(event.at)?;
        let next = life.events.get(number + 1);
        step(&mut watch, event, next).map_err(|broken| format!("event {number}, at {:?}: {broken}", event.at))?;
        match event.kind.service().map(Script::number) {
            Some(service) if watch.booted == Some(event.at) => at_boot[service] = None,
            None if matches!(event.kind, EventKind::Booted { .. }) => {
                at_boot = watch.seen.iter().cloned().map(Some).collect();
            }
            _ => {}
        }
    }
    if life.events.is_empty() {
        rule!(matches!(life.boot, Boot::Dropped), "nothing was told");
        return Ok(Followed { seen: watch.seen, at_boot, is_broken: false });
    }
    rule!(watch.is_over, "the end was not told");
    for (service, seen) in watch.seen.iter().enumerate() {
        rule!(!seen.is_alive(), "{service} is {:?} at the end", seen.at);
    }
    Ok(Followed { seen: watch.seen, at_boot, is_broken: watch.is_broken })
}

fn step(watch: &mut Watch<'_>, event: &Event, next: Option<&Event>) -> Result<(), String> {
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
            rule!(!watch.has_sunk(at), "rule 4: {service} became ready on the way down");
            let seen = watch.go(service, At::Starting, At::Ready, at)?;
            rule!(seen.given_up.is_none(), "{service} is ready, and was to be replaced at {:?}", seen.given_up);
            rule!(seen.began <= at, "{service} is ready in the pause before its start");
            seen.ready = Some(at);
            seen.lives.push(seen.rise.last);
            let took = at - seen.began;
            rule!(took == *elapsed, "{service} took {took:?} and says {elapsed:?}");
            if !seen.rise.unsure {
                rule!(seen.rise.fails.is_none(), "{service} is ready and should have failed: {:?}", seen.rise.fails);
                rule!(took == ms(seen.rise.lasts), "{service} took {took:?} instead of {:?}", ms(seen.rise.lasts));
            }
            watch.starting -= 1;
        }
        EventKind::Failed { failure, .. } => failed(watch, service, failure, at)?,
        EventKind::Restarting { delay, failure, .. } => restarting(watch, service, *delay, failure, at)?,
        EventKind::Blocked { by, .. } => {
            let by = Script::number(by);
            let needs = &watch.script.parts[service].needs;
            let blocks = |on: usize| watch.has_fallen(on, at);
            let holds = needs.iter().any(|need| need.bond == Bond::Requires && blocks(need.on));
            rule!(holds, "{service} is blocked, and nothing that it requires has failed");
            rule!(watch.has_fallen(by, at), "{service} is blocked by {by}, which has not failed");
            watch.go(service, At::Idle, At::Blocked, at)?.is_excused = true;
            if !watch.script.parts[service].optional {
                watch.fatal = Some(at);
            }
        }
        EventKind::Undone { outcome, .. } => {
            let by_itself = next.is_some_and(|next| match &next.kind {
                EventKind::Failed { .. } => next.kind.service() == event.kind.service(),
                EventKind::Restarting { failure, .. } => {
                    next.kind.service() == event.kind.service() && !matches!(failure.phase(), Phase::Task(_))
                }
                _ => false,
            });
            if by_itself {
                rule!(!outcome.is_clean(), "{service} failed, and was undone without a mishap: that is not told");
                rule!(watch.seen[service].at == At::Starting, "{service} was undone twice");
                watch.seen[service].outcome = Some(outcome.clone());
            } else {
                undone(watch, service, at)?;
                watch.seen[service].outcome = Some(outcome.clone());
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
        EventKind::ShuttingDown { reason } => {
            if let ShutdownReason::Failed(_) = reason {
                rule!(watch.breaks(at), "it goes down because of a failure that was none, or not of that kind");
                watch.is_broken = true;
            }
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
            let draining_since = watch.seen[service].draining_since;
            watch.go(service, At::Draining, At::Stopping, at)?;
            let took = at - draining_since;
            let due = ms(fall.drain);
            rule!(took == due || limited && took <= due, "{service} drained for {took:?} instead of {due:?}");
        }
        EventKind::Stopped { outcome, elapsed, .. } => {
            let fall = watch.fall(service);
            let limited = watch.is_limited(service, fall);
            let took = at - watch.seen[service].draining_since;
            rule!(took == *elapsed, "{service} took {took:?} to go down and says {elapsed:?}");
            let due = ms(fall.lasts());
            let exact = !limited && !fall.unsure;
            rule!(!exact || took == due, "{service} took {took:?} instead of {due:?} to go down");
            let seen = watch.go(service, At::Stopping, At::Stopped, at)?;
            seen.outcome = Some(outcome.clone());
            seen.expected = exact.then_some(fall.verdict);
            watch.come_back(service, at);
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
