//! What a failure moves: what it blocks, which demands it loses, and what came up for their sake alone.

use super::demands::{Ticket, Verdict};
use super::effect::Effect;
use super::machine::Machine;
use crate::base::State;
use crate::plan::Bond;

impl Machine {
    pub(super) fn start_failed(&mut self, service: usize) {
        if self.comes_back(service) {
            // It was given up anyway, and is started again.
            self.unwound(service);
            return;
        }
        self.starting -= 1;
        self.nodes[service].aborting = false;
        self.nodes[service].state = State::Failed;
        self.actions.push(Effect::Fail(service));
        self.mark_dead(service);
        if self.shutting_down {
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
                    self.actions.push(Effect::Block(dependant, failed));
                    settled.push(dependant);
                } else {
                    self.dependency_settled(dependant);
                }
            }
        }
        for service in settled {
            if self.shutting_down {
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
            match self.demands.missed(ticket, optional) {
                Verdict::Open => {}
                Verdict::Met => self.actions.push(Effect::Settle(ticket, Ok(()))),
                Verdict::Lost => lost.push(ticket),
                Verdict::Fatal => {
                    self.actions.push(Effect::Settle(ticket, Err(failed)));
                    self.actions.push(Effect::RollBack);
                    self.shut_down();
                    return;
                }
            }
        }
        for ticket in lost {
            self.withdraw(ticket, failed);
        }
    }

    /// A demand that can't be met is taken back, and with it what came up for its sake alone.
    fn withdraw(&mut self, ticket: Ticket, failed: usize) {
        self.actions.push(Effect::Settle(ticket, Err(failed)));
        // Dependants first, so that each finds nothing alive above it.
        for member in self.demands.take_back(ticket).into_iter().rev() {
            let node = &mut self.nodes[member];
            node.demands.retain(|&other| other != ticket);
            if node.demands.is_empty() {
                node.wanted = false;
                self.stop_if_unneeded(member);
            }
        }
    }
}
