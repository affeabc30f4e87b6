//! The boot: its begin, its budget, what it waits for, and what it fails with.

use super::demands::BOOT;
use super::effect::{Effect, Timer};
use super::finish::{BootCause, BootEnd};
use super::machine::{Boot, Machine};
use super::unready::Unready;
use crate::base::{Failure, ShutdownReason, State};
use crate::plan::Bond;
use crate::report::EventKind;

impl Machine {
    pub(super) fn boot(&mut self) {
        if self.boot.is_some() || self.shutdown_requested {
            return;
        }
        self.boot = Some(Boot { began: self.now, is_complete: false });
        self.effects.push(Effect::BeginBoot);
        if let Some(timeout) = self.settings.boot_timeout {
            self.effects.push(Effect::SetTimer(Timer::Boot, self.now.saturating_add(timeout)));
        }
        let services = self.plan.services().iter().enumerate();
        let roots: Vec<_> = services.filter(|(_, it)| it.eager).map(|(index, _)| index).collect();
        self.emit(EventKind::Booting { services: roots.len() });
        let unused = self.plan.services().iter().enumerate().filter(|(_, it)| it.is_unused);
        let unused: Vec<_> = unused.map(|(index, _)| self.nodes[index].name.clone()).collect();
        unused.into_iter().for_each(|service| self.emit(EventKind::Unused { service }));
        self.demand(BOOT, roots);
    }

    pub(super) fn boot_timed_out(&mut self) {
        let Some(boot) = self.boot.as_ref().filter(|boot| !boot.is_complete && self.shutdown.is_none()) else {
            return;
        };
        let elapsed = self.now - boot.began;
        self.effects.push(Effect::DescribeUnready(self.unready()));
        self.boot_end = Some(BootCause::TimedOut(elapsed));
        self.roll_back();
    }

    /// The boot's demand is met, or lost.
    pub(super) fn boot_settled(&mut self, is_met: bool) {
        if let Some(boot) = &mut self.boot {
            boot.is_complete = is_met;
        }
        self.effects.push(Effect::CancelTimer(Timer::Boot));
    }

    pub(crate) fn is_booting(&self) -> bool {
        self.boot.as_ref().is_some_and(|boot| !boot.is_complete)
    }

    pub(super) fn is_booted(&self) -> bool {
        self.boot.as_ref().is_some_and(|boot| boot.is_complete)
    }

    /// What the boot fails with, unless it succeeded.
    pub(super) fn boot_error(&mut self, reason: &ShutdownReason) -> Option<BootEnd> {
        if self.is_booted() {
            return None;
        }
        let has_failed = self.nodes.iter().any(|node| node.failure.is_some());
        let cause = match self.boot_end.take() {
            Some(cause) => cause,
            None if has_failed => BootCause::Services,
            None => BootCause::ShutDown(reason.clone()),
        };
        let blocked = self.blocked();
        let failures = self.boot_failures(&blocked);
        Some(BootEnd { cause, failures, blocked })
    }

    /// What has failed, in the plan's order; but first of all what failed the boot, and last of all what was to be tried again.
    fn boot_failures(&self, blocked: &[(usize, usize)]) -> Vec<Failure> {
        let mut fatal: Vec<bool> = (0..self.nodes.len()).map(|service| !self.is_optional(service)).collect();
        for &(_, by) in blocked.iter().filter(|(service, _)| !self.is_optional(*service)) {
            fatal[by] = true;
        }
        let (mut first, mut others, mut setbacks) = (Vec::new(), Vec::new(), Vec::new());
        for (service, node) in self.nodes.iter().enumerate() {
            let failures = if fatal[service] { &mut first } else { &mut others };
            failures.extend(node.failure.clone());
            failures.extend(node.task_failure.clone());
            setbacks.extend(node.setback.clone().filter(|_| node.failure.is_none()));
        }
        first.append(&mut others);
        first.append(&mut setbacks);
        first
    }

    /// Each service that can't start because of one that failed, and which. It follows from the plan and the failures
    /// alone, so it does not depend on the order in which services start.
    fn blocked(&self) -> Vec<(usize, usize)> {
        let mut root: Vec<Option<usize>> = vec![None; self.nodes.len()];
        let mut blocked = Vec::new();
        // In the plan's order, what a service requires comes before it.
        for (service, node) in self.nodes.iter().enumerate() {
            if node.state == State::Failed {
                root[service] = Some(service);
            } else if node.requested {
                let required = self.below[service].iter().filter(|(_, bond)| *bond == Bond::Requires);
                root[service] = required.filter_map(|(on, _)| root[*on]).min();
                blocked.extend(root[service].map(|by| (service, by)));
            }
        }
        blocked
    }

    /// What keeps each service from being ready that is wanted and has not failed.
    fn unready(&self) -> Vec<(usize, Unready)> {
        let unsettled = (0..self.nodes.len()).filter(|&service| !self.is_settled(service));
        unsettled.map(|service| (service, self.unready_because(service))).collect()
    }

    fn unready_because(&self, service: usize) -> Unready {
        let node = &self.nodes[service];
        match node.state {
            _ if node.unwinding => Unready::Unwinds,
            State::Waiting if node.unmet > 0 => {
                let below = self.below[service].iter().map(|(on, _)| *on);
                Unready::WaitsFor(below.filter(|&on| !self.is_settled(on)).collect())
            }
            State::Waiting => Unready::WaitsForPlace,
            State::Starting => Unready::Starts(node.attempt),
            _ => Unready::Restarts(self.holders(service).split_off(1)),
        }
    }
}
