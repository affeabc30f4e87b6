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
            self.let_go_below(service, service);
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
        let (name, by_name) = (self.nodes[service].name.clone(), self.nodes[by].name.clone());
        self.emit(EventKind::Blocked { service: name, by: by_name });
        self.let_go_below(service, by);
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
            let is_kept = self.nodes[member].state == State::Ready && self.is_kept(member);
            if self.nodes[member].demands.is_empty() && !is_kept {
                self.abandon(member, failed);
                self.let_go_below(member, failed);
            }
        }
    }

    /// Whether one that is wanted depends on it: a service that is up stays wanted for as long, although the demand was lost that
    /// had it started.
    fn is_kept(&self, service: usize) -> bool {
        let mut dependants = self.plan.services()[service].dependants.iter();
        dependants.any(|&above| self.nodes[above].wanted && !self.nodes[above].is_lost())
    }

    /// A service is lost or no longer wanted, because one has failed. The services below it that were kept only for it are no longer
    /// wanted either.
    fn let_go_below(&mut self, service: usize, failed: usize) {
        let mut open = vec![service];
        while let Some(above) = open.pop() {
            for at in 0..self.below[above].len() {
                let (on, _) = self.below[above][at];
                let node = &self.nodes[on];
                if self.shutdown.is_none() && node.wanted && node.demands.is_empty() && !self.is_kept(on) {
                    self.abandon(on, failed);
                    open.push(on);
                }
            }
        }
    }

    /// No demand has the service any more, because a service has failed. If it was lost before, it is not tried again; a request of its
    /// restart is answered with that failure.
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
