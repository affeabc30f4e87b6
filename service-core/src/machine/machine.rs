//! [`Machine`]: the lifecycle of a plan as a pure state machine, with all of its policy. Events go in, effects come out; it
//! knows no clock, no runtime and no instance, so a whole life can be run, and replayed, in a loop.
//!
//! Every service has a state and may be wanted. Each event moves the states towards what is wanted:
//!
//! 1. A wanted service starts when everything it requires is ready, and what it wants or comes after is settled.
//! 2. A service that is no longer wanted stops when nothing that depends on it is alive.
//! 3. Nothing opens once everything shuts down.
//! 4. Each event costs the edges it settles, once: a boot is linear in the plan.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use super::demands::{BOOT, Demand, Demands, Ticket};
use super::effect::{Effect, Timer};
use super::finish::BootCause;
use super::lifecycle_event::LifecycleEvent;
use super::node::Node;
use super::settings::Settings;
use crate::base::{Failure, ShutdownReason, State, sort_by};
use crate::plan::{Bond, Plan};
use crate::report::EventKind;

/// The boot, once it was requested.
#[derive(Clone, Debug)]
pub(super) struct Boot {
    pub(super) began: Duration,
    /// Whether the boot has succeeded: each of its services is ready, or is optional and has failed.
    pub(super) is_complete: bool,
}

/// The shutdown of all services, within this budget.
#[derive(Clone, Debug)]
pub(super) struct Shutdown {
    pub(super) since: Duration,
    pub(super) total: Duration,
}

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
    pub(super) settings: Settings,
    /// How many levels of services there are.
    pub(super) levels: u32,
    pub(super) boot: Option<Boot>,
    /// What the boot fails with, other than failures of services.
    pub(super) boot_end: Option<BootCause>,
    /// Why everything shuts down.
    pub(super) reason: Option<ShutdownReason>,
    /// A shutdown was requested. During the lame-duck delay, the services are still ready.
    pub(super) shutdown_requested: bool,
    pub(super) shutdown: Option<Shutdown>,
    /// The failure of a service for which the boot is rolled back.
    pub(super) culprit: Option<Failure>,
    pub(super) finished: bool,
    /// The time of the current event.
    pub(super) now: Duration,
    pub(super) effects: Vec<Effect>,
}

impl Machine {
    pub(crate) fn new(plan: Plan, settings: Settings) -> Self {
        let mut nodes: Vec<Node> = Vec::with_capacity(plan.len());
        for service in plan.services() {
            let depth = service.needs.iter().map(|need| nodes[need.index].depth + 1).max().unwrap_or(0);
            nodes.push(Node::new(&service.facts, depth));
        }
        let below = plan.services().iter().map(|service| {
            let mut below: Vec<_> = service.needs.iter().map(|need| (need.index, need.bond)).collect();
            sort_by(&mut below, Ord::cmp);
            below.dedup_by_key(|(on, _)| *on);
            below
        });
        Self {
            below: below.collect(),
            plan,
            levels: nodes.iter().map(|node| node.depth + 1).max().unwrap_or(1),
            nodes,
            demands: Demands::default(),
            queue: BinaryHeap::new(),
            starting: 0,
            paused: 0,
            alive: 0,
            settings,
            boot: None,
            boot_end: None,
            reason: None,
            shutdown_requested: false,
            shutdown: None,
            culprit: None,
            finished: false,
            now: Duration::ZERO,
            effects: Vec::new(),
        }
    }

    /// The state of a service; `Stopping` stands for all of draining and stopping.
    #[cfg(test)]
    pub(crate) fn state(&self, service: usize) -> State {
        self.nodes[service].state
    }

    /// Takes in what happened at `now`, counted from any one moment, and returns what is to be done.
    pub(crate) fn on(&mut self, now: Duration, event: LifecycleEvent) -> Vec<Effect> {
        if self.finished {
            return Vec::new();
        }
        self.now = now;
        match event {
            LifecycleEvent::Boot => self.boot(),
            LifecycleEvent::BootAbandoned => self.request_shutdown(ShutdownReason::Cancelled),
            LifecycleEvent::Requested { ticket, service } => self.demand(ticket, vec![service]),
            LifecycleEvent::RestartRequested { ticket, service } => self.restart_requested(ticket, service),
            LifecycleEvent::Started { service, elapsed } => self.started(service, elapsed),
            LifecycleEvent::Paused(service) => self.pause(service),
            LifecycleEvent::Resumed(service) => self.resume(service),
            LifecycleEvent::StartFailed { service, attempt } => self.start_failed(service, attempt),
            LifecycleEvent::Unwound { service, outcome } => self.unwound(service, outcome),
            LifecycleEvent::Stopped { service, outcome, elapsed } => self.stopped(service, outcome, elapsed),
            LifecycleEvent::Escalated { service, failure, drawn } => self.escalated(service, &failure, drawn),
            LifecycleEvent::ReasonGiven(reason) => self.reason_given(reason),
            LifecycleEvent::ShutdownRequested(reason) => self.request_shutdown(reason),
            LifecycleEvent::Dropped => self.dropped(),
            LifecycleEvent::TimerFired(Timer::Boot) => self.boot_timed_out(),
            LifecycleEvent::TimerFired(Timer::LameDuck) => self.begin_shutdown(self.settings.shutdown_timeout),
            LifecycleEvent::TimerFired(Timer::Retry(service)) => self.revive(service),
        }
        self.start_what_is_clear();
        self.finish_if_down();
        std::mem::take(&mut self.effects)
    }

    pub(super) fn emit(&mut self, kind: EventKind) {
        self.effects.push(Effect::Emit(kind));
    }

    pub(super) fn is_optional(&self, service: usize) -> bool {
        self.plan.services()[service].facts.is_optional()
    }

    pub(super) fn demand(&mut self, ticket: Ticket, roots: Vec<usize>) {
        if self.shutdown.is_some() {
            self.effects.push(Effect::Dismiss(ticket));
            return;
        }
        let open = self.join(ticket, &roots);
        if open == 0 {
            self.settle(ticket, Ok(()));
        }
    }

    /// From now on, a demand wants these and all that they require. Returns how many of them it has to wait for.
    pub(super) fn join(&mut self, ticket: Ticket, roots: &[usize]) -> usize {
        let members = self.closure(roots);
        let mut revives = false;
        let mut open = 0;
        for &member in &members {
            self.nodes[member].demands.push(ticket);
            self.set_wanted(member, true);
            let node = &self.nodes[member];
            if matches!(node.state, State::Idle | State::Stopped) || node.is_lost() {
                revives |= node.is_lost();
                self.wait(member);
            }
            if !self.is_settled(member) {
                open += 1;
                self.nodes[member].awaited_by.push(ticket);
            }
        }
        self.demands.add(ticket, Demand { members, unsettled: open, is_passing: false });
        if revives {
            self.unblock();
        }
        open
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

    pub(super) fn set_wanted(&mut self, service: usize, wanted: bool) {
        self.nodes[service].wanted = wanted;
        self.tell_dependants(service);
    }

    pub(super) fn set_restarting(&mut self, service: usize, restarting: bool) {
        self.nodes[service].restarting = restarting;
        self.tell_dependants(service);
    }

    /// Whether its dependants need not wait for it: it is ready, has failed, or is not wanted.
    pub(super) fn is_settled(&self, service: usize) -> bool {
        let node = &self.nodes[service];
        !node.wanted || node.is_lost() || node.state == State::Ready && !node.restarting
    }

    /// Follows each change of what [`is_settled`](Self::is_settled) looks at, so that each dependant's count is exact.
    pub(super) fn tell_dependants(&mut self, service: usize) {
        let is_settled = self.is_settled(service);
        if std::mem::replace(&mut self.nodes[service].counts_as_settled, is_settled) == is_settled {
            return;
        }
        for at in 0..self.plan.services()[service].dependants.len() {
            let dependant = self.plan.services()[service].dependants[at];
            if is_settled {
                self.nodes[dependant].unmet -= 1;
                self.enqueue_if_clear(dependant);
            } else {
                self.nodes[dependant].unmet += 1;
            }
        }
    }

    /// Lets a service start, as soon as a place is free, that waits for nothing else.
    pub(super) fn enqueue_if_clear(&mut self, service: usize) {
        if self.nodes[service].is_clear() {
            self.queue.push((self.plan.services()[service].height, Reverse(service)));
            if self.settings.concurrency < self.nodes.len() {
                self.effects.push(Effect::Queue(service));
            }
        }
    }

    pub(super) fn start_what_is_clear(&mut self) {
        while self.starting < self.settings.concurrency.max(1).saturating_add(self.paused) {
            let Some((_, Reverse(service))) = self.queue.pop() else { break };
            // An entry may be out of date: what it waits for has changed since.
            if self.nodes[service].is_clear() {
                self.start(service);
            }
        }
    }

    /// Moves a service that is not wanted one step down.
    pub(super) fn stop_if_unneeded(&mut self, service: usize) {
        let is_free = self.is_free(service);
        let node = &mut self.nodes[service];
        match node.state {
            State::Waiting => self.forget(service, State::Idle),
            State::Starting if !node.aborting => {
                node.aborting = true;
                self.effects.push(Effect::Abort { service, limit: self.limit(service) });
            }
            State::Ready if is_free => {
                node.state = State::Stopping;
                self.stop(service);
            }
            _ => {}
        }
    }

    fn stop(&mut self, service: usize) {
        self.nodes[service].was_up &= self.comes_back(service);
        let cause = self.status(service).cause;
        self.effects.push(Effect::Stop { service, cause, limit: self.limit(service) });
    }

    /// The service is down: for good, or until its next start, if it is still wanted.
    pub(super) fn after_stop(&mut self, service: usize) {
        self.set_restarting(service, false);
        if self.shutdown.is_none() && self.nodes[service].wanted {
            self.wait(service);
        } else {
            self.forget(service, if self.shutdown.is_some() { State::Stopped } else { State::Idle });
        }
    }

    pub(super) fn wait(&mut self, service: usize) {
        if self.nodes[service].state == State::Failed {
            // A request is earlier than the timer.
            self.effects.push(Effect::CancelTimer(Timer::Retry(service)));
        }
        let node = &mut self.nodes[service];
        (node.blocked_by, node.requested) = (None, true);
        node.setback = node.failure.take().or(node.setback.take());
        self.enter(service, State::Waiting);
        self.enqueue_if_clear(service);
    }

    pub(super) fn settle(&mut self, ticket: Ticket, outcome: Result<(), usize>) {
        if ticket == BOOT {
            self.boot_settled(outcome.is_ok());
        }
        self.effects.push(Effect::Settle(ticket, outcome));
    }

    pub(super) fn settle_for_demands(&mut self, service: usize) {
        for ticket in std::mem::take(&mut self.nodes[service].awaited_by) {
            if self.demands.met(ticket) {
                self.settle(ticket, Ok(()));
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
            if node.restarting || node.alive_above == 0 && (self.shutdown.is_some() || !node.wanted) {
                self.stop_if_unneeded(on);
            }
        }
    }
}
