//! What must hold in every [`Life`]: for each effect, between any two events, and at the end.

use std::time::Duration;

use super::answers::is_shut_down;
use super::harness::blocker;
use super::known::Doing;
use super::life::Life;
use crate::base::{ShutdownReason, State};
use crate::machine::{BOOT, BootCause, BootEnd, Effect, Finish, Status, Ticket};
use crate::plan::Bond;
use crate::plan::fixtures::ms;
use crate::report::{EventKind, Refusal, RefusalCause};

impl Life {
    pub(super) fn obey(&mut self, effect: &Effect) {
        self.check(!self.finished, "nothing follows Finish");
        match effect {
            Effect::Publish { service, status } => self.publish(*service, status),
            Effect::Start { service, attempt, after, until } => self.start(*service, *attempt, *after, *until),
            Effect::Open(service) => {
                self.check(!self.is_sunk() && self.each[*service].doing == Doing::Up, "what has started opens");
                (self.each[*service].was_up, self.each[*service].setback) = (true, false);
                self.each[*service].has_place = false;
            }
            Effect::Abort { service, limit } => {
                let known = &self.each[*service];
                let has_retry = known.doing == Doing::Undoing && known.retry.is_some();
                self.check(known.doing == Doing::Starting || has_retry, "only a start is aborted");
                let returns = self.moved.remove(service);
                let unwanted = self.is_sunk() || !self.is_wanted(*service);
                self.check(returns || unwanted, "what is wanted is only aborted to come back");
                self.each[*service].retry = None;
                if !has_retry {
                    self.each[*service].doing = Doing::Aborting;
                }
                self.limited(*limit);
            }
            Effect::Unwind { service, limit } => {
                let known = &mut self.each[*service];
                let has_failed = std::mem::take(&mut known.failing);
                let former =
                    std::mem::replace(&mut known.doing, if has_failed { Doing::Undoing } else { Doing::Unwinding });
                let is_right = former == Doing::Aborting || has_failed && former == Doing::Starting;
                self.check(is_right, "only what has failed, or was aborted, is unwound");
                self.limited(*limit);
            }
            Effect::Stop { service, cause, limit } => {
                self.stop(*service, cause);
                self.limited(*limit);
            }
            Effect::Limit { service, limit } => {
                self.check(self.is_sunk() && self.is_busy(*service), "only what already stops is cut short");
                self.limited(*limit);
            }
            Effect::Refuse { service, cause } => {
                self.check(self.is_sunk() && self.is_busy(*service), "only a shutdown refuses what does not change");
                self.check(is_shut_down(cause), "a refusal says why everything shuts down");
            }
            Effect::DescribeUnready(unready) => self.describe(unready),
            Effect::Queue(_) | Effect::Record(_) | Effect::BeginBoot => {}
            Effect::Emit(kind) => self.emitted(kind),
            Effect::SetTimer(timer, at) => self.timers.push((*at, *timer)),
            Effect::CancelTimer(timer) => self.timers.retain(|(_, set)| set != timer),
            Effect::Settle(ticket, _) | Effect::Dismiss(ticket) if self.restart_requests.remove(ticket) => {}
            Effect::Settle(ticket, answer) => self.settle(*ticket, *answer),
            Effect::Dismiss(ticket) => {
                let open = self.demands.get(ticket).is_some_and(|demand| demand.answer.is_none());
                self.check(
                    open && self.is_sunk() && *ticket != BOOT,
                    "only an open request is dismissed, at the shutdown",
                );
            }
            Effect::SetReason(reason) => {
                self.check(self.reason.is_none(), "there is one reason");
                self.check(self.requested.as_ref().is_none_or(|first| first == reason), "the first reason counts");
                self.reason = Some(reason.clone());
            }
            Effect::Finish(end) => self.finish(end),
        }
    }

    fn publish(&mut self, service: usize, status: &Status) {
        match status.state {
            State::Waiting => {
                self.each[service].setback |= std::mem::take(&mut self.each[service].failed);
                self.check(!self.is_sunk() && self.is_down(service), "only what is down waits");
            }
            State::Failed => {
                (self.each[service].fell, self.each[service].failed) = (true, true);
                self.check(self.is_down(service), "what failed is down");
                self.check(matches!(status.cause.refusal, Refusal::Failed(_)), "what failed says how");
            }
            State::Blocked => {
                (self.each[service].fell, self.each[service].failed) = (true, false);
                let by = blocker(&self.plan, &status.cause);
                self.check(by.is_some_and(|by| self.each[by].failed), "it is blocked by one that has failed");
                self.check(!self.is_alive(service), "what is blocked never began");
                let requires = by.is_some_and(|by| by != service && self.closure(&[service]).contains(&by));
                self.check(requires, "it is blocked by what it requires");
            }
            State::Idle | State::Stopped => {
                self.check(self.is_down(service), "only what is down is forgotten");
                self.check(self.is_sunk() == (status.state == State::Stopped), "it stops for good in a shutdown only");
                self.check(!self.is_sunk() || is_shut_down(&status.cause), "its callers are told why everything stops");
                self.each[service].was_up = false;
            }
            _ => {}
        }
        self.each[service].has_place &= status.state == State::Starting;
    }

    /// Whether nothing of it is left, except for what a failed attempt has begun.
    fn is_down(&self, service: usize) -> bool {
        matches!(self.each[service].doing, Doing::Nothing | Doing::Undoing)
    }

    fn start(&mut self, service: usize, attempt: u32, after: Option<Duration>, until: Duration) {
        self.check(!self.is_sunk(), "nothing starts once everything goes down");
        self.check(self.each[service].doing == Doing::Nothing, "what starts is down");
        self.each[service].doing = Doing::Starting;
        let starts = self.now + after.unwrap_or_default();
        if attempt > 1 {
            self.check(
                attempt == self.each[service].attempt + 1 && until == self.each[service].until,
                "one budget for all",
            );
            self.check(starts < until, "a pause does not outlive the budget");
        } else {
            self.check(until == starts + ms(50), "the budget begins after the pause");
            let takes_place = |at: &usize| *at != service && self.each[*at].has_place && self.each[*at].pauses == 0;
            let taken = (0..self.plan.len()).filter(takes_place).count();
            self.check(taken < self.settings.concurrency, "it starts only where a place is free");
            self.clear_to_start(service);
        }
        (self.each[service].attempt, self.each[service].until) = (attempt, until);
        self.each[service].has_place = true;
    }

    fn clear_to_start(&self, service: usize) {
        for on in self.below(service, Bond::Requires) {
            self.check(self.machine.state(on) == State::Ready, "everything it requires is ready");
            self.check(self.each[on].doing == Doing::Up, "and does not stop");
        }
        for on in self.below(service, Bond::Wants).chain(self.below(service, Bond::After)) {
            let pending = matches!(self.machine.state(on), State::Waiting | State::Starting) && self.is_wanted(on);
            self.check(!pending, "what it wants or comes after is settled");
        }
    }

    fn stop(&mut self, service: usize, cause: &RefusalCause) {
        self.check(self.each[service].doing == Doing::Up, "only what is up is stopped, and once");
        let wanted = !self.is_sunk() && self.is_wanted(service);
        let is_moved = self.moved.remove(&service) && !self.is_sunk();
        let returns = is_moved && wanted;
        self.check(returns || !wanted, "what is wanted is only stopped to come back");
        self.check(
            returns == matches!(cause.refusal, Refusal::Restarting),
            "its callers are told whether it comes back",
        );
        let above = self.plan.services()[service].dependants.iter().copied().filter(|&above| self.is_alive(above));
        let mut holding = above.filter(|&above| !is_moved || self.holds(above, service));
        self.check(holding.next().is_none(), "what stops has nothing alive above it that needs it");
        self.each[service].was_up &= returns;
        self.each[service].doing = Doing::Stopping;
    }

    fn holds(&self, above: usize, service: usize) -> bool {
        [Bond::Requires, Bond::Wants].iter().any(|&bond| self.below(above, bond).any(|on| on == service))
    }

    fn limited(&self, limit: Option<Duration>) {
        let total = if self.is_booted() { self.settings.shutdown_timeout } else { self.settings.rollback_timeout };
        let has_boot = self.demands.contains_key(&BOOT);
        let total = if has_boot { total } else { self.settings.shutdown_timeout };
        let left = self.down_since.map(|since| total.saturating_sub(self.now - since).max(ms(100)));
        self.check(limit.is_some() == left.is_some(), "only a shutdown has a common budget");
        self.check(
            limit.is_none_or(|limit| Some(limit) <= left && !limit.is_zero()),
            "a share is a part of what is left",
        );
    }

    fn emitted(&mut self, kind: &EventKind) {
        match kind {
            EventKind::ShuttingDown { .. } => {
                self.check(self.reason.is_some(), "a shutdown has a reason");
                if !self.is_booted() || self.settings.lame_duck.is_zero() {
                    self.down_since = Some(self.now);
                }
            }
            EventKind::RollingBack => {
                self.check(!self.is_sunk() && !self.is_booted(), "a rollback is the first to take everything down");
                self.down_since = Some(self.now);
            }
            EventKind::Restarting { service, .. } => {
                let service = self.plan.index_of_name(service).expect("it is in the plan");
                let recent = self.each[service].restarts.iter().filter(|at| self.now - **at < ms(100)).count();
                let allowed = self.plan.services()[service].facts.restart.map(|policy| policy.restarts as usize);
                self.check(allowed.is_some_and(|allowed| recent < allowed), "no more restarts than its policy allows");
                self.each[service].restarts.push(self.now);
                self.each[service].setback = true;
            }
            EventKind::Retrying { service, .. } => {
                let service = self.plan.index_of_name(service).expect("it is in the plan");
                self.each[service].setback = true;
            }
            _ => {}
        }
    }

    fn settle(&mut self, ticket: Ticket, answer: Result<(), usize>) {
        let states: Vec<State> = (0..self.plan.len()).map(|at| self.machine.state(at)).collect();
        let Some(demand) = self.demands.get_mut(&ticket) else { panic!("seed {}: nobody asked {ticket}", self.seed) };
        let first = demand.answer.replace(answer).is_none();
        let (roots, members) = (demand.roots.clone(), demand.members.clone());
        self.check(first, "a demand is answered once");
        let excused = |at: usize| ticket == BOOT && self.is_optional(at);
        match answer {
            Ok(()) if ticket == BOOT => {
                // Not the state after the event: a failure that ends a boot may also shut everything down.
                let met = |&at: &usize| self.each[at].doing == Doing::Up || excused(at) && self.each[at].fell;
                self.check(members.iter().all(met), "a boot is met when all is ready that is not optional");
            }
            Ok(()) => self.check(roots.iter().all(|&at| states[at] == State::Ready), "what was asked for is ready"),
            Err(by) => {
                self.check(members.contains(&by), "it is lost by one of its own");
                for at in members.into_iter().rev().filter(|_| ticket != BOOT) {
                    if self.each[at].doing == Doing::Up && !self.is_demanded(at) && self.has_wanted_dependant(at) {
                        self.kept.insert(at);
                    }
                }
            }
        }
    }

    fn finish(&mut self, end: &Finish) {
        self.check(self.restart_requests.is_empty(), "each request of a restart is answered once");
        self.check(!(0..self.plan.len()).any(|at| self.is_alive(at)), "everything is down");
        self.check(Some(end.since) == self.down_since, "it knows since when");
        self.check(Some(&end.reason) == self.reason.as_ref(), "it ends for the reason that was published");
        let failed = matches!(self.demands.get(&BOOT), Some(boot) if matches!(boot.answer, Some(Err(_))));
        let agrees = match end.boot.as_ref().map(|boot| &boot.cause) {
            None => self.is_booted(),
            Some(_) if self.is_booted() => false,
            Some(BootCause::TimedOut(_)) => self.timed_out,
            Some(BootCause::Services) => failed,
            Some(BootCause::Cancelled) => end.reason == ShutdownReason::Cancelled && !failed && !self.timed_out,
            Some(BootCause::ShutDown(reason)) => *reason == end.reason && !failed && !self.timed_out,
        };
        self.check(agrees, "the boot fails for what ended it first");
        if let Some(BootEnd { cause, failures, .. }) = &end.boot {
            let counts = self.each.iter().map(|it| usize::from(it.failed || it.setback) + usize::from(it.task_failed));
            self.check(failures.len() == counts.sum::<usize>(), "its error lists what failed before it ended");
            let is_empty = failures.is_empty();
            self.check(!is_empty || !matches!(cause, BootCause::Services), "a boot fails by a failure");
        }
        self.finished = true;
    }

    /// What must hold between any two events.
    pub(super) fn rules(&self) {
        for service in 0..self.plan.len() {
            let doing = self.each[service].doing;
            if self.is_alive(service) {
                let below = self.below(service, Bond::Requires).all(|on| self.each[on].doing == Doing::Up);
                self.check(below, "what somebody alive requires is up");
            }
            let used = self.plan.services()[service].dependants.iter().any(|&above| self.is_alive(above));
            if doing == Doing::Up && !used {
                self.check(!self.is_sunk() && self.is_wanted(service), "what nobody wants, and nobody uses, goes down");
            }
            let state = self.machine.state(service);
            let agrees = match doing {
                Doing::Nothing => !matches!(state, State::Starting | State::Ready | State::Stopping),
                Doing::Starting | Doing::Aborting | Doing::Unwinding => state == State::Starting,
                Doing::Undoing => !matches!(state, State::Ready | State::Stopping | State::Blocked),
                Doing::Up => state == State::Ready,
                Doing::Stopping => state == State::Stopping,
            };
            self.check(agrees, "the machine knows what the world is doing");
            let unsettled = self.machine.below[service].iter().filter(|(on, _)| !self.machine.is_settled(*on));
            self.check(self.machine.nodes[service].unmet == unsettled.count(), "it counts what it waits for");
            self.check(self.each[service].has_place == (state == State::Starting), "only a start takes a place");
        }
        let is_down = self.each.iter().all(|it| it.doing == Doing::Nothing);
        self.check(self.finished == (self.is_sunk() && is_down), "it ends when all is down");
        if !self.is_sunk() && self.each.iter().all(|it| matches!(it.doing, Doing::Nothing | Doing::Up)) {
            let answered = self.demands.values().all(|demand| demand.answer.is_some());
            self.check(answered, "a demand is answered when there is nothing left to wait for");
            self.check(self.restart_requests.is_empty(), "so is a request of a restart");
            let waits = (0..self.plan.len()).any(|at| self.machine.state(at) == State::Waiting);
            self.check(!waits, "nobody waits when there is nothing left to wait for");
        }
    }

    /// What must hold at the end.
    pub(super) fn end(&self) {
        self.check(self.finished, "it ends");
        let settled = |at: usize| matches!(self.machine.state(at), State::Stopped | State::Failed | State::Blocked);
        self.check((0..self.plan.len()).all(settled), "everything has a last state");
    }
}
