//! What a failure changes: what it blocks, which demands it loses, and which services had started only for these demands.

use super::demands::{Ticket, Verdict};
use super::effect::{Effect, Timer};
use super::machine::Machine;
use crate::base::State;
use crate::plan::Bond;
use crate::report::EventKind;

impl Machine {
    pub(super) fn fail(&mut self, service: usize) {
        self.starting -= 1;
        self.nodes[service].aborting = false;
        self.set_restarting(service, false);
        self.enter(service, State::Failed);
        let node = &self.nodes[service];
        if let Some(failure) = node.failure.clone() {
            self.emit(EventKind::Failed { service: node.name.clone(), failure });
        }
        if self.shutdown.is_none() {
            self.block_above(service);
        }
    }

    /// Settles a failed service, and blocks what requires it, all the way up.
    fn block_above(&mut self, failed: usize) {
        let mut settled = vec![failed];
        let mut at = 0;
        while let Some(&service) = settled.get(at) {
            at += 1;
            for place in 0..self.plan.services()[service].dependants.len() {
                let dependant = self.plan.services()[service].dependants[place];
                if self.nodes[dependant].state == State::Waiting && self.requires(dependant, service) {
                    self.block(dependant, failed);
                    settled.push(dependant);
                }
            }
        }
        for service in settled {
            if self.shutdown.is_some() {
                break;
            }
            self.fail_demands(service, failed);
        }
    }

    pub(super) fn block(&mut self, service: usize, by: usize) {
        self.nodes[service].blocked_by = Some(by);
        self.enter(service, State::Blocked);
        let (name, by) = (self.nodes[service].name.clone(), self.nodes[by].name.clone());
        self.emit(EventKind::Blocked { service: name, by });
    }

    /// From what was booted for its own sake down to this service, by what requires it.
    pub(super) fn path(&self, service: usize) -> Vec<String> {
        let mut path = vec![service];
        let mut at = service;
        while let Some(&above) = self.plan.services()[at].dependants.iter().find(|&&above| self.requires(above, at)) {
            path.push(above);
            at = above;
        }
        path.iter().rev().map(|&at| self.nodes[at].name.to_string()).collect()
    }

    fn requires(&self, service: usize, on: usize) -> bool {
        self.below[service].contains(&(on, Bond::Requires))
    }

    fn fail_demands(&mut self, service: usize, failed: usize) {
        let optional = self.is_optional(service);
        let mut lost = Vec::new();
        for ticket in std::mem::take(&mut self.nodes[service].awaited_by) {
            match self.demands.missed(ticket, optional) {
                Verdict::Open => {}
                Verdict::Met => self.settle(ticket, Ok(())),
                Verdict::Lost => lost.push(ticket),
                Verdict::Fatal => {
                    self.settle(ticket, Err(failed));
                    self.culprit = self.nodes[failed].failure.clone();
                    self.roll_back();
                    return;
                }
            }
        }
        for ticket in lost {
            self.withdraw(ticket, failed);
        }
    }

    /// Takes back a demand that cannot be met. Members that no other demand has are no longer wanted.
    fn withdraw(&mut self, ticket: Ticket, failed: usize) {
        self.settle(ticket, Err(failed));
        // Dependants first, so that each finds nothing alive above it.
        for member in self.demands.take_back(ticket).unwrap_or_default().into_iter().rev() {
            self.nodes[member].demands.retain(|&other| other != ticket);
            if self.nodes[member].demands.is_empty() {
                self.abandon(member, failed);
            }
        }
    }

    /// No demand has it any more. It may have been lost before, and what waits for its restart is answered.
    fn abandon(&mut self, service: usize, failed: usize) {
        self.set_wanted(service, false);
        if self.nodes[service].state == State::Failed {
            self.effects.push(Effect::CancelTimer(Timer::Retry(service)));
        }
        for restart in std::mem::take(&mut self.nodes[service].awaited_by) {
            if self.demands.take_back(restart).is_some() {
                self.settle(restart, Err(failed));
            }
        }
        self.stop_if_unneeded(service);
    }
}
