//! [`Machine`]: the lifecycle of a plan as a pure state machine. What happened goes in, what is to be done comes out; it
//! knows no clock, no runtime and no instance, so a whole life can be run, and replayed, in a loop.
//!
//! Every service has a wish (`wanted`) and a state, and each input moves the states towards the wishes:
//!
//! 1. A wanted service starts when everything it requires is ready, and what it wants or comes after is settled.
//! 2. A service that is no longer wanted stops when nothing that depends on it is alive.
//! 3. Nothing opens once the machine is shutting_down.
//! 4. Each input costs the edges it settles, once: a boot is linear in the plan.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::demands::{Demand, Demands, Ticket};
use super::effect::Effect;
use super::event::Event;
use super::node::Node;
use crate::base::State;
use crate::plan::{Bond, Plan};

/// The states of all services of a plan, and what they move towards.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    pub(super) plan: Plan,
    pub(super) nodes: Vec<Node>,
    /// What each service depends on, once each, however often it names it, and by the strongest of its bonds.
    pub(super) below: Vec<Vec<(usize, Bond)>>,
    pub(super) demands: Demands,
    /// Clear to start, longest remaining path first, then in the plan's order.
    pub(super) queue: BinaryHeap<(u32, Reverse<usize>)>,
    pub(super) starting: usize,
    /// How many of those wait for others, and take no place.
    pub(super) paused: usize,
    pub(super) alive: usize,
    pub(super) cap: usize,
    pub(super) shutting_down: bool,
    pub(super) finished: bool,
    pub(super) actions: Vec<Effect>,
}

impl Machine {
    pub(crate) fn new(plan: Plan, cap: usize) -> Self {
        let node = Node {
            state: State::Idle,
            wanted: false,
            aborting: false,
            restarts: false,
            unmet: 0,
            alive_above: 0,
            alive_holders: 0,
            pauses: 0,
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
            demands: Demands::default(),
            queue: BinaryHeap::new(),
            starting: 0,
            paused: 0,
            alive: 0,
            cap: cap.max(1),
            shutting_down: false,
            finished: false,
            actions: Vec::new(),
        }
    }

    /// The state of a service; `Stopping` stands for all of draining and stopping.
    #[cfg(test)]
    pub(crate) fn state(&self, service: usize) -> State {
        self.nodes[service].state
    }

    pub(crate) fn is_shutting_down(&self) -> bool {
        self.shutting_down
    }

    /// Takes in what happened, and says what is to be done.
    pub(crate) fn on(&mut self, input: Event) -> Vec<Effect> {
        if self.finished {
            return Vec::new();
        }
        match input {
            Event::Demand { ticket, roots, whole } => self.demand(ticket, roots, whole),
            Event::Started(service) => self.started(service),
            Event::Paused(service) => self.pause(service),
            Event::Resumed(service) => self.resume(service),
            Event::StartFailed(service) => self.start_failed(service),
            Event::Unwound(service) => self.unwound(service),
            Event::Stopped(service) => self.stopped(service),
            Event::Restart(service) => self.restart(service),
            Event::Revive(service) => self.revive(service),
            Event::ShutDown => self.shut_down(),
        }
        self.start_what_is_clear();
        self.finish_if_down();
        std::mem::take(&mut self.actions)
    }

    pub(super) fn demand(&mut self, ticket: Ticket, roots: Vec<usize>, whole: bool) {
        if self.shutting_down {
            // Whoever asks now is told by the states that follow.
            return;
        }
        let members = self.closure(&roots);
        let mut fresh = Vec::new();
        let mut unsettled = Vec::new();
        let mut revives = false;
        let mut open = 0;
        for &member in &members {
            let was_settled = self.is_settled(member);
            let node = &mut self.nodes[member];
            node.demands.push(ticket);
            node.wanted = true;
            if matches!(node.state, State::Idle | State::Stopped | State::Failed | State::Blocked) {
                revives |= matches!(node.state, State::Failed | State::Blocked);
                node.state = State::Waiting;
                fresh.push(member);
                self.actions.push(Effect::Wait(member));
            }
            if !self.is_settled(member) {
                open += 1;
                self.nodes[member].awaited_by.push(ticket);
                if was_settled {
                    unsettled.push(member);
                }
            }
        }
        self.demands.add(ticket, Demand { members, unsettled: open, whole });
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
        if revives {
            self.unblock();
        }
        if open == 0 {
            self.actions.push(Effect::Settle(ticket, Ok(())));
        }
    }

    /// The roots and all that they require, in the plan's order.
    pub(super) fn closure(&self, roots: &[usize]) -> Vec<usize> {
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

    pub(super) fn count_unmet(&mut self, service: usize) {
        let unmet = self.below[service].iter().filter(|(on, _)| !self.is_settled(*on)).count();
        self.nodes[service].unmet = unmet;
        if unmet == 0 {
            self.enqueue(service);
        }
    }

    /// Whether nobody needs to wait for it: it is up, or will not come up.
    pub(super) fn is_settled(&self, service: usize) -> bool {
        let node = &self.nodes[service];
        !node.wanted
            || matches!(node.state, State::Failed | State::Blocked)
            || node.state == State::Ready && !node.restarts
    }

    pub(super) fn enqueue(&mut self, service: usize) {
        self.queue.push((self.plan.services()[service].height, Reverse(service)));
    }

    pub(super) fn start_what_is_clear(&mut self) {
        while self.starting < self.cap.saturating_add(self.paused) {
            let Some((_, Reverse(service))) = self.queue.pop() else { break };
            let node = &mut self.nodes[service];
            // An entry may be out of date: what it waits for has changed since.
            if node.state != State::Waiting || node.unmet > 0 {
                continue;
            }
            node.state = State::Starting;
            self.starting += 1;
            self.mark_alive(service);
            self.actions.push(Effect::Start(service));
        }
    }

    pub(super) fn pause(&mut self, service: usize) {
        self.nodes[service].pauses += 1;
        self.paused += usize::from(self.nodes[service].pauses == 1);
    }

    /// Its place may be taken: then one more is under way for a while. To wait for a place could be to wait for itself.
    pub(super) fn resume(&mut self, service: usize) {
        self.nodes[service].pauses -= 1;
        self.paused -= usize::from(self.nodes[service].pauses == 0);
    }

    pub(super) fn started(&mut self, service: usize) {
        if self.nodes[service].aborting {
            self.actions.push(Effect::Unwind(service));
            return;
        }
        self.starting -= 1;
        self.nodes[service].state = State::Ready;
        self.actions.push(Effect::Open(service));
        self.release_dependants(service);
        self.count_settled(service);
    }

    /// Moves a service that is not wanted one step down.
    pub(super) fn stop_if_unneeded(&mut self, service: usize) {
        let is_free = self.is_free(service);
        let node = &mut self.nodes[service];
        match node.state {
            State::Waiting => {
                node.state = State::Idle;
                self.actions.push(Effect::Forget(service));
                self.recount_dependants(service);
            }
            State::Starting if !node.aborting => {
                node.aborting = true;
                self.actions.push(Effect::Abort(service));
            }
            State::Ready if is_free => {
                node.state = State::Stopping;
                self.actions.push(Effect::Stop(service));
            }
            _ => {}
        }
    }

    pub(super) fn unwound(&mut self, service: usize) {
        self.starting -= 1;
        self.nodes[service].aborting = false;
        self.settle_down(service);
        self.mark_dead(service);
    }

    pub(super) fn stopped(&mut self, service: usize) {
        self.settle_down(service);
        self.mark_dead(service);
    }

    /// It is down: for good, or until it is its turn again, if somebody has asked for it in the meantime.
    pub(super) fn settle_down(&mut self, service: usize) {
        self.nodes[service].restarts = false;
        if self.shutting_down || !self.nodes[service].wanted {
            self.nodes[service].state = if self.shutting_down { State::Stopped } else { State::Idle };
            self.actions.push(Effect::Forget(service));
            self.recount_dependants(service);
        } else {
            self.nodes[service].state = State::Waiting;
            self.actions.push(Effect::Wait(service));
            self.count_unmet(service);
        }
    }

    pub(super) fn shut_down(&mut self) {
        if std::mem::replace(&mut self.shutting_down, true) {
            return;
        }
        self.queue.clear();
        // The plan's order is dependencies first; the way down is the reverse.
        for service in (0..self.nodes.len()).rev() {
            self.nodes[service].wanted = false;
            if matches!(self.nodes[service].state, State::Idle | State::Waiting) {
                self.nodes[service].state = State::Stopped;
                self.actions.push(Effect::Forget(service));
            } else {
                self.stop_if_unneeded(service);
            }
        }
    }

    pub(super) fn finish_if_down(&mut self) {
        if self.shutting_down && self.alive == 0 && !self.finished {
            self.finished = true;
            self.actions.push(Effect::Finish);
        }
    }

    /// It is settled: those who waited for it wait for one less.
    pub(super) fn release_dependants(&mut self, service: usize) {
        for at in 0..self.plan.services()[service].dependants.len() {
            let dependant = self.plan.services()[service].dependants[at];
            if self.nodes[dependant].state == State::Waiting {
                self.dependency_settled(dependant);
            }
        }
    }

    /// It is no longer wanted: whether those who wait had counted it depends on when they came, so they count anew.
    pub(super) fn recount_dependants(&mut self, service: usize) {
        for at in 0..self.plan.services()[service].dependants.len() {
            let dependant = self.plan.services()[service].dependants[at];
            if self.nodes[dependant].state == State::Waiting {
                self.count_unmet(dependant);
            }
        }
    }

    pub(super) fn dependency_settled(&mut self, dependant: usize) {
        let node = &mut self.nodes[dependant];
        node.unmet -= 1;
        if node.unmet == 0 {
            self.enqueue(dependant);
        }
    }

    pub(super) fn count_settled(&mut self, service: usize) {
        for ticket in std::mem::take(&mut self.nodes[service].awaited_by) {
            if self.demands.met(ticket) {
                self.actions.push(Effect::Settle(ticket, Ok(())));
            }
        }
    }

    pub(super) fn mark_alive(&mut self, service: usize) {
        self.alive += 1;
        for at in 0..self.below[service].len() {
            let (on, bond) = self.below[service][at];
            self.nodes[on].alive_above += 1;
            self.nodes[on].alive_holders += usize::from(bond != Bond::After);
        }
    }

    pub(super) fn mark_dead(&mut self, service: usize) {
        self.alive -= 1;
        for at in 0..self.below[service].len() {
            let (on, bond) = self.below[service][at];
            let node = &mut self.nodes[on];
            node.alive_above -= 1;
            node.alive_holders -= usize::from(bond != Bond::After);
            if node.restarts || node.alive_above == 0 && (self.shutting_down || !node.wanted) {
                self.stop_if_unneeded(on);
            }
        }
    }
}
