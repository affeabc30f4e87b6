//! What a restart moves: one service, those above it that hold its instance, and nothing else.

use super::{Action, Machine};
use crate::fact::{Bond, State};

impl Machine {
    pub(super) fn restart(&mut self, service: usize) {
        if self.sinking {
            return;
        }
        match self.nodes[service].state {
            State::Failed if self.nodes[service].wanted => match self.hindered_by(service) {
                // It is revived with the one it needs.
                Some(by) => {
                    self.nodes[service].state = State::Blocked;
                    self.actions.push(Action::Block(service, by));
                }
                None => self.revive(service),
            },
            State::Starting | State::Ready => self.recycle(service),
            // It is on its way already, or nobody wants it.
            _ => {}
        }
    }

    /// Takes it down with those that hold it, to bring them all up again.
    fn recycle(&mut self, service: usize) {
        let moved = self.holders(service);
        for &it in &moved {
            if self.nodes[it].state == State::Ready && !self.nodes[it].recycled {
                let demands = self.nodes[it].demands.iter().copied();
                let awaited = demands.filter(|&ticket| self.demands.reopen(ticket)).collect();
                self.nodes[it].awaited_by = awaited;
            }
            self.nodes[it].recycled = true;
        }
        for &it in &moved {
            self.recount_dependants(it);
        }
        // Dependants first, so that each finds nothing alive above it.
        for &it in moved.iter().rev() {
            self.let_go(it);
        }
    }

    /// It and those alive that hold its instance, or that of one that does; in the plan's order.
    fn holders(&self, service: usize) -> Vec<usize> {
        let mut holders = vec![service];
        let mut at = 0;
        while let Some(&on) = holders.get(at) {
            at += 1;
            for &dependant in &self.plan.services()[on].dependants {
                if self.is_alive(dependant) && self.holds(dependant, on) && !holders.contains(&dependant) {
                    holders.push(dependant);
                }
            }
        }
        holders.sort_unstable();
        holders
    }

    /// Waits for it again, and with it those that it had blocked.
    fn revive(&mut self, failed: usize) {
        self.wait_anew(failed);
        self.recount_dependants(failed);
        self.count_unmet(failed);
        self.unblock();
    }

    /// Waits again for all that nothing blocks any more.
    pub(super) fn unblock(&mut self) {
        let mut unblocked = Vec::new();
        // The plan's order: what a service requires has been decided on before it.
        for service in 0..self.nodes.len() {
            let node = &self.nodes[service];
            if node.state == State::Blocked && node.wanted && self.hindered_by(service).is_none() {
                self.wait_anew(service);
                unblocked.push(service);
            }
        }
        for &it in &unblocked {
            self.recount_dependants(it);
            self.count_unmet(it);
        }
    }

    /// The failure that keeps it from coming up, if one does.
    fn hindered_by(&self, service: usize) -> Option<usize> {
        let mut required = self.below[service].iter().filter(|(_, bond)| *bond == Bond::Requires);
        required.find_map(|&(on, _)| match self.nodes[on].state {
            State::Failed => Some(on),
            State::Blocked => self.hindered_by(on),
            _ => None,
        })
    }

    fn wait_anew(&mut self, service: usize) {
        self.nodes[service].state = State::Waiting;
        self.actions.push(Action::Await(service));
    }

    /// Whether it goes down only to come up again.
    pub(super) fn is_recycled(&self, service: usize) -> bool {
        let node = &self.nodes[service];
        node.recycled && node.wanted && !self.sinking
    }

    /// Whether it may be stopped: nothing alive above it depends on it, or, where it comes back, holds it.
    pub(super) fn is_free(&self, service: usize) -> bool {
        if !self.is_recycled(service) {
            return self.nodes[service].alive_above == 0;
        }
        let dependants = &self.plan.services()[service].dependants;
        !dependants.iter().any(|&dependant| self.is_alive(dependant) && self.holds(dependant, service))
    }

    fn is_alive(&self, service: usize) -> bool {
        matches!(self.nodes[service].state, State::Starting | State::Ready | State::Stopping)
    }

    /// Whether it may have the other one's instance; one that only comes after it has not.
    fn holds(&self, service: usize, on: usize) -> bool {
        self.below[service].iter().any(|(below, bond)| *below == on && *bond != Bond::After)
    }
}
