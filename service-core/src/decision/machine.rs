//! [`Machine`]: the lifecycle of a plan as a pure state machine. What happened goes in, what is to be done comes out; it
//! knows no clock, no runtime and no instance, so a whole life can be run, and replayed, in a loop.
//!
//! Every service has a wish (`wanted`) and a state, and each input moves the states towards the wishes:
//!
//! 1. A wanted service starts when everything it requires is ready, and what it wants or comes after is settled.
//! 2. A service that is no longer wanted stops when nothing that depends on it is alive.
//! 3. Nothing opens once the machine is sinking.
//! 4. Each input costs the edges it settles, once: a boot is linear in the plan.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Plan;
use crate::fact::{Bond, State};

#[cfg(test)]
mod tests;

/// Names a demand.
pub(crate) type Ticket = u64;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// These are asked for, with all they require. If `whole`, everything goes down when this fails.
    Demand { ticket: Ticket, roots: Vec<usize>, whole: bool },
    /// It came up: `init`, `start` and `health` went well.
    CameUp(usize),
    /// It did not come up, and what it had begun is undone.
    Fell(usize),
    /// Its start was aborted, or came too late, and what it had begun is undone.
    Undone(usize),
    /// It is down.
    WentDown(usize),
    /// Everything is to go down.
    Sink,
}

/// Something to be done, or told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// It waits for its turn.
    Await(usize),
    /// Begin its `init`.
    Start(usize),
    /// It came up: let calls in.
    Open(usize),
    /// It failed: tell those who wait.
    Fail(usize),
    /// It will not be started, because the second one failed.
    Block(usize, usize),
    /// Give up its start, and undo it.
    Abort(usize),
    /// It came up too late: undo it.
    Discard(usize),
    /// It will not be started, and nobody is to blame.
    Forget(usize),
    /// Drain it and shut it down.
    Stop(usize),
    /// All that this demand asked for is up, or can't be: then by whose failure.
    Settle(Ticket, Result<(), usize>),
    /// A failure takes everything down.
    RollBack,
    /// Everything is down; the machine takes no further input.
    Finish,
}

#[derive(Clone, Debug)]
struct Node {
    state: State,
    wanted: bool,
    aborting: bool,
    /// Dependencies that are not settled; counted only while it waits.
    unmet: usize,
    /// Dependants that are alive: starting, ready, or on their way down.
    alive_above: usize,
    /// Those that ask for it.
    demands: Vec<Ticket>,
    /// Those of them that count it among what is not settled yet.
    awaited_by: Vec<Ticket>,
}

#[derive(Clone, Debug)]
struct Demand {
    ticket: Ticket,
    roots: Vec<usize>,
    members: Vec<usize>,
    unsettled: usize,
    whole: bool,
    settled: bool,
}

/// The states of all services of a plan, and what they move towards.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    plan: Plan,
    nodes: Vec<Node>,
    /// What each service depends on, once each, however often it names it, and by the strongest of its bonds.
    below: Vec<Vec<(usize, Bond)>>,
    demands: Vec<Demand>,
    /// Clear to start, longest remaining path first, then in the plan's order.
    queue: BinaryHeap<(u32, Reverse<usize>)>,
    starting: usize,
    alive: usize,
    cap: usize,
    sinking: bool,
    finished: bool,
    actions: Vec<Action>,
}

impl Machine {
    pub(crate) fn new(plan: Plan, cap: usize) -> Self {
        let node = Node {
            state: State::Idle,
            wanted: false,
            aborting: false,
            unmet: 0,
            alive_above: 0,
            demands: Vec::new(),
            awaited_by: Vec::new(),
        };
        let nodes = vec![node; plan.services().len()];
        let services = plan.services().iter();
        let below = services.map(|service| {
            let mut below: Vec<_> = service.needs.iter().map(|need| (need.index, need.bond)).collect();
            below.sort_unstable();
            below.dedup_by_key(|(on, _)| *on);
            below
        });
        let below = below.collect();
        Self {
            plan,
            nodes,
            below,
            demands: Vec::new(),
            queue: BinaryHeap::new(),
            starting: 0,
            alive: 0,
            cap: cap.max(1),
            sinking: false,
            finished: false,
            actions: Vec::new(),
        }
    }

    /// The state of a service; `Stopping` stands for all of draining and stopping.
    #[cfg(test)]
    pub(crate) fn state(&self, service: usize) -> State {
        self.nodes[service].state
    }

    pub(crate) fn is_sinking(&self) -> bool {
        self.sinking
    }

    /// Takes in what happened, and says what is to be done.
    pub(crate) fn on(&mut self, input: Input) -> Vec<Action> {
        if self.finished {
            return Vec::new();
        }
        match input {
            Input::Demand { ticket, roots, whole } => self.demand(ticket, roots, whole),
            Input::CameUp(service) => self.came_up(service),
            Input::Fell(service) => self.fell(service),
            Input::Undone(service) => self.undone(service),
            Input::WentDown(service) => self.went_down(service),
            Input::Sink => self.sink(),
        }
        self.start_what_is_clear();
        self.finish_if_down();
        std::mem::take(&mut self.actions)
    }

    fn demand(&mut self, ticket: Ticket, roots: Vec<usize>, whole: bool) {
        if self.sinking {
            // Whoever asks now is told by the states that follow.
            return;
        }
        let members = self.closure(&roots);
        let mut fresh = Vec::new();
        let mut unsettled = Vec::new();
        let mut open = 0;
        for &member in &members {
            let was_settled = self.is_settled(member);
            let node = &mut self.nodes[member];
            node.demands.push(ticket);
            node.wanted = true;
            if matches!(node.state, State::Idle | State::Stopped | State::Failed | State::Blocked) {
                node.state = State::Waiting;
                fresh.push(member);
                self.actions.push(Action::Await(member));
            }
            if !self.is_settled(member) {
                open += 1;
                self.nodes[member].awaited_by.push(ticket);
                if was_settled {
                    unsettled.push(member);
                }
            }
        }
        self.demands.push(Demand { ticket, roots, members, unsettled: open, whole, settled: false });
        for member in unsettled {
            for at in 0..self.plan.services()[member].dependants.len() {
                let dependant = self.plan.services()[member].dependants[at];
                // One that has waited since before must now wait for this one too.
                if self.nodes[dependant].state == State::Waiting && fresh.binary_search(&dependant).is_err() {
                    self.nodes[dependant].unmet += 1;
                }
            }
        }
        for member in fresh {
            self.count_unmet(member);
        }
        if open == 0 {
            self.settle(self.demands.len() - 1, Ok(()));
        }
    }

    /// The roots and all that they require, in the plan's order.
    fn closure(&self, roots: &[usize]) -> Vec<usize> {
        let mut inside = vec![false; self.nodes.len()];
        let mut open = roots.to_vec();
        while let Some(service) = open.pop() {
            if !std::mem::replace(&mut inside[service], true) {
                let below = self.below[service].iter();
                open.extend(below.filter(|(_, bond)| *bond == Bond::Requires).map(|(on, _)| *on));
            }
        }
        (0..self.nodes.len()).filter(|&service| inside[service]).collect()
    }

    fn count_unmet(&mut self, service: usize) {
        let unmet = self.below[service].iter().filter(|(on, _)| !self.is_settled(*on)).count();
        self.nodes[service].unmet = unmet;
        if unmet == 0 {
            self.enqueue(service);
        }
    }

    /// Whether nobody needs to wait for it: it is up, or will not come up.
    fn is_settled(&self, service: usize) -> bool {
        let node = &self.nodes[service];
        !node.wanted || matches!(node.state, State::Ready | State::Failed | State::Blocked)
    }

    fn enqueue(&mut self, service: usize) {
        self.queue.push((self.plan.services()[service].height, Reverse(service)));
    }

    fn start_what_is_clear(&mut self) {
        while self.starting < self.cap {
            let Some((_, Reverse(service))) = self.queue.pop() else { break };
            let node = &mut self.nodes[service];
            // An entry may be out of date: what it waits for has changed since.
            if node.state != State::Waiting || node.unmet > 0 {
                continue;
            }
            node.state = State::Starting;
            self.starting += 1;
            self.enliven(service);
            self.actions.push(Action::Start(service));
        }
    }

    fn came_up(&mut self, service: usize) {
        if self.nodes[service].aborting {
            self.actions.push(Action::Discard(service));
            return;
        }
        self.starting -= 1;
        self.nodes[service].state = State::Ready;
        self.actions.push(Action::Open(service));
        self.release_dependants(service);
        self.count_settled(service);
    }

    fn fell(&mut self, service: usize) {
        self.starting -= 1;
        self.enfeeble(service);
        self.nodes[service].aborting = false;
        self.nodes[service].state = State::Failed;
        self.actions.push(Action::Fail(service));
        if self.sinking {
            return;
        }
        self.block_above(service);
    }

    /// Settles a failed service, and blocks what requires it, all the way up.
    fn block_above(&mut self, failed: usize) {
        let mut settled = vec![failed];
        let mut at = 0;
        while let Some(&service) = settled.get(at) {
            at += 1;
            for place in 0..self.plan.services()[service].dependants.len() {
                let dependant = self.plan.services()[service].dependants[place];
                if self.nodes[dependant].state != State::Waiting {
                    continue;
                }
                if self.requires(dependant, service) {
                    self.nodes[dependant].state = State::Blocked;
                    self.actions.push(Action::Block(dependant, failed));
                    settled.push(dependant);
                } else {
                    self.meet(dependant);
                }
            }
        }
        for service in settled {
            if self.sinking {
                break;
            }
            self.fail_demands(service, failed);
        }
    }

    fn requires(&self, service: usize, on: usize) -> bool {
        self.below[service].contains(&(on, Bond::Requires))
    }

    fn fail_demands(&mut self, service: usize, failed: usize) {
        let optional = self.plan.services()[service].facts.optional;
        let mut lost = Vec::new();
        for ticket in std::mem::take(&mut self.nodes[service].awaited_by) {
            let Some(at) = self.demands.iter().position(|demand| demand.ticket == ticket) else { continue };
            let demand = &mut self.demands[at];
            if demand.settled {
                continue;
            }
            demand.unsettled -= 1;
            let fatal = if demand.whole { !optional } else { demand.roots.contains(&service) };
            if fatal && demand.whole {
                self.settle(at, Err(failed));
                self.actions.push(Action::RollBack);
                self.sink();
                return;
            }
            if fatal {
                lost.push(ticket);
            } else if demand.unsettled == 0 {
                self.settle(at, Ok(()));
            }
        }
        for ticket in lost {
            self.withdraw(ticket, failed);
        }
    }

    /// A demand that can't be met is taken back, and with it what came up for its sake alone.
    fn withdraw(&mut self, ticket: Ticket, failed: usize) {
        let Some(at) = self.demands.iter().position(|demand| demand.ticket == ticket) else { return };
        self.settle(at, Err(failed));
        let demand = self.demands.swap_remove(at);
        // Dependants first, so that each finds nothing alive above it.
        for &member in demand.members.iter().rev() {
            let node = &mut self.nodes[member];
            node.demands.retain(|&other| other != ticket);
            if node.demands.is_empty() {
                node.wanted = false;
                self.let_go(member);
            }
        }
    }

    /// Moves a service that is not wanted one step down.
    fn let_go(&mut self, service: usize) {
        let node = &mut self.nodes[service];
        match node.state {
            State::Waiting => {
                node.state = State::Idle;
                self.actions.push(Action::Forget(service));
                self.recount_dependants(service);
            }
            State::Starting if !node.aborting => {
                node.aborting = true;
                self.actions.push(Action::Abort(service));
            }
            State::Ready if node.alive_above == 0 => {
                node.state = State::Stopping;
                self.actions.push(Action::Stop(service));
            }
            _ => {}
        }
    }

    fn undone(&mut self, service: usize) {
        self.starting -= 1;
        self.nodes[service].aborting = false;
        self.rest(service);
        self.enfeeble(service);
    }

    fn went_down(&mut self, service: usize) {
        self.rest(service);
        self.enfeeble(service);
    }

    /// It is down: for good, or until it is its turn again, if somebody has asked for it in the meantime.
    fn rest(&mut self, service: usize) {
        if self.sinking || !self.nodes[service].wanted {
            self.nodes[service].state = if self.sinking { State::Stopped } else { State::Idle };
            self.actions.push(Action::Forget(service));
            self.recount_dependants(service);
        } else {
            self.nodes[service].state = State::Waiting;
            self.actions.push(Action::Await(service));
            self.count_unmet(service);
        }
    }

    fn sink(&mut self) {
        if std::mem::replace(&mut self.sinking, true) {
            return;
        }
        self.queue.clear();
        // The plan's order is dependencies first; the way down is the reverse.
        for service in (0..self.nodes.len()).rev() {
            self.nodes[service].wanted = false;
            if matches!(self.nodes[service].state, State::Idle | State::Waiting) {
                self.nodes[service].state = State::Stopped;
                self.actions.push(Action::Forget(service));
            } else {
                self.let_go(service);
            }
        }
    }

    fn finish_if_down(&mut self) {
        if self.sinking && self.alive == 0 && !self.finished {
            self.finished = true;
            self.actions.push(Action::Finish);
        }
    }

    /// It is settled: those who waited for it wait for one less.
    fn release_dependants(&mut self, service: usize) {
        for at in 0..self.plan.services()[service].dependants.len() {
            let dependant = self.plan.services()[service].dependants[at];
            if self.nodes[dependant].state == State::Waiting {
                self.meet(dependant);
            }
        }
    }

    /// It is no longer wanted: whether those who wait had counted it depends on when they came, so they count anew.
    fn recount_dependants(&mut self, service: usize) {
        for at in 0..self.plan.services()[service].dependants.len() {
            let dependant = self.plan.services()[service].dependants[at];
            if self.nodes[dependant].state == State::Waiting {
                self.count_unmet(dependant);
            }
        }
    }

    fn meet(&mut self, dependant: usize) {
        let node = &mut self.nodes[dependant];
        node.unmet -= 1;
        if node.unmet == 0 {
            self.enqueue(dependant);
        }
    }

    fn count_settled(&mut self, service: usize) {
        for ticket in std::mem::take(&mut self.nodes[service].awaited_by) {
            let Some(at) = self.demands.iter().position(|demand| demand.ticket == ticket) else { continue };
            if self.demands[at].settled {
                continue;
            }
            self.demands[at].unsettled -= 1;
            if self.demands[at].unsettled == 0 {
                self.settle(at, Ok(()));
            }
        }
    }

    fn settle(&mut self, at: usize, result: Result<(), usize>) {
        let demand = &mut self.demands[at];
        demand.settled = true;
        self.actions.push(Action::Settle(demand.ticket, result));
    }

    fn enliven(&mut self, service: usize) {
        self.alive += 1;
        for at in 0..self.below[service].len() {
            let (on, _) = self.below[service][at];
            self.nodes[on].alive_above += 1;
        }
    }

    fn enfeeble(&mut self, service: usize) {
        self.alive -= 1;
        for at in 0..self.below[service].len() {
            let (on, _) = self.below[service][at];
            self.nodes[on].alive_above -= 1;
            if self.nodes[on].alive_above == 0 && (self.sinking || !self.nodes[on].wanted) {
                self.let_go(on);
            }
        }
    }
}
