//! What a restart moves: one service, those above it that hold its instance, and nothing else.

use std::time::Duration;

use super::demands::{Demand, Ticket};
use super::effect::Effect;
use super::machine::Machine;
use super::restarts::Next;
use crate::base::{Failure, State};
use crate::plan::Bond;
use crate::report::EventKind;

impl Machine {
    /// A supervised task of a service has failed for good: the service restarts, or the failure breaks the registry.
    pub(super) fn escalated(&mut self, service: usize, failure: &Failure, drawn: f64) {
        // What fails in an instance that a restart already replaces ends with it.
        if self.shutdown_requested || !self.has_instance_to_replace(service) {
            return;
        }
        if let Some(pause) = self.restart_pause(service, failure, drawn) {
            self.nodes[service].restart_delay = pause;
            self.restart_with_holders(service);
            return;
        }
        self.nodes[service].task_failure.get_or_insert_with(|| failure.clone());
        if !self.is_optional(service) {
            self.break_down(failure);
        }
    }

    /// The restart of a service was requested, whatever its policy. One that is down, and not on its way, is demanded; one that
    /// is already on its way is only waited for.
    pub(super) fn restart_requested(&mut self, ticket: Ticket, service: usize) {
        if self.shutdown_requested {
            self.effects.push(Effect::Dismiss(ticket));
            return;
        }
        self.emit(EventKind::RestartRequested { service: self.nodes[service].name.clone() });
        let node = &self.nodes[service];
        if node.is_lost() || !node.wanted && node.state != State::Ready {
            self.demand(ticket, vec![service]);
            return;
        }
        if node.wanted {
            self.demands.add(ticket, Demand { members: vec![service], unsettled: 0, is_passing: true });
        } else {
            // It is only up because it cannot stop yet.
            self.join(ticket, &[service]);
        }
        if self.has_instance_to_replace(service) {
            self.restart_with_holders(service);
        }
        self.demands.wait_for(ticket);
        self.nodes[service].awaited_by.push(ticket);
    }

    /// How long to wait before the restart that follows this failure, if its policy allows one.
    pub(super) fn restart_pause(&mut self, service: usize, failure: &Failure, drawn: f64) -> Option<Duration> {
        let now = self.now;
        let node = &mut self.nodes[service];
        let ran = node.ready_since.map_or(Duration::ZERO, |since| now - since);
        let Next::Again(delay) = node.restarts.as_mut()?.after(now, ran, true, drawn) else { return None };
        let name = node.name.clone();
        node.setback = Some(failure.clone());
        self.emit(EventKind::Restarting { service: name, delay, failure: failure.clone() });
        Some(delay)
    }

    /// Whether the failure of a service takes away something that was up and is not optional: itself, or one that it blocks.
    pub(super) fn is_broken(&self, service: usize) -> bool {
        let is_lost = |it: usize| self.nodes[it].is_lost() && self.nodes[it].was_up && !self.is_optional(it);
        self.nodes[service].was_up && (service..self.nodes.len()).any(is_lost)
    }

    /// Whether it is starting or ready, and neither a failure, a restart nor a shutdown takes it down already.
    fn has_instance_to_replace(&self, service: usize) -> bool {
        let node = &self.nodes[service];
        let is_leaving = node.restarting || node.aborting || node.unwinding;
        matches!(node.state, State::Starting | State::Ready) && node.wanted && !is_leaving
    }

    /// Waits for it again, and with it those that it had blocked; unless somebody has had it tried in the meantime.
    pub(super) fn revive(&mut self, failed: usize) {
        if self.shutdown.is_some() || self.nodes[failed].state != State::Failed || !self.nodes[failed].wanted {
            return;
        }
        if let Some(by) = self.root_blocker(failed) {
            // It is revived with the one it needs.
            self.block(failed, by);
            return;
        }
        self.wait(failed);
        self.unblock();
    }

    /// Takes it down with those that hold it, to bring them all up again.
    fn restart_with_holders(&mut self, service: usize) {
        let moved = self.holders(service);
        for &it in &moved {
            if self.nodes[it].state == State::Ready && !self.nodes[it].restarting {
                let demands = self.nodes[it].demands.iter().copied();
                let awaited = demands.filter(|&ticket| self.demands.reopen(ticket)).collect();
                self.nodes[it].awaited_by = awaited;
            }
            self.set_restarting(it, true);
        }
        // Dependants first, so that each finds nothing alive above it.
        for &it in moved.iter().rev() {
            self.stop_if_unneeded(it);
        }
    }

    /// It and those alive that hold its instance, or that of one that does; in the plan's order.
    pub(super) fn holders(&self, service: usize) -> Vec<usize> {
        let mut holds = vec![false; self.nodes.len()];
        holds[service] = true;
        // A dependant comes after its dependencies in the plan's order.
        for above in service + 1..self.nodes.len() {
            let alive = self.nodes[above].is_alive();
            holds[above] = alive && self.below[above].iter().any(|&(on, bond)| holds[on] && bond != Bond::After);
        }
        (service..holds.len()).filter(|&it| holds[it]).collect()
    }

    /// Waits again for all that nothing blocks any more.
    pub(super) fn unblock(&mut self) {
        // The plan's order: what a service requires has been decided on before it.
        for service in 0..self.nodes.len() {
            let node = &self.nodes[service];
            if node.state == State::Blocked && node.wanted && self.blocker(service).is_none() {
                self.wait(service);
            }
        }
    }

    /// The failure that keeps it from coming up, if one does.
    fn root_blocker(&self, service: usize) -> Option<usize> {
        let mut root = self.blocker(service)?;
        while let Some(below) = self.blocker(root).filter(|_| self.nodes[root].state == State::Blocked) {
            root = below;
        }
        Some(root)
    }

    /// A required service that has failed or is blocked.
    fn blocker(&self, service: usize) -> Option<usize> {
        let mut required = self.below[service].iter().filter(|(_, bond)| *bond == Bond::Requires).map(|(on, _)| *on);
        required.find(|&on| self.nodes[on].is_lost())
    }

    /// Whether it stops only to start again.
    pub(super) fn comes_back(&self, service: usize) -> bool {
        let node = &self.nodes[service];
        node.restarting && node.wanted && self.shutdown.is_none()
    }

    /// Whether it may be stopped: nothing alive above it depends on it, or, in a restart, holds it. A restart moves no service
    /// that only comes after it, even if it is not to come back.
    pub(super) fn is_free(&self, service: usize) -> bool {
        let node = &self.nodes[service];
        if node.restarting && self.shutdown.is_none() { node.alive_holders == 0 } else { node.alive_above == 0 }
    }
}
