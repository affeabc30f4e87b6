//! [`Driver`]: the task of one registry. It hands events to the machine and executes the effects; every wait on user code is
//! in a task of its own, so the driver itself never waits for user code.

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use super::diagnostics;
use super::runner::Runner;
use crate::base::{ShutdownReason, State, caught, stderr};
use crate::events;
use crate::gate::since;
use crate::machine::{self, BOOT, BootCause, BootEnd, Effect, LifecycleEvent, Machine, Ticket, Timer, Unready};
use crate::report::{
    BlockedService, BootError, BootFailure, BootSnapshot, EventKind, Refusal, ShutdownReport, UnreadyService,
};
use crate::service::Hooks;
use crate::shared::poll_monitor::BLOCKING;
use crate::shared::{Busy, End, Message, Reply, Shared, Timing, rest_of_instant};

enum Happened {
    Message(Message),
    Event(LifecycleEvent),
    Cancelled,
    Due,
}

/// The task of one registry.
pub(crate) struct Driver {
    shared: Arc<Shared>,
    inbox: mpsc::UnboundedReceiver<Message>,
    dispatcher: Option<JoinHandle<()>>,
    machine: Machine,
    runner: Runner,
    timers: Vec<(Instant, Timer)>,
    last_ticket: Ticket,
    replies: HashMap<Ticket, Reply>,
    /// Whether the registry's token was cancelled.
    is_cancelled: bool,
    /// What was not ready when the boot ran out of its budget.
    unready: Vec<UnreadyService>,
    /// The services when the boot failed.
    snapshot: Option<BootSnapshot>,
    end: Option<machine::Finish>,
    /// While anything of a user runs, or a timer is set.
    busy: Option<Busy>,
}

/// If the driver is dropped before its end, its runtime was. No hook can run any more; the instances are dropped, dependants
/// first.
struct Lost {
    shared: Arc<Shared>,
    hooks: Arc<[Arc<dyn Hooks>]>,
}

impl Drop for Lost {
    fn drop(&mut self) {
        if self.shared.has_ended() {
            return;
        }
        let ready = self.shared.slots.iter().filter(|slot| slot.state() == State::Ready);
        let services: Vec<_> = ready.map(|slot| slot.name.clone()).collect();
        if !services.is_empty() {
            let left_running = EventKind::LeftRunning { services };
            if !self.shared.options.isolated && !events::is_logged() {
                // As after an early return from `main`. Nothing else would tell that no `shutdown` has run.
                stderr::print_line(&left_running);
            }
            self.shared.log.emit(left_running);
        }
        for slot in &self.shared.slots {
            if slot.state() != State::Stopped {
                slot.close(Refusal::State);
                slot.set(State::Stopped, Refusal::State);
            }
        }
        for (slot, hooks) in self.shared.slots.iter().zip(&*self.hooks).rev() {
            // The panic hook has printed a panic of a destructor, and nobody is left to report it to.
            let _ = caught::caught_now(|| {
                drop(slot.take_instance());
                hooks.release(false);
            });
        }
        self.shared.finish(End::RuntimeGone);
        self.shared.settle_boot(Err(BootError::new(BootFailure::NoRuntime, None)));
    }
}

impl Driver {
    pub(crate) fn new(
        shared: Arc<Shared>,
        hooks: Arc<[Arc<dyn Hooks>]>,
        inbox: mpsc::UnboundedReceiver<Message>,
        dispatcher: Option<JoinHandle<()>>,
    ) -> Self {
        Self {
            machine: Machine::new(shared.plan.clone(), shared.options.settings()),
            inbox,
            dispatcher,
            runner: Runner::new(shared.clone(), hooks),
            shared,
            timers: Vec::new(),
            last_ticket: BOOT,
            replies: HashMap::new(),
            is_cancelled: false,
            unready: Vec::new(),
            snapshot: None,
            end: None,
            busy: None,
        }
    }

    pub(crate) async fn run(mut self) {
        let lost = Lost { shared: self.shared.clone(), hooks: self.runner.hooks() };
        let end = loop {
            match self.next().await {
                Happened::Message(message) => self.on_message(message),
                Happened::Event(event) => self.feed(event),
                Happened::Cancelled => {
                    self.is_cancelled = true;
                    self.feed(LifecycleEvent::ShutdownRequested(ShutdownReason::Cancelled));
                }
                Happened::Due => self.on_due(),
            }
            if let Some(end) = self.end.take() {
                break end;
            }
            self.set_busy(self.runner.is_running() || !self.timers.is_empty());
        };
        self.set_busy(true);
        self.finish(end).await;
        drop(lost);
    }

    fn set_busy(&mut self, is_busy: bool) {
        if is_busy != self.busy.is_some() {
            self.busy = if is_busy { self.shared.busy() } else { None };
        }
    }

    /// At the same instant, a cancelled token comes first, so that nothing starts; a timer comes last, so that what ends at
    /// the very instant of its deadline has ended in time. A timer that is late, because the only thread was blocked, comes
    /// before what has ended meanwhile.
    async fn next(&mut self) -> Happened {
        let token = self.shared.options.cancel.clone().filter(|_| !self.is_cancelled);
        let mut cancelled = pin!(async {
            match token {
                Some(token) => token.cancelled().await,
                None => std::future::pending().await,
            }
        });
        let due = self.timers.iter().map(|(at, _)| *at).min();
        let mut due = pin!(async {
            match due {
                Some(due) => {
                    sleep_until(due).await;
                    rest_of_instant().await;
                }
                None => std::future::pending().await,
            }
        });
        let is_late = self.timers.iter().any(|(at, _)| at.elapsed() >= BLOCKING);
        let (inbox, runner) = (&mut self.inbox, &mut self.runner);
        poll_fn(|cx| {
            if cancelled.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Happened::Cancelled);
            }
            if is_late {
                return Poll::Ready(Happened::Due);
            }
            if let Poll::Ready(Some(message)) = inbox.poll_recv(cx) {
                return Poll::Ready(Happened::Message(message));
            }
            if let Poll::Ready(event) = runner.poll_done(cx) {
                return Poll::Ready(Happened::Event(event));
            }
            due.as_mut().poll(cx).map(|()| Happened::Due)
        })
        .await
    }

    fn on_message(&mut self, message: Message) {
        let event = match message {
            Message::Boot => LifecycleEvent::Boot,
            Message::BootAbandoned if self.shared.is_abandoned() => LifecycleEvent::BootAbandoned,
            Message::BootAbandoned => return,
            Message::Demand { service, reply } => LifecycleEvent::Requested { ticket: self.ticket(reply), service },
            Message::Restart { service, reply } => {
                LifecycleEvent::RestartRequested { ticket: self.ticket(reply), service }
            }
            Message::Paused(service) => LifecycleEvent::Paused(service),
            Message::Resumed(service) => LifecycleEvent::Resumed(service),
            Message::Escalated { service, failure } => {
                LifecycleEvent::Escalated { service, failure, drawn: self.runner.draw(service) }
            }
            Message::ShutDown(reason) => LifecycleEvent::ShutdownRequested(reason),
            Message::Dropped => LifecycleEvent::Dropped,
        };
        self.feed(event);
    }

    fn ticket(&mut self, reply: Reply) -> Ticket {
        self.last_ticket += 1;
        self.replies.insert(self.last_ticket, reply);
        self.last_ticket
    }

    /// The earliest timer fires; of several at one instant, the one that was set first.
    fn on_due(&mut self) {
        let first = self.timers.iter().enumerate().min_by_key(|(_, (at, _))| *at);
        if let Some(place) = first.map(|(place, _)| place) {
            let (_, timer) = self.timers.remove(place);
            self.feed(LifecycleEvent::TimerFired(timer));
        }
    }

    fn feed(&mut self, event: LifecycleEvent) {
        let now = self.runner.now();
        let given = self.shared.reason().map(LifecycleEvent::ReasonGiven);
        for event in given.into_iter().chain([event]) {
            for effect in self.machine.on(now, event) {
                self.execute(effect);
            }
        }
    }

    fn execute(&mut self, effect: Effect) {
        match effect {
            Effect::Publish { service, status } => self.runner.publish(service, status),
            Effect::Refuse { service, cause } => self.runner.refuse(service, cause),
            Effect::Queue(service) => self.runner.queue(service),
            Effect::Start { service, attempt, after, until } => self.runner.start(service, attempt, after, until),
            Effect::Abort { service, limit } => self.runner.abort(service, limit),
            Effect::Unwind { service, limit } => self.runner.unwind(service, limit),
            Effect::Open(service) => self.runner.open(service),
            Effect::Stop { service, cause, limit } => self.runner.stop(service, cause, limit),
            Effect::Limit { service, limit } => self.runner.limit(service, limit),
            Effect::Record(service) => self.runner.record(service),
            Effect::Emit(kind) => self.shared.log.emit(kind),
            Effect::SetTimer(timer, at) => self.timers.push((self.runner.at(at), timer)),
            Effect::CancelTimer(timer) => self.timers.retain(|(_, set)| *set != timer),
            Effect::BeginBoot => self.shared.set_timing(Timing { began: Some(Instant::now()), took: None }),
            Effect::Settle(BOOT, Ok(())) => self.boot_succeeded(),
            // A boot that failed is settled when it is rolled back.
            Effect::Settle(BOOT, Err(_)) => {}
            Effect::Settle(ticket, outcome) => {
                if let Some(reply) = self.replies.remove(&ticket) {
                    let failure = outcome.err().and_then(|failed| self.shared.slots[failed].times().failure.clone());
                    // The caller may have stopped waiting.
                    let _ = reply.send(failure);
                }
            }
            Effect::Dismiss(ticket) => drop(self.replies.remove(&ticket)),
            Effect::DescribeUnready(unready) => self.unready = self.describe(unready),
            Effect::SetReason(reason) => {
                // Before the rollback changes the states.
                if self.snapshot.is_none() && self.machine.is_booting() {
                    let (report, graph) = (self.shared.boot_report(), Box::new(self.shared.graph()));
                    self.snapshot = Some(BootSnapshot { report, graph });
                }
                self.shared.set_reason(reason);
            }
            Effect::Finish(end) => self.end = Some(end),
        }
    }

    fn boot_succeeded(&self) {
        let began = self.shared.timing().began;
        let took = began.map(|began| began.elapsed()).unwrap_or_default();
        self.shared.set_timing(Timing { began, took: Some(took) });
        self.shared.log.emit(EventKind::Booted { elapsed: took });
        self.shared.probes.start();
        self.shared.settle_boot(Ok(()));
    }

    /// Everything is down: reports it to every caller, last of all to those that wait for the end.
    async fn finish(mut self, end: machine::Finish) {
        self.shared.owned_tasks.end().await;
        self.runner.release().await;
        let total = self.runner.now().saturating_sub(end.since);
        self.shared.log.emit(EventKind::ShutDown { elapsed: total });
        self.shared.log.caught_up().await;
        self.shared.log.close(self.dispatcher.take()).await;
        if stderr::has_logs() {
            // It ends in time, and without an error unless the runtime ends: then nobody waits any more.
            let _ = tokio::task::spawn_blocking(stderr::flush_logs).await;
        }
        let began = since(self.shared.timing().began).saturating_sub(total);
        let services = self.runner.take_records(end.since);
        let report = ShutdownReport { reason: end.reason, services, began, total };
        self.shared.finish(End::Down(Arc::new(report.clone())));
        if let Some(boot) = end.boot {
            let error = self.boot_error(boot, report);
            self.shared.settle_boot(Err(error));
        }
    }

    fn boot_error(&mut self, end: BootEnd, report: ShutdownReport) -> BootError {
        let name = |service: usize| self.shared.slots[service].name.to_string();
        let BootEnd { cause, failures, blocked } = end;
        let failure = match cause {
            BootCause::Cancelled => BootFailure::Cancelled,
            BootCause::ShutDown(reason) => BootFailure::ShutDown(reason),
            BootCause::TimedOut(after) => BootFailure::TimedOut { after, unready: std::mem::take(&mut self.unready) },
            BootCause::Services => BootFailure::Services {
                failures: failures.clone(),
                blocked: blocked
                    .into_iter()
                    .map(|(service, by)| BlockedService { service: name(service), by: name(by) })
                    .collect(),
            },
        };
        BootError::with_failures(failure, failures, Some(report), self.snapshot.take())
    }

    fn describe(&self, unready: Vec<(usize, Unready)>) -> Vec<UnreadyService> {
        let describe = |(service, unready): (usize, Unready)| UnreadyService {
            service: self.shared.slots[service].name.to_string(),
            doing: diagnostics::describe(&self.shared, service, &unready, self.runner.hook(service)),
            waits: matches!(unready, Unready::WaitsFor(_) | Unready::WaitsForPlace),
        };
        unready.into_iter().map(describe).collect()
    }
}
