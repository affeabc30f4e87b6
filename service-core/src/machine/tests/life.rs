//! [`Life`]: one machine and a world that answers it at random, checking the rules at the top of the machine after every
//! input. It keeps its own books from the actions alone, so that it does not repeat the machine's mistakes.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::State;
use crate::machine::Effect;
use crate::machine::Event;
use crate::machine::Machine;
use crate::machine::Ticket;
use crate::plan::Plan;
use crate::plan::fixtures::{Dice, plan, service};
use crate::plan::{Bond, Facts};

const BONDS: [fn(Facts, &[&str]) -> Facts; 4] = [Facts::requires, Facts::requires, Facts::wants, Facts::after];

/// What the world is doing for a service: what it has been told to, and has not answered yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    Nothing,
    Starting,
    /// Told to give up its start.
    Aborting,
    /// Told to undo a start that came up too late.
    Discarding,
    Up,
    Stopping,
}

struct Demand {
    roots: Vec<usize>,
    members: BTreeSet<usize>,
    whole: bool,
    answer: Option<Result<(), usize>>,
}

/// One life: a machine, and a world that answers it at random.
pub(super) struct Life {
    seed: u64,
    dice: Dice,
    plan: Plan,
    machine: Machine,
    cap: usize,
    doing: Vec<Doing>,
    /// How many waits for others each start is in.
    pauses: Vec<usize>,
    /// Whether it has ever failed, or been blocked.
    fell: Vec<bool>,
    /// Whether it has failed, and is not tried again yet.
    failed: Vec<bool>,
    demands: BTreeMap<Ticket, Demand>,
    /// Up or starting, and to come up anew.
    moved: BTreeSet<usize>,
    sunk: bool,
    finished: bool,
    history: Vec<String>,
}

fn catalog(dice: &mut Dice) -> Vec<Facts> {
    let letters: Vec<String> = ('A'..='L').take(1 + dice.roll(12)).map(String::from).collect();
    let mut catalog: Vec<Facts> = letters.iter().map(|letter| service(letter)).collect();
    let sides = 2 + dice.roll(5);
    for (from, facts) in catalog.iter_mut().enumerate() {
        facts.lazy = dice.roll(3) == 0;
        facts.optional = dice.roll(3) == 0;
        for to in &letters[..from] {
            if dice.roll(sides) == 0 {
                *facts = BONDS[dice.roll(4)](facts.clone(), &[to]);
            }
        }
    }
    catalog
}

impl Life {
    pub(super) fn new(mut dice: Dice, seed: u64) -> Self {
        let plan = plan(catalog(&mut dice));
        let cap = if dice.roll(2) == 0 { usize::MAX } else { 1 + dice.roll(3) };
        let machine = Machine::new(plan.clone(), cap);
        let doing = vec![Doing::Nothing; plan.len()];
        let mut life = Self {
            seed,
            dice,
            plan,
            machine,
            cap,
            pauses: vec![0; doing.len()],
            fell: vec![false; doing.len()],
            failed: vec![false; doing.len()],
            doing,
            demands: BTreeMap::new(),
            moved: BTreeSet::new(),
            sunk: false,
            finished: false,
            history: Vec::new(),
        };
        if life.dice.roll(10) > 0 {
            let eager = (0..life.plan.len()).filter(|&at| life.plan.services()[at].eager).collect();
            life.demand(eager, true);
        }
        life
    }

    /// Lets one thing happen, and says whether more can.
    pub(super) fn step(&mut self) -> bool {
        let busy: Vec<usize> = (0..self.plan.len()).filter(|&at| self.is_busy(at)).collect();
        match self.dice.roll(24) {
            0 if !self.sunk => self.shut_down(),
            1..4 if !self.sunk && self.demands.len() < 6 => {
                let root = self.dice.roll(self.plan.len());
                self.demand(vec![root], false);
            }
            4..6 if !self.sunk => {
                let service = self.dice.roll(self.plan.len());
                self.restart(service);
            }
            6..8 if !busy.is_empty() => {
                let service = busy[self.dice.roll(busy.len())];
                self.pause(service);
            }
            _ if !busy.is_empty() => {
                let service = busy[self.dice.roll(busy.len())];
                self.answer(service);
            }
            _ => {}
        }
        if !self.sunk && busy.is_empty() && self.dice.roll(8) == 0 {
            self.shut_down();
        }
        !(self.sunk && (0..self.plan.len()).all(|at| !self.is_busy(at)))
    }

    fn is_busy(&self, service: usize) -> bool {
        !matches!(self.doing[service], Doing::Nothing | Doing::Up)
    }

    fn demand(&mut self, roots: Vec<usize>, whole: bool) {
        let ticket = self.demands.len() as Ticket + 1;
        let members = self.closure(&roots);
        self.demands.insert(ticket, Demand { roots: roots.clone(), members, whole, answer: None });
        self.feed(Event::Demand { ticket, roots, whole });
    }

    fn closure(&self, roots: &[usize]) -> BTreeSet<usize> {
        let mut open = roots.to_vec();
        let mut closure = BTreeSet::new();
        while let Some(at) = open.pop() {
            if closure.insert(at) {
                open.extend(self.below(at, Bond::Requires));
            }
        }
        closure
    }

    fn below(&self, service: usize, bond: Bond) -> impl Iterator<Item = usize> {
        self.plan.services()[service].needs.iter().filter(move |need| need.bond == bond).map(|need| need.index)
    }

    fn shut_down(&mut self) {
        self.feed(Event::ShutDown);
    }

    /// One is to come up anew, with those that hold it.
    fn restart(&mut self, service: usize) {
        if matches!(self.doing[service], Doing::Starting | Doing::Up) {
            let mut moved = BTreeSet::from([service]);
            for above in service + 1..self.plan.len() {
                let held = |bond| self.below(above, bond).any(|on| moved.contains(&on));
                if self.is_alive(above) && (held(Bond::Requires) || held(Bond::Wants)) {
                    moved.insert(above);
                }
            }
            self.moved.extend(moved);
        }
        self.feed(Event::Restart(service));
        self.feed(Event::Revive(service));
    }

    /// The start of one waits for another, or does no longer.
    fn pause(&mut self, service: usize) {
        if self.pauses[service] > 0 && self.dice.roll(2) == 0 {
            self.pauses[service] -= 1;
            self.feed(Event::Resumed(service));
        } else if self.is_starting(service) {
            self.pauses[service] += 1;
            self.feed(Event::Paused(service));
        }
    }

    fn is_starting(&self, service: usize) -> bool {
        matches!(self.doing[service], Doing::Starting | Doing::Aborting | Doing::Discarding)
    }

    /// The world answers for a service, one way or another.
    fn answer(&mut self, service: usize) {
        while self.pauses[service] > 0 {
            self.pauses[service] -= 1;
            self.feed(Event::Resumed(service));
        }
        let input = match self.doing[service] {
            Doing::Starting if self.dice.roll(5) == 0 => Event::StartFailed(service),
            Doing::Starting => Event::Started(service),
            // An abort may come too late, whichever way the start ended.
            Doing::Aborting => match self.dice.roll(3) {
                0 => Event::Started(service),
                1 => Event::StartFailed(service),
                _ => Event::Unwound(service),
            },
            Doing::Discarding => Event::Unwound(service),
            Doing::Stopping => Event::Stopped(service),
            Doing::Nothing | Doing::Up => return,
        };
        match input {
            Event::StartFailed(_) | Event::Unwound(_) | Event::Stopped(_) => self.doing[service] = Doing::Nothing,
            Event::Started(_) if self.doing[service] == Doing::Starting => self.doing[service] = Doing::Up,
            _ => {}
        }
        self.feed(input);
    }

    fn feed(&mut self, input: Event) {
        self.history.push(format!("{input:?}"));
        self.sunk |= input == Event::ShutDown;
        let late = match input {
            Event::Started(service) if self.doing[service] == Doing::Aborting => Some(service),
            _ => None,
        };
        let actions = self.machine.on(input);
        self.history.push(format!("    {actions:?}"));
        self.check(late.is_none_or(|late| actions.contains(&Effect::Unwind(late))), "what came too late is discarded");
        for action in actions {
            self.obey(&action);
        }
        self.rules();
    }

    fn obey(&mut self, action: &Effect) {
        self.check(!self.finished, "nothing follows Finish");
        match *action {
            Effect::Wait(service) => {
                self.failed[service] = false;
                self.check(!self.sunk && !self.is_alive(service), "only what is down waits");
            }
            Effect::Start(service) => self.start(service),
            Effect::Open(service) => self.check(!self.sunk && self.doing[service] == Doing::Up, "what came up opens"),
            Effect::Fail(service) => {
                (self.fell[service], self.failed[service]) = (true, true);
                self.check(!self.is_alive(service), "what failed is down");
            }
            Effect::Block(service, by) => {
                (self.fell[service], self.failed[service]) = (true, false);
                self.check(self.failed[by], "it is blocked by one that has failed");
                self.check(!self.is_alive(service), "what is blocked never began");
                self.check(
                    self.closure(&[service]).contains(&by) && service != by,
                    "it is blocked by what it requires",
                );
            }
            Effect::Abort(service) => {
                self.check(self.doing[service] == Doing::Starting, "only a start is aborted");
                let returns = self.moved.remove(&service);
                self.check(
                    returns || self.sunk || !self.is_demanded(service),
                    "what is wanted is only aborted to come back",
                );
                self.doing[service] = Doing::Aborting;
            }
            Effect::Unwind(service) => {
                self.check(self.doing[service] == Doing::Aborting, "only what was aborted is discarded");
                self.doing[service] = Doing::Discarding;
            }
            Effect::Forget(service) => self.check(!self.is_alive(service), "only what is down is forgotten"),
            Effect::Stop(service) => {
                self.check(self.doing[service] == Doing::Up, "only what is up is stopped, and once");
                let returns = self.moved.remove(&service) && !self.sunk && self.is_demanded(service);
                let wanted = !self.sunk && self.is_demanded(service);
                self.check(returns || !wanted, "what is wanted is only stopped to come back");
                if returns {
                    self.check(!self.anything_alive_holds(service), "what comes back has nothing alive that holds it");
                } else {
                    self.check(!self.anything_alive_above(service), "what stops has nothing alive above it");
                }
                self.doing[service] = Doing::Stopping;
            }
            Effect::Settle(ticket, answer) => self.settle(ticket, answer),
            Effect::RollBack => {
                self.check(!self.sunk, "a rollback is the first to take everything down");
                self.sunk = true;
            }
            Effect::Finish => {
                self.check(self.sunk && !(0..self.plan.len()).any(|at| self.is_alive(at)), "everything is down");
                self.finished = true;
            }
        }
    }

    fn start(&mut self, service: usize) {
        self.check(!self.sunk, "nothing starts once everything goes down");
        self.check(self.doing[service] == Doing::Nothing, "what starts is down");
        let takes_place = |at: &usize| self.is_starting(*at) && self.pauses[*at] == 0;
        let taken = (0..self.plan.len()).filter(takes_place).count();
        self.check(taken < self.cap, "it starts only where a place is free");
        for on in self.below(service, Bond::Requires).collect::<Vec<_>>() {
            self.check(self.machine.state(on) == State::Ready, "everything it requires is ready");
            self.check(self.doing[on] == Doing::Up, "and not on its way down");
        }
        for bond in [Bond::Wants, Bond::After] {
            for on in self.below(service, bond).collect::<Vec<_>>() {
                let state = self.machine.state(on);
                let pending = matches!(state, State::Waiting | State::Starting) && self.is_demanded(on);
                self.check(!pending, "what it wants or comes after is settled");
            }
        }
        self.doing[service] = Doing::Starting;
    }

    /// Whether a demand that is not lost has it as a member.
    fn is_demanded(&self, service: usize) -> bool {
        let lost = |demand: &Demand| matches!(demand.answer, Some(Err(_))) && !demand.whole;
        self.demands.values().any(|demand| !lost(demand) && demand.members.contains(&service))
    }

    fn settle(&mut self, ticket: Ticket, answer: Result<(), usize>) {
        let states: Vec<State> = (0..self.plan.len()).map(|at| self.machine.state(at)).collect();
        let Some(demand) = self.demands.get_mut(&ticket) else { panic!("seed {}: nobody asked {ticket}", self.seed) };
        let first = demand.answer.replace(answer).is_none();
        let (roots, members, whole) = (demand.roots.clone(), demand.members.clone(), demand.whole);
        self.check(first, "a demand is answered once");
        let excused = |at: usize| whole && self.plan.services()[at].facts.optional;
        match answer {
            Ok(()) if whole => {
                let met = |&at: &usize| states[at] == State::Ready || excused(at) && self.fell[at];
                self.check(members.iter().all(met), "a boot is met when all is ready that is not optional");
            }
            Ok(()) => self.check(roots.iter().all(|&at| states[at] == State::Ready), "what was asked for is ready"),
            Err(by) => self.check(members.contains(&by), "it is lost by one of its own"),
        }
    }

    fn is_alive(&self, service: usize) -> bool {
        !matches!(self.doing[service], Doing::Nothing)
    }

    fn anything_alive_holds(&self, service: usize) -> bool {
        let dependants = self.plan.services()[service].dependants.iter();
        let mut alive = dependants.filter(|&&above| self.is_alive(above));
        alive.any(|&above| {
            [Bond::Requires, Bond::Wants].iter().any(|&bond| self.below(above, bond).any(|on| on == service))
        })
    }

    fn anything_alive_above(&self, service: usize) -> bool {
        self.plan.services()[service].dependants.iter().any(|&above| self.is_alive(above))
    }

    /// What must hold between any two inputs.
    fn rules(&self) {
        for service in 0..self.plan.len() {
            let alive = self.is_alive(service);
            if alive {
                for on in self.plan.services()[service].needs.iter().filter(|need| need.bond == Bond::Requires) {
                    self.check(self.doing[on.index] == Doing::Up, "what somebody alive requires is up");
                }
            }
            if self.doing[service] == Doing::Up && !self.anything_alive_above(service) {
                self.check(!self.sunk && self.is_demanded(service), "what nobody wants, and nobody uses, goes down");
            }
            let state = self.machine.state(service);
            let agrees = match self.doing[service] {
                Doing::Nothing => !matches!(state, State::Starting | State::Ready | State::Stopping),
                Doing::Starting | Doing::Aborting | Doing::Discarding => state == State::Starting,
                Doing::Up => state == State::Ready,
                Doing::Stopping => state == State::Stopping,
            };
            self.check(agrees, "the machine knows what the world is doing");
        }
        self.check(
            self.finished == (self.sunk && self.doing.iter().all(|it| *it == Doing::Nothing)),
            "it ends when all is down",
        );
        if !self.sunk && self.doing.iter().all(|doing| matches!(doing, Doing::Nothing | Doing::Up)) {
            for (ticket, demand) in &self.demands {
                self.check(
                    demand.answer.is_some(),
                    &format!("demand {ticket} is answered when there is nothing left to wait for"),
                );
            }
        }
    }

    /// What must hold at the end.
    pub(super) fn end(&self) {
        self.check(self.finished, "it ends");
        let settled = |at: usize| matches!(self.machine.state(at), State::Stopped | State::Failed | State::Blocked);
        self.check((0..self.plan.len()).all(settled), "everything has a last state");
    }

    fn check(&self, holds: bool, rule: &str) {
        assert!(holds, "seed {}: {rule}\n{}\n{}", self.seed, self.plan, self.history.join("\n"));
    }
}
