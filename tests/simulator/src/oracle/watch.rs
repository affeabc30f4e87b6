//! [`Watch`]: what the oracle knows of a life so far, and what must hold whenever an instant is over.

use std::time::Duration;

use super::follow::{At, Seen};
use super::pumps::Losses;
use super::rule;
use crate::forecast::{Fall, Verdict};
use crate::pump::History;
use crate::script::Bond;
use crate::stage::ms;
use crate::trail::{Did, Hook};
use crate::{Life, Script};

/// The least that a service is promised of a budget that is used up.
const LEAST: Duration = Duration::from_millis(100);

/// Everything is going down.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sinking {
    pub since: Duration,
    pub total: Duration,
}

/// What the oracle knows of a life so far.
pub(super) struct Watch<'a> {
    pub script: &'a Script,
    pub seen: Vec<Seen>,
    pub eager: Vec<bool>,
    pub has_lazy: bool,
    pub dependants: Vec<Vec<usize>>,
    /// The longest way, in edges, from something on which nobody depends down to each service.
    pub heights: Vec<usize>,
    pub losses: Vec<Losses>,
    /// When each attempt of each service began.
    pub inits: Vec<Vec<Duration>>,
    /// What the policy of each service has said.
    pub histories: Vec<Option<History>>,
    pub starting: usize,
    pub cap: usize,
    pub now: Duration,
    pub booting: Option<Duration>,
    pub booted: Option<Duration>,
    /// When something failed that must not.
    pub fatal: Option<Duration>,
    pub sinking: Option<Sinking>,
    pub is_broken: bool,
    pub is_over: bool,
}

impl<'a> Watch<'a> {
    pub(super) fn new(script: &'a Script, life: &Life, losses: Vec<Losses>) -> Self {
        let dependants = script.dependants();
        let mut heights = vec![0; dependants.len()];
        for service in (0..dependants.len()).rev() {
            heights[service] = dependants[service].iter().map(|&above| heights[above] + 1).max().unwrap_or(0);
        }
        let mut inits = vec![Vec::new(); dependants.len()];
        for step in life.steps.iter().filter(|step| matches!((step.hook, step.did), (Hook::Init(_), Did::Began))) {
            inits[step.service].push(step.at);
        }
        Self {
            script,
            seen: script.parts.iter().map(|part| Seen::of(part.rise(0, None))).collect(),
            eager: script.eager(),
            has_lazy: script.parts.iter().any(|part| part.lazy),
            losses,
            inits,
            histories: script.parts.iter().map(|part| part.restart.map(History::new)).collect(),
            dependants,
            heights,
            starting: 0,
            cap: script.terms.concurrency.unwrap_or(usize::MAX),
            now: Duration::ZERO,
            booting: None,
            booted: None,
            fatal: None,
            sinking: None,
            is_broken: false,
            is_over: false,
        }
    }

    /// A service goes from one place to the next.
    pub(super) fn go(&mut self, service: usize, from: At, to: At, at: Duration) -> Result<&mut Seen, String> {
        let Some(seen) = self.seen.get_mut(service) else { return Err("nobody knows that service".to_owned()) };
        rule!(seen.at == from, "{service} became {to:?} from {:?}", seen.at);
        seen.at = to;
        if matches!(to, At::Failed | At::Stopped | At::Undone) {
            seen.down_at = Some(at);
        }
        Ok(seen)
    }

    /// The clock moves on: what could have happened by now has.
    pub(super) fn move_on(&mut self, to: Duration) -> Result<(), String> {
        rule!(to >= self.now, "the clock goes back from {:?} to {to:?}", self.now);
        while self.now < to {
            self.look_back()?;
            let next = self.next_revival().unwrap_or(to).min(to);
            if let (None, Some(begun), None) = (self.sinking, self.booting, self.booted) {
                let out_of_time = self.script.terms.boot.is_some_and(|time| next > begun + ms(time));
                rule!(!out_of_time, "the boot's budget was used up before {next:?}, and nothing is rolled back");
            }
            self.now = next;
            self.revive();
        }
        Ok(())
    }

    /// What could have happened at this instant has, now that it is over.
    fn look_back(&mut self) -> Result<(), String> {
        let now = self.now;
        self.settle_escalations()?;
        if self.booting.is_none() || self.sinking.is_some() {
            return Ok(());
        }
        rule!(self.fatal.is_none(), "{:?} was fatal, and nothing goes down at {now:?}", self.fatal);
        rule!(self.booted.is_some() || !self.all_settled(), "everything was up at {now:?}, and the boot did not end");
        if self.starting < self.cap {
            let late = self.clear();
            rule!(late.is_empty(), "rule 2: {late:?} could start at {now:?} and did not");
        }
        let late = self.free();
        rule!(late.is_empty(), "{late:?} could go down at {now:?} to come up again, and did not");
        Ok(())
    }

    /// Everybody who could start and has not.
    pub(super) fn clear(&self) -> Vec<usize> {
        let is_met = |on: usize, bond: Bond| match bond {
            Bond::Requires => self.seen[on].is_up(),
            Bond::Wants | Bond::After => !self.eager[on] || self.seen[on].is_settled(),
        };
        let is_clear = |service: &usize| {
            let needs = &self.script.parts[*service].needs;
            self.eager[*service]
                && self.seen[*service].at == At::Idle
                && needs.iter().all(|need| is_met(need.on, need.bond))
        };
        (0..self.seen.len()).filter(is_clear).collect()
    }

    /// Everything that was to come up has, or can't.
    pub(super) fn all_settled(&self) -> bool {
        (0..self.seen.len())
            .all(|service| !self.eager[service] || self.seen[service].is_excused || self.seen[service].is_settled())
    }

    pub(super) fn sink(&mut self, sinking: Sinking) -> Result<(), String> {
        rule!(self.sinking.is_none(), "it goes down twice");
        self.sinking = Some(sinking);
        for seen in &mut self.seen {
            // What was to be tried again at this very instant may have failed for good, or not.
            seen.is_unclear = seen.revived_at == Some(self.now);
        }
        Ok(())
    }

    /// Whether everything goes down by now, so that nothing starts any more. At the end of a lame-duck delay, something
    /// still may.
    pub(super) fn has_sunk(&self, at: Duration) -> bool {
        let lame_duck = ms(if self.booted.is_some() { self.script.terms.lame_duck } else { 0 });
        self.sinking.is_some_and(|it| at > it.since || at == it.since && lame_duck.is_zero())
    }

    /// How a service goes down that is ready.
    pub(super) fn fall(&self, service: usize) -> Fall {
        let seen = &self.seen[service];
        let lasted = seen.draining_since - seen.began - ms(seen.rise.last_attempt());
        self.script.parts[service].fall(lasted.as_millis() as u64, seen.rise.lost)
    }

    /// Whether the common budget may cut short how a service goes down.
    pub(super) fn is_limited(&self, service: usize, fall: Fall) -> bool {
        let (seen, Some(sinking)) = (&self.seen[service], self.sinking) else { return false };
        let since = match seen.ready {
            Some(_) => seen.draining_since,
            None => seen.given_up.unwrap_or(sinking.since),
        };
        self.is_cut_short(since + ms(fall.lasts()))
    }

    /// Whether the common budget may cut short what is due at that time.
    pub(super) fn is_cut_short(&self, due: Duration) -> bool {
        self.sinking.is_some_and(|it| due.saturating_sub(it.since) + LEAST * self.levels() > it.total)
    }

    /// How many services are above each other at most.
    fn levels(&self) -> u32 {
        self.heights.iter().max().map_or(1, |height| *height as u32 + 1)
    }

    /// The clock counts in milliseconds, so that every share of a budget may be one longer: one for each phase.
    pub(super) fn slack(&self) -> Duration {
        ms(3) * self.levels()
    }

    /// When the last service was down.
    pub(super) fn went_down_at(&self) -> Duration {
        let last = self.seen.iter().filter_map(|seen| seen.down_at).max().unwrap_or_default();
        last.max(self.sinking.map_or(Duration::ZERO, |sinking| sinking.since))
    }
}

impl Verdict {
    /// Whether an outcome is this.
    pub(super) fn is(self, outcome: &service_core::StopOutcome) -> bool {
        use service_core::StopOutcome;
        matches!(
            (self, outcome),
            (Self::Clean, StopOutcome::Clean)
                | (Self::Failed, StopOutcome::Failed(_))
                | (Self::Abandoned, StopOutcome::Abandoned(_))
        )
    }
}
