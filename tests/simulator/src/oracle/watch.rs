//! [`Watch`]: what the oracle knows of a life so far, and what must hold whenever an instant is over.

use std::time::Duration;

use super::follow::{At, Seen};
use super::rule;
use crate::Script;
use crate::forecast::{Fall, Rise, Verdict};
use crate::script::Bond;
use crate::stage::ms;

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
    /// Who will be told to have failed.
    pub failing: Vec<bool>,
    pub draining_since: Vec<Duration>,
    pub starting: usize,
    pub cap: usize,
    now: Duration,
    pub booting: Option<Duration>,
    pub booted: Option<Duration>,
    /// When something failed that must not.
    pub fatal: Option<Duration>,
    pub sinking: Option<Sinking>,
    pub is_over: bool,
}

impl<'a> Watch<'a> {
    pub(super) fn new(script: &'a Script) -> Self {
        let dependants = script.dependants();
        let mut heights = vec![0; dependants.len()];
        for service in (0..dependants.len()).rev() {
            heights[service] = dependants[service].iter().map(|&above| heights[above] + 1).max().unwrap_or(0);
        }
        let seen = |rise: Rise| Seen {
            at: At::Idle,
            since: Duration::ZERO,
            began: Duration::ZERO,
            ready: None,
            failure: None,
            outcome: None,
            expected: None,
            rise,
        };
        Self {
            script,
            seen: script.parts.iter().map(|part| seen(part.rise())).collect(),
            eager: script.eager(),
            has_lazy: script.parts.iter().any(|part| part.lazy),
            failing: vec![false; dependants.len()],
            draining_since: vec![Duration::ZERO; dependants.len()],
            dependants,
            heights,
            starting: 0,
            cap: script.terms.concurrency.unwrap_or(usize::MAX),
            now: Duration::ZERO,
            booting: None,
            booted: None,
            fatal: None,
            sinking: None,
            is_over: false,
        }
    }

    /// A service goes from one place to the next.
    pub(super) fn go(&mut self, service: usize, from: At, to: At, at: Duration) -> Result<&mut Seen, String> {
        let Some(seen) = self.seen.get_mut(service) else { return Err("nobody knows that service".to_owned()) };
        rule!(seen.at == from, "{service} became {to:?} from {:?}", seen.at);
        (seen.at, seen.since) = (to, at);
        Ok(seen)
    }

    /// The clock moves on: what could have happened by now has.
    pub(super) fn move_on(&mut self, to: Duration) -> Result<(), String> {
        rule!(to >= self.now, "the clock goes back from {:?} to {to:?}", self.now);
        if to == self.now {
            return Ok(());
        }
        let now = std::mem::replace(&mut self.now, to);
        let Some(begun) = self.booting else { return Ok(()) };
        if self.sinking.is_some() {
            return Ok(());
        }
        rule!(self.fatal.is_none(), "{:?} was fatal, and nothing is rolled back at {now:?}", self.fatal);
        if self.booted.is_none() {
            rule!(!self.all_settled(), "everything was up at {now:?}, and the boot did not end");
            if self.starting < self.cap {
                let late = self.clear();
                rule!(late.is_empty(), "rule 2: {late:?} could start at {now:?} and did not");
            }
            let out_of_time = self.script.terms.boot.is_some_and(|time| to > begun + ms(time));
            rule!(!out_of_time, "the boot's budget was used up before {to:?}, and nothing is rolled back");
        }
        Ok(())
    }

    /// Everybody who could start and has not.
    pub(super) fn clear(&self) -> Vec<usize> {
        let is_met = |on: usize, bond: Bond| match bond {
            Bond::Requires => self.seen[on].at == At::Ready,
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
        (0..self.seen.len()).all(|service| !self.eager[service] || self.seen[service].is_settled())
    }

    pub(super) fn sink(&mut self, sinking: Sinking) -> Result<(), String> {
        rule!(self.sinking.is_none(), "it goes down twice");
        self.sinking = Some(sinking);
        Ok(())
    }

    /// How a service goes down that is ready.
    pub(super) fn fall(&self, service: usize) -> Fall {
        let seen = &self.seen[service];
        let lasted = self.draining_since[service] - seen.began - ms(seen.rise.last_attempt());
        self.script.parts[service].fall(lasted.as_millis() as u64)
    }

    /// Whether the common budget may cut short how a service goes down.
    pub(super) fn is_limited(&self, service: usize, fall: Fall) -> bool {
        let Some(sinking) = self.sinking else { return false };
        let since = if self.seen[service].ready.is_some() { self.draining_since[service] } else { sinking.since };
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
        let went_down = |seen: &&Seen| matches!(seen.at, At::Stopped | At::Undone | At::Failed);
        let last = self.seen.iter().filter(went_down).map(|seen| seen.since).max().unwrap_or_default();
        last.max(self.sinking.map_or(Duration::ZERO, |sinking| sinking.since))
    }
}

impl Verdict {
    /// Whether an outcome is this.
    pub(super) fn is(self, outcome: &service_core::Outcome) -> bool {
        use service_core::Outcome;
        matches!(
            (self, outcome),
            (Self::Clean, Outcome::Clean)
                | (Self::Failed, Outcome::Failed(_))
                | (Self::Abandoned, Outcome::Abandoned(_))
        )
    }
}
