//! [`Driver`]: the task of one registry. It feeds the machine with what happened and does what the machine says; every
//! wait on user code is in a task of its own, so the driver itself never waits for anybody.

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use super::diagnostics;
use super::runner::{Done, Lives};
use crate::base::{Failure, ShutdownReason, State};
use crate::machine::{Effect, Event, Machine, Ticket};
use crate::report::{BootError, BootFailure, EventKind, Refusal, ShutdownReport};
use crate::service::Hooks;
use crate::shared::later;
use crate::shared::{End, Message, Shared, Timing};

enum Happened {
    Asked(Message),
    Done(usize, Done),
    Cancelled,
    Due,
}

struct Boot {
    ticket: Ticket,
    began: Instant,
    until: Option<Instant>,
}

/// The task of one registry.
pub(crate) struct Driver {
    shared: Arc<Shared>,
    inbox: mpsc::UnboundedReceiver<Message>,
    dispatcher: Option<JoinHandle<()>>,
    machine: Machine,
    lives: Lives,
    next_ticket: Ticket,
    replies: HashMap<Ticket, oneshot::Sender<()>>,
    boot: Option<Boot>,
    cancelled: bool,
    leaving: bool,
    /// When the lame-duck delay ends.
    leaving_at: Option<Instant>,
    /// Why the boot fails, other than by a service.
    boot_failure: Option<BootFailure>,
    finished: bool,
}

/// If the driver is dropped before its end, its runtime was.
struct Lost(Arc<Shared>);

impl Drop for Lost {
    fn drop(&mut self) {
        for slot in &self.0.slots {
            if slot.state() != State::Stopped {
                slot.close(Refusal::State);
                slot.set(State::Stopped, Refusal::State);
            }
        }
        self.0.finish(End::RuntimeGone);
        self.0.settle_boot(Err(BootError::new(BootFailure::NoRuntime, None)));
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
            machine: Machine::new(shared.plan.clone(), shared.options.concurrency),
            inbox,
            dispatcher,
            lives: Lives::new(shared.clone(), hooks),
            shared,
            next_ticket: 0,
            replies: HashMap::new(),
            boot: None,
            cancelled: false,
            leaving: false,
            leaving_at: None,
            boot_failure: None,
            finished: false,
        }
    }

    pub(crate) async fn run(mut self) {
        let lost = Lost(self.shared.clone());
        while !self.finished {
            match self.next().await {
                Happened::Asked(message) => self.on_message(message),
                Happened::Done(service, done) => self.on_done(service, done),
                Happened::Cancelled => {
                    self.cancelled = true;
                    self.shut_down(ShutdownReason::Cancelled);
                }
                Happened::Due => self.on_due(),
            }
        }
        self.end().await;
        drop(lost);
    }

    /// At the same instant, a cancelled token comes first, so that nothing starts; a deadline comes last, so that what
    /// ended in time counts as in time.
    async fn next(&mut self) -> Happened {
        let token = self.shared.options.cancel.clone().filter(|_| !self.cancelled);
        let mut cancelled = pin!(async {
            match token {
                Some(token) => token.cancelled().await,
                None => std::future::pending().await,
            }
        });
        let due = [self.boot.as_ref().and_then(|boot| boot.until), self.leaving_at].into_iter().flatten().min();
        let mut due = pin!(async {
            match due {
                Some(due) => sleep_until(due).await,
                None => std::future::pending().await,
            }
        });
        let (inbox, lives) = (&mut self.inbox, &mut self.lives);
        poll_fn(|cx| {
            if cancelled.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Happened::Cancelled);
            }
            if let Poll::Ready(Some(message)) = inbox.poll_recv(cx) {
                return Poll::Ready(Happened::Asked(message));
            }
            if let Poll::Ready((service, done)) = lives.poll_done(cx) {
                return Poll::Ready(Happened::Done(service, done));
            }
            due.as_mut().poll(cx).map(|()| Happened::Due)
        })
        .await
    }

    fn on_message(&mut self, message: Message) {
        match message {
            Message::Boot if self.boot.is_none() && !self.leaving => {
                let began = Instant::now();
                let ticket = self.ticket();
                self.boot = Some(Boot { ticket, began, until: self.shared.options.boot_timeout.map(later) });
                self.shared.set_timing(Timing { began: Some(began), took: None });
                let services = self.shared.plan.services().iter().enumerate();
                let roots: Vec<_> = services.filter(|(_, it)| it.eager).map(|(index, _)| index).collect();
                self.shared.log.emit(EventKind::Booting { services: roots.len() });
                self.feed(Event::Demand { ticket, roots, whole: true });
            }
            Message::Boot => {}
            Message::BootAbandoned => {
                if self.shared.booted().is_none() && self.shared.nobody_waits() {
                    self.shut_down(ShutdownReason::Cancelled);
                }
            }
            Message::Demand { service, reply } => {
                let ticket = self.ticket();
                self.replies.insert(ticket, reply);
                self.feed(Event::Demand { ticket, roots: vec![service], whole: false });
                if self.machine.is_shutting_down() {
                    self.replies.remove(&ticket);
                }
            }
            Message::Paused(service) => self.feed(Event::Paused(service)),
            Message::Resumed(service) => self.feed(Event::Resumed(service)),
            Message::Escalated { service, failure } => self.on_escalated(service, &failure),
            Message::ShutDown(reason) => self.shut_down(reason),
            Message::Dropped => {
                if !self.leaving {
                    let ready = self.shared.slots.iter().filter(|slot| slot.state() == State::Ready);
                    let services: Vec<_> = ready.map(|slot| slot.name.clone()).collect();
                    if !services.is_empty() {
                        self.shared.log.emit(EventKind::LeftRunning { services });
                    }
                    self.shut_down(ShutdownReason::Dropped);
                }
            }
        }
    }

    fn ticket(&mut self) -> Ticket {
        self.next_ticket += 1;
        self.next_ticket
    }

    fn on_done(&mut self, service: usize, done: Done) {
        let input = match done {
            Done::Risen(risen) => self.lives.on_risen(service, risen, self.machine.comes_back(service)),
            Done::Undone(entry) => self.lives.on_undone(service, entry),
            Done::Down(entry) => self.lives.on_down(service, entry),
            Done::Rested => Event::Revive(service),
        };
        let fell = matches!(input, Event::StartFailed(_));
        self.feed(input);
        if fell
            && self.lives.has_broken(service)
            && let Some(failure) = self.lives.failure(service)
        {
            self.break_down(&failure);
        }
    }

    /// A task has failed for good: its service is restarted, or the failure goes on up.
    fn on_escalated(&mut self, service: usize, failure: &Failure) {
        if self.leaving {
            return;
        }
        if self.lives.next_try(service, failure) {
            self.feed(Event::Restart(service));
        } else if !self.lives.is_optional(service) {
            // What could be done without when it did not come up can be done without now.
            self.break_down(failure);
        }
    }

    fn break_down(&mut self, failure: &Failure) {
        self.shut_down(ShutdownReason::Failed(failure.to_string().into()));
    }

    fn on_due(&mut self) {
        let now = Instant::now();
        if self.leaving_at.is_some_and(|at| at <= now) {
            self.leaving_at = None;
            self.sink(self.shared.options.shutdown_timeout);
        }
        if let Some(boot) = &mut self.boot
            && boot.until.is_some_and(|until| until <= now)
        {
            boot.until = None;
            let after = boot.began.elapsed();
            self.boot_failure = Some(BootFailure::TimedOut { after, unready: diagnostics::unready(&self.shared) });
            self.roll_back();
            self.feed(Event::ShutDown);
        }
    }

    /// The first reason counts; what comes after it changes nothing.
    fn shut_down(&mut self, reason: ShutdownReason) {
        if std::mem::replace(&mut self.leaving, true) {
            return;
        }
        let reason = self.shared.set_reason(reason);
        self.shared.log.emit(EventKind::ShuttingDown { reason: reason.clone() });
        self.boot_failure = Some(match reason {
            ShutdownReason::Cancelled => BootFailure::Cancelled,
            reason => BootFailure::ShutDown(reason),
        });
        if self.boot.is_some() && self.shared.booted().is_none() {
            self.sink(self.shared.options.rollback_timeout);
        } else if self.shared.options.lame_duck > Duration::ZERO && self.boot.is_some() {
            self.leaving_at = Some(later(self.shared.options.lame_duck));
        } else {
            self.sink(self.shared.options.shutdown_timeout);
        }
    }

    fn roll_back(&mut self) {
        self.leaving = true;
        self.shared.set_reason(ShutdownReason::BootFailed);
        self.shared.log.emit(EventKind::RollingBack);
        self.goes_down(self.shared.options.rollback_timeout);
    }

    fn sink(&mut self, total: Duration) {
        self.goes_down(total);
        self.feed(Event::ShutDown);
    }

    fn goes_down(&mut self, total: Duration) {
        if let Some(boot) = &mut self.boot {
            boot.until = None;
        }
        self.lives.go_down_within(total);
        // Whoever waits for a demand sees its service go down.
        self.replies.clear();
    }

    fn feed(&mut self, input: Event) {
        for action in self.machine.on(input) {
            self.act(action);
        }
    }

    fn act(&mut self, action: Effect) {
        match action {
            Effect::Wait(service) => self.lives.wait(service),
            Effect::Start(service) => self.lives.start(service),
            Effect::Open(service) => self.lives.open(service),
            Effect::Fail(service) => self.lives.fail(service),
            Effect::Block(service, by) => self.lives.block(service, by),
            Effect::Abort(service) => self.lives.abort(service),
            Effect::Unwind(service) => self.lives.discard(service),
            Effect::Forget(service) => self.lives.forget(service),
            Effect::Stop(service) => self.lives.stop(service, self.machine.comes_back(service)),
            Effect::Settle(ticket, outcome) => self.settle(ticket, outcome.is_ok()),
            Effect::RollBack => self.roll_back(),
            Effect::Finish => self.finished = true,
        }
    }

    fn settle(&mut self, ticket: Ticket, met: bool) {
        match &self.boot {
            Some(boot) if boot.ticket == ticket => {
                if met {
                    let took = boot.began.elapsed();
                    self.shared.set_timing(Timing { began: Some(boot.began), took: Some(took) });
                    self.shared.log.emit(EventKind::Booted { elapsed: took });
                    self.shared.probes.start();
                    self.shared.settle_boot(Ok(()));
                }
                if let Some(boot) = &mut self.boot {
                    boot.until = None;
                }
            }
            _ => {
                if let Some(reply) = self.replies.remove(&ticket) {
                    // The caller may have stopped waiting.
                    let _ = reply.send(());
                }
            }
        }
    }

    /// Everything is down: says so to everybody, last of all to those who wait for the end.
    async fn end(mut self) {
        self.shared.owned_tasks.end().await;
        let total = self.lives.going_down_for();
        self.shared.log.emit(EventKind::ShutDown { elapsed: total });
        self.shared.log.caught_up().await;
        self.shared.log.close(self.dispatcher.take()).await;
        let reason = self.shared.reason().unwrap_or(ShutdownReason::Cancelled);
        let report = ShutdownReport { reason: reason.clone(), services: self.lives.take_down(), total };
        if self.shared.booted().is_none() {
            let failures = self.lives.failures();
            let failure = match self.boot_failure.take() {
                Some(failure) => failure,
                None if failures.is_empty() => BootFailure::ShutDown(reason),
                None => BootFailure::Services { blocked: diagnostics::blocked(&self.shared), failures },
            };
            self.shared.finish(End::Down(Arc::new(report.clone())));
            self.shared.settle_boot(Err(BootError::new(failure, Some(report))));
        } else {
            self.shared.finish(End::Down(Arc::new(report)));
        }
    }
}
