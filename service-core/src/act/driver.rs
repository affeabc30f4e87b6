//! [`Driver`]: the task of one registry. It feeds the machine with what happened and does what the machine says; every
//! wait on user code is in a task of its own, so the driver itself never waits for anybody.

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep_until};

use super::bring_down::{bring_down, undo};
use super::bring_up::{Abort, Risen, bring_up};
use super::instance::Instance;
use super::panics;
use super::shared::{End, Shared, Timing};
use super::site::{Site, later};
use super::verdict;
use crate::decision::budget;
use crate::decision::machine::{Action, Input, Machine, Ticket};
use crate::fact::{
    BootError, BootFailure, EventKind, Failure, Outcome, Phase, Reason, Refusal, ServiceShutdown, ShutdownReport, State,
};

/// What somebody asks of the driver.
pub(crate) enum Message {
    /// Everything that is not lazy is to come up.
    Boot,
    /// Nobody waits for the boot any more.
    NobodyWaits,
    /// One service is to come up, with all it requires.
    Demand { service: usize, reply: oneshot::Sender<()> },
    /// Everything is to go down.
    ShutDown(Reason),
    /// The last handle was dropped.
    Dropped,
}

/// What a task of the driver has done.
enum Done {
    Risen(Risen),
    Undone(ServiceShutdown),
    Down(ServiceShutdown),
}

enum Happened {
    Asked(Message),
    Done(usize, Done),
    Cancelled,
    Due,
}

/// What the driver holds of one service.
#[derive(Default)]
struct Life {
    abort: Abort,
    risen: Option<(Instance, Arc<Site>)>,
    site: Option<Arc<Site>>,
    failure: Option<Failure>,
    /// How many levels of services are below it.
    depth: u32,
}

struct Boot {
    ticket: Ticket,
    began: Instant,
    until: Option<Instant>,
}

struct GoingDown {
    since: Instant,
    total: Duration,
}

/// The task of one registry.
pub(crate) struct Driver {
    shared: Arc<Shared>,
    inbox: mpsc::UnboundedReceiver<Message>,
    telling: Option<JoinHandle<()>>,
    machine: Machine,
    tasks: JoinSet<(usize, Done)>,
    lives: Vec<Life>,
    /// How many levels of services there are.
    levels: u32,
    next_ticket: Ticket,
    replies: HashMap<Ticket, oneshot::Sender<()>>,
    boot: Option<Boot>,
    cancelled: bool,
    /// When the lame-duck delay ends.
    leaving_at: Option<Instant>,
    /// Why the boot fails, other than by a service.
    boot_failure: Option<BootFailure>,
    going_down: Option<GoingDown>,
    down: Vec<ServiceShutdown>,
    finished: bool,
}

/// If the driver is dropped before its end, its runtime was.
struct Lost(Arc<Shared>);

impl Drop for Lost {
    fn drop(&mut self) {
        for slot in &self.0.slots {
            if slot.state() != State::Stopped {
                slot.close();
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
        inbox: mpsc::UnboundedReceiver<Message>,
        telling: Option<JoinHandle<()>>,
    ) -> Self {
        let mut lives: Vec<Life> = Vec::with_capacity(shared.slots.len());
        for service in shared.plan.services() {
            let below = service.needs.iter().map(|need| lives[need.index].depth + 1).max().unwrap_or(0);
            lives.push(Life { depth: below, ..Life::default() });
        }
        Self {
            machine: Machine::new(shared.plan.clone(), shared.options.concurrency),
            shared,
            inbox,
            telling,
            tasks: JoinSet::new(),
            levels: lives.iter().map(|life| life.depth + 1).max().unwrap_or(1),
            lives,
            next_ticket: 0,
            replies: HashMap::new(),
            boot: None,
            cancelled: false,
            leaving_at: None,
            boot_failure: None,
            going_down: None,
            down: Vec::new(),
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
                    self.shut_down(Reason::Cancelled);
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
        let (inbox, tasks) = (&mut self.inbox, &mut self.tasks);
        poll_fn(|cx| {
            if cancelled.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Happened::Cancelled);
            }
            if let Poll::Ready(Some(message)) = inbox.poll_recv(cx) {
                return Poll::Ready(Happened::Asked(message));
            }
            if let Poll::Ready(Some(Ok((service, done)))) = tasks.poll_join_next(cx) {
                return Poll::Ready(Happened::Done(service, done));
            }
            due.as_mut().poll(cx).map(|()| Happened::Due)
        })
        .await
    }

    fn on_message(&mut self, message: Message) {
        match message {
            Message::Boot if self.boot.is_none() && !self.shared.is_leaving() => {
                let began = Instant::now();
                let ticket = self.ticket();
                self.boot = Some(Boot { ticket, began, until: self.shared.options.boot_timeout.map(later) });
                self.shared.set_timing(Timing { began: Some(began), took: None });
                let services = self.shared.plan.services().iter().enumerate();
                let roots: Vec<_> = services.filter(|(_, it)| it.eager).map(|(index, _)| index).collect();
                self.shared.log.emit(EventKind::Booting { services: roots.len() });
                self.feed(Input::Demand { ticket, roots, whole: true });
            }
            Message::Boot => {}
            Message::NobodyWaits => {
                if self.shared.booted().is_none() && self.shared.nobody_waits() {
                    self.shut_down(Reason::Cancelled);
                }
            }
            Message::Demand { service, reply } => {
                let ticket = self.ticket();
                self.replies.insert(ticket, reply);
                self.feed(Input::Demand { ticket, roots: vec![service], whole: false });
                if self.machine.is_sinking() {
                    self.replies.remove(&ticket);
                }
            }
            Message::ShutDown(reason) => self.shut_down(reason),
            Message::Dropped => {
                if !self.shared.is_leaving() {
                    let ready = self.shared.slots.iter().filter(|slot| slot.state() == State::Ready);
                    let services: Vec<_> = ready.map(|slot| slot.name.clone()).collect();
                    if !services.is_empty() {
                        self.shared.log.emit(EventKind::LeftRunning { services });
                    }
                    self.shut_down(Reason::Dropped);
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
            Done::Risen(Risen::Up { instance, site }) => {
                self.lives[service].risen = Some((instance, site));
                Input::CameUp(service)
            }
            Done::Risen(Risen::Fell { failure, undone }) => {
                let failure = failure.with_path(verdict::path(&self.shared.plan, service));
                self.lives[service].failure = Some(failure);
                if !undone.outcome.is_clean() {
                    self.down.push(undone);
                }
                Input::Fell(service)
            }
            Done::Risen(Risen::Aborted { undone }) | Done::Undone(undone) => {
                self.shared.log.emit(EventKind::Undone { service: self.shared.slots[service].name.clone() });
                self.down.push(undone);
                Input::Undone(service)
            }
            Done::Down(entry) => {
                self.shared.log.emit(EventKind::Stopped {
                    service: self.shared.slots[service].name.clone(),
                    outcome: entry.outcome.clone(),
                    elapsed: entry.drain + entry.own,
                });
                self.down.push(entry);
                Input::WentDown(service)
            }
        };
        self.feed(input);
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
            self.boot_failure = Some(BootFailure::TimedOut { after, unready: verdict::unready(&self.shared) });
            self.shared.set_reason(Reason::BootFailed);
            self.shared.log.emit(EventKind::RollingBack);
            self.sink(self.shared.options.rollback_timeout);
        }
    }

    /// The first reason counts; what comes after it changes nothing.
    fn shut_down(&mut self, reason: Reason) {
        if self.shared.is_leaving() {
            return;
        }
        self.shared.set_reason(reason.clone());
        self.shared.log.emit(EventKind::ShuttingDown { reason: reason.clone() });
        self.boot_failure = Some(match reason {
            Reason::Cancelled => BootFailure::Cancelled,
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

    fn sink(&mut self, total: Duration) {
        self.goes_down(total);
        self.feed(Input::Sink);
    }

    fn goes_down(&mut self, total: Duration) {
        if let Some(boot) = &mut self.boot {
            boot.until = None;
        }
        self.going_down.get_or_insert(GoingDown { since: Instant::now(), total });
        // Whoever waits for a demand sees its service go down.
        self.replies.clear();
    }

    fn feed(&mut self, input: Input) {
        for action in self.machine.on(input) {
            self.act(action);
        }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Await(service) => {
                self.shared.slots[service].times().wanted.get_or_insert(Instant::now());
                self.shared.slots[service].set(State::Waiting, Refusal::State);
            }
            Action::Start(service) => self.start(service),
            Action::Open(service) => self.open(service),
            Action::Fail(service) => self.fail(service),
            Action::Block(service, by) => self.block(service, by),
            Action::Abort(service) => self.lives[service].abort.now(self.limit(service)),
            Action::Discard(service) => self.discard(service),
            Action::Forget(service) => {
                let state = if self.going_down.is_some() { State::Stopped } else { State::Idle };
                self.shared.slots[service].set(state, Refusal::State);
            }
            Action::Stop(service) => self.stop(service),
            Action::Settle(ticket, outcome) => self.settle(ticket, outcome.is_ok()),
            Action::RollBack => {
                self.shared.set_reason(Reason::BootFailed);
                self.shared.log.emit(EventKind::RollingBack);
                self.goes_down(self.shared.options.rollback_timeout);
            }
            Action::Finish => self.finished = true,
        }
    }

    fn start(&mut self, service: usize) {
        let slot = &self.shared.slots[service];
        slot.set(State::Starting, Refusal::State);
        {
            let mut times = slot.times();
            times.began = Some(Instant::now());
            times.ended = None;
            times.failure = None;
        }
        slot.emit(EventKind::Starting { service: slot.name.clone() });
        let life = &mut self.lives[service];
        life.abort = Abort::default();
        let rising = bring_up(self.shared.clone(), service, life.abort.clone());
        self.steward(service, Phase::Init, async move { Done::Risen(rising.await) });
    }

    fn open(&mut self, service: usize) {
        let slot = &self.shared.slots[service];
        if let Some((instance, site)) = self.lives[service].risen.take() {
            self.lives[service].site = Some(site);
            slot.open(instance);
        }
        let elapsed = {
            let mut times = slot.times();
            times.ended = Some(Instant::now());
            times.began.map_or(Duration::ZERO, |began| began.elapsed())
        };
        slot.emit(EventKind::Ready { service: slot.name.clone(), elapsed });
    }

    fn fail(&mut self, service: usize) {
        let slot = &self.shared.slots[service];
        if let Some(failure) = self.lives[service].failure.clone() {
            {
                let mut times = slot.times();
                times.ended = Some(Instant::now());
                times.failure = Some(failure.clone());
            }
            slot.set(State::Failed, Refusal::Failed(failure.clone()));
            slot.emit(EventKind::Failed { service: slot.name.clone(), failure });
        }
    }

    fn block(&mut self, service: usize, by: usize) {
        let (slot, root) = (&self.shared.slots[service], self.shared.slots[by].name.clone());
        if let Some(failure) = self.lives[by].failure.clone() {
            slot.set(State::Blocked, Refusal::Blocked(root.to_string(), failure));
        }
        slot.emit(EventKind::Blocked { service: slot.name.clone(), by: root });
    }

    fn discard(&mut self, service: usize) {
        let limit = self.limit(service);
        if let Some((instance, site)) = self.lives[service].risen.take() {
            self.steward(
                service,
                Phase::Cleanup,
                async move { Done::Undone(undo(&site, Some(instance), limit).await) },
            );
        }
    }

    fn stop(&mut self, service: usize) {
        let limit = self.limit(service);
        if let Some(site) = self.lives[service].site.take() {
            let falling = bring_down(self.shared.clone(), site, limit);
            self.steward(service, Phase::Shutdown, async move { Done::Down(falling.await) });
        }
    }

    /// What of the common budget this service may use, so that something is left for those below it.
    fn limit(&self, service: usize) -> Option<Duration> {
        let GoingDown { since, total } = self.going_down.as_ref()?;
        let remaining = total.saturating_sub(since.elapsed());
        Some(budget::share(*total, remaining, self.levels, self.lives[service].depth))
    }

    /// Runs a step of one service in a task of its own. A panic in it, which would be ours or of a destructor of the
    /// user's, ends the step and not the registry.
    fn steward(&mut self, service: usize, phase: Phase, step: impl Future<Output = Done> + Send + 'static) {
        let slot = self.shared.slots[service].clone();
        self.tasks.spawn(async move {
            let began = Instant::now();
            let done = panics::caught(step).await.unwrap_or_else(|message| {
                let failure = Failure::panic(&slot.name, slot.place, phase.clone(), began.elapsed(), message);
                let entry = |outcome| ServiceShutdown {
                    name: slot.name.to_string(),
                    place: slot.place,
                    outcome,
                    drain: Duration::ZERO,
                    own: began.elapsed(),
                    calls_left: Vec::new(),
                    still_held: 0,
                };
                match phase {
                    Phase::Init => Done::Risen(Risen::Fell { failure, undone: entry(Outcome::Clean) }),
                    Phase::Cleanup => Done::Undone(entry(Outcome::Failed(failure))),
                    _ => Done::Down(entry(Outcome::Failed(failure))),
                }
            });
            (service, done)
        });
    }

    fn settle(&mut self, ticket: Ticket, met: bool) {
        match &self.boot {
            Some(boot) if boot.ticket == ticket => {
                if met {
                    let took = boot.began.elapsed();
                    self.shared.set_timing(Timing { began: Some(boot.began), took: Some(took) });
                    self.shared.log.emit(EventKind::Booted { elapsed: took });
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
        while self.tasks.join_next().await.is_some() {}
        self.shared.spawned.end().await;
        let total = self.going_down.as_ref().map_or(Duration::ZERO, |going| going.since.elapsed());
        self.shared.log.emit(EventKind::ShutDown { elapsed: total });
        self.shared.log.caught_up().await;
        self.shared.log.close(self.telling.take()).await;
        let reason = self.shared.reason().unwrap_or(Reason::Cancelled);
        let report = ShutdownReport { reason: reason.clone(), services: std::mem::take(&mut self.down), total };
        if self.shared.booted().is_none() {
            let failures = self.lives.iter().filter_map(|life| life.failure.clone()).collect::<Vec<_>>();
            let failure = match self.boot_failure.take() {
                Some(failure) => failure,
                None if failures.is_empty() => BootFailure::ShutDown(reason),
                None => BootFailure::Services { blocked: verdict::blocked(&self.shared), failures },
            };
            self.shared.finish(End::Down(Arc::new(report.clone())));
            self.shared.settle_boot(Err(BootError::new(failure, Some(report))));
        } else {
            self.shared.finish(End::Down(Arc::new(report)));
        }
    }
}
