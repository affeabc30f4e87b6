//! [`Life`]: one machine and a world that answers it at random, on a clock of its own. The world keeps its own books from
//! the effects alone, so that it does not repeat the machine's mistakes; `answers.rs` and `rules.rs` check what must hold.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::harness::failure;
use super::known::{Doing, Known};
use crate::base::{Restart, Retry, ShutdownReason, State, StopOutcome};
use crate::machine::{BOOT, FailedAttempt, LifecycleEvent, Machine, Settings, Ticket, Timer};
use crate::plan::fixtures::{Dice, ms, plan, service};
use crate::plan::{Facts, Plan};

const BONDS: [fn(Facts, &[&str]) -> Facts; 4] = [Facts::requires, Facts::requires, Facts::wants, Facts::after];

pub(super) struct Demand {
    pub roots: Vec<usize>,
    pub members: BTreeSet<usize>,
    pub answer: Option<Result<(), usize>>,
}

/// One life: a machine, and a world that answers it at random.
pub(super) struct Life {
    pub seed: u64,
    dice: Dice,
    pub plan: Plan,
    pub machine: Machine,
    pub settings: Settings,
    pub now: Duration,
    pub each: Vec<Known>,
    pub demands: BTreeMap<Ticket, Demand>,
    /// The requests of a restart that have no answer yet.
    pub restart_requests: BTreeSet<Ticket>,
    /// Up or starting, and to start again.
    pub moved: BTreeSet<usize>,
    /// Up without a demand, because one that is wanted depends on it.
    pub kept: BTreeSet<usize>,
    pub timers: Vec<(Duration, Timer)>,
    /// The reason of the first request.
    pub requested: Option<ShutdownReason>,
    /// Why it shuts down, once that is published.
    pub reason: Option<ShutdownReason>,
    pub timed_out: bool,
    /// Since when everything goes down.
    pub down_since: Option<Duration>,
    pub finished: bool,
    pub history: Vec<String>,
}

fn catalog(dice: &mut Dice) -> Vec<Facts> {
    let letters: Vec<String> = ('A'..='L').take(1 + dice.roll(12)).map(String::from).collect();
    let mut catalog: Vec<Facts> = letters.iter().map(|letter| service(letter)).collect();
    let sides = 2 + dice.roll(5);
    for (from, facts) in catalog.iter_mut().enumerate() {
        facts.lazy = dice.roll(3) == 0;
        facts.optional = dice.roll(3) == 0;
        facts.budgets.init = ms(50);
        facts.retry = Retry::new([1, 1, 2, 4][dice.roll(4)], ms(dice.roll(20) as u64), ms(30));
        let policy = Restart::transient().backoff(ms(dice.roll(3) as u64 * 7), ms(20)).jitter(0.5);
        facts.restart =
            [None, Some(2), Some(u32::MAX)][dice.roll(3)].map(|restarts| policy.intensity(restarts, ms(100)));
        for to in &letters[..from] {
            if dice.roll(sides) == 0 {
                *facts = BONDS[dice.roll(4)](facts.clone(), &[to]);
            }
        }
    }
    catalog
}

fn settings(dice: &mut Dice) -> Settings {
    Settings {
        concurrency: if dice.roll(2) == 0 { usize::MAX } else { 1 + dice.roll(3) },
        boot_timeout: (dice.roll(3) == 0).then(|| ms(dice.roll(100) as u64)),
        rollback_timeout: ms(500),
        shutdown_timeout: ms(2_000),
        lame_duck: ms([0, 0, 15][dice.roll(3)]),
    }
}

impl Life {
    pub(super) fn new(mut dice: Dice, seed: u64) -> Self {
        let plan = plan(catalog(&mut dice));
        let settings = settings(&mut dice);
        let mut life = Self {
            seed,
            dice,
            machine: Machine::new(plan.clone(), settings),
            each: vec![Known::new(); plan.len()],
            plan,
            settings,
            now: Duration::ZERO,
            demands: BTreeMap::new(),
            restart_requests: BTreeSet::new(),
            moved: BTreeSet::new(),
            kept: BTreeSet::new(),
            timers: Vec::new(),
            requested: None,
            reason: None,
            timed_out: false,
            down_since: None,
            finished: false,
            history: Vec::new(),
        };
        if life.dice.roll(10) > 0 {
            let eager: Vec<_> = (0..life.plan.len()).filter(|&at| life.plan.services()[at].eager).collect();
            life.expect(BOOT, eager);
            life.feed(LifecycleEvent::Boot);
        }
        life
    }

    /// Lets one thing happen, and says whether more can.
    pub(super) fn step(&mut self) -> bool {
        self.now += ms(self.dice.roll(4) as u64);
        let busy: Vec<usize> = (0..self.plan.len()).filter(|&at| self.is_busy(at)).collect();
        match self.dice.roll(26) {
            0 if !self.is_sunk() => self.request_shutdown(),
            1..4 if !self.is_sunk() && self.demands.len() < 6 => self.request(),
            12..14 => {
                let service = self.dice.roll(self.plan.len());
                self.request_restart(service);
            }
            4..6 => {
                let service = self.dice.roll(self.plan.len());
                self.escalate(service);
            }
            6..8 if !busy.is_empty() => {
                let service = busy[self.dice.roll(busy.len())];
                self.pause(service);
            }
            8..12 if !self.timers.is_empty() => self.fire(),
            _ if !busy.is_empty() => {
                let service = busy[self.dice.roll(busy.len())];
                self.answer(service);
            }
            _ => {}
        }
        if !self.is_sunk() && busy.is_empty() && self.dice.roll(8) == 0 {
            self.request_shutdown();
        }
        !(self.is_sunk() && (0..self.plan.len()).all(|at| !self.is_busy(at)))
    }

    fn expect(&mut self, ticket: Ticket, roots: Vec<usize>) {
        let members = self.closure(&roots);
        self.demands.insert(ticket, Demand { roots, members, answer: None });
    }

    fn request(&mut self) {
        let (ticket, service) = (self.demands.len() as Ticket + 1, self.dice.roll(self.plan.len()));
        self.expect(ticket, vec![service]);
        self.feed(LifecycleEvent::Requested { ticket, service });
    }

    /// Of a service that is wanted and has not failed. For any other, the request is a demand.
    fn request_restart(&mut self, service: usize) {
        let is_lost = matches!(self.machine.state(service), State::Failed | State::Blocked);
        if self.is_wanted(service) && !is_lost || self.is_sunk() {
            // Demands have smaller numbers.
            let ticket = self.history.len() as Ticket + 1_000;
            self.restart_requests.insert(ticket);
            self.feed(LifecycleEvent::RestartRequested { ticket, service });
        }
    }

    fn request_shutdown(&mut self) {
        let event = match self.dice.roll(4) {
            // Its message comes later, or never.
            0 => LifecycleEvent::ReasonGiven(ShutdownReason::Signal("SIGTERM")),
            1 => LifecycleEvent::ShutdownRequested(ShutdownReason::Cancelled),
            2 => LifecycleEvent::Dropped,
            _ => LifecycleEvent::BootAbandoned,
        };
        let given = match &event {
            LifecycleEvent::ReasonGiven(reason) | LifecycleEvent::ShutdownRequested(reason) => Some(reason.clone()),
            LifecycleEvent::Dropped => Some(ShutdownReason::Dropped),
            _ => Some(ShutdownReason::Cancelled),
        };
        if self.requested.is_none() {
            self.requested = given;
        }
        self.feed(event);
    }

    /// A task of a service has failed for good.
    fn escalate(&mut self, service: usize) {
        let drawn = self.dice.roll(10) as f64 / 10.0;
        self.feed(LifecycleEvent::Escalated { service, failure: failure(), drawn });
    }

    /// The start of a service waits for another, or no longer does.
    fn pause(&mut self, service: usize) {
        if self.each[service].pauses > 0 && self.dice.roll(2) == 0 {
            self.each[service].pauses -= 1;
            self.feed(LifecycleEvent::Resumed(service));
        } else if self.is_starting(service) {
            self.each[service].pauses += 1;
            self.feed(LifecycleEvent::Paused(service));
        }
    }

    /// The earliest timer fires.
    fn fire(&mut self) {
        let Some(first) = (0..self.timers.len()).min_by_key(|at| self.timers[*at].0) else { return };
        let (at, timer) = self.timers.remove(first);
        self.now = self.now.max(at);
        self.feed(LifecycleEvent::TimerFired(timer));
    }

    /// The world answers for a service, one way or another.
    fn answer(&mut self, service: usize) {
        while self.each[service].pauses > 0 {
            self.each[service].pauses -= 1;
            self.feed(LifecycleEvent::Resumed(service));
        }
        let (outcome, elapsed) = (self.outcome(), ms(1));
        let started = LifecycleEvent::Started { service, elapsed };
        let event = match self.each[service].doing {
            Doing::Starting if self.dice.roll(4) == 0 => self.failed(service),
            Doing::Starting => started,
            // An abort may come too late, whichever way the start ended.
            Doing::Aborting => match self.dice.roll(3) {
                0 => started,
                1 => self.failed(service),
                _ => LifecycleEvent::Unwound { service, outcome },
            },
            Doing::Unwinding | Doing::Undoing => LifecycleEvent::Unwound { service, outcome },
            Doing::Stopping => LifecycleEvent::Stopped { service, outcome, elapsed },
            Doing::Nothing | Doing::Up => return,
        };
        let doing = &mut self.each[service].doing;
        match event {
            LifecycleEvent::Started { .. } if *doing == Doing::Starting => *doing = Doing::Up,
            LifecycleEvent::Started { .. } => {}
            LifecycleEvent::StartFailed { .. } => self.each[service].failing = true,
            _ => *doing = Doing::Nothing,
        }
        self.feed(event);
    }

    fn outcome(&mut self) -> StopOutcome {
        if self.dice.roll(6) == 0 { StopOutcome::Failed(failure()) } else { StopOutcome::Clean }
    }

    fn failed(&mut self, service: usize) -> LifecycleEvent {
        let may_retry = self.dice.roll(4) > 0;
        let attempt = FailedAttempt {
            failure: failure(),
            retry_until: may_retry.then_some(self.each[service].until),
            drawn: self.dice.roll(10) as f64 / 10.0,
        };
        LifecycleEvent::StartFailed { service, attempt }
    }

    fn feed(&mut self, event: LifecycleEvent) {
        self.history.push(format!("{:?} {event:?}", self.now));
        let before = self.before(&event);
        let effects = self.machine.on(self.now, event.clone());
        self.history.push(format!("    {effects:?}"));
        self.answered(&event, &before, &effects);
        for effect in &effects {
            self.obey(effect);
        }
        self.sinks(&before, &effects);
        let kept = self.kept.iter().copied().filter(|&at| self.is_wanted(at)).collect();
        self.kept = kept;
        self.rules();
    }

    pub(super) fn is_busy(&self, service: usize) -> bool {
        !matches!(self.each[service].doing, Doing::Nothing | Doing::Up)
    }

    pub(super) fn is_starting(&self, service: usize) -> bool {
        matches!(self.each[service].doing, Doing::Starting | Doing::Aborting | Doing::Unwinding)
    }

    pub(super) fn is_alive(&self, service: usize) -> bool {
        self.each[service].doing != Doing::Nothing
    }

    pub(super) fn is_sunk(&self) -> bool {
        self.down_since.is_some()
    }

    pub(super) fn is_booted(&self) -> bool {
        self.demands.get(&BOOT).is_some_and(|boot| boot.answer == Some(Ok(())))
    }

    pub(super) fn is_optional(&self, service: usize) -> bool {
        self.plan.services()[service].facts.optional
    }

    pub(super) fn check(&self, holds: bool, rule: &str) {
        assert!(holds, "seed {}: {rule}\n{}\n{}", self.seed, self.plan, self.history.join("\n"));
    }
}
