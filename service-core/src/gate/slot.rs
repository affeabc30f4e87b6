//! [`Slot`]: one service's place in one registry: its state, its gate and its instance.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::context_stack;
use super::context_stack::{Frame, Role};
use super::gate::{Gate, Ticket};
use super::instance::Instance;
use super::residence::Residence;
use super::sync::LANES;
use crate::base::{Failure, Location, Mutex, MutexGuard, RwLock, State};
use crate::events::EventLog;
use crate::plan::Facts;
use crate::report::{EventKind, NotReady, Refusal};

/// How many calls may wait for one service at once.
pub(crate) const MAX_WAITING: usize = 1024;

/// One service's place in one registry.
pub(crate) struct Slot {
    pub registry: u32,
    pub index: usize,
    pub name: Arc<str>,
    pub location: Location,
    pub lazy: bool,
    /// Whether the registry is the process's.
    is_of_process: bool,
    log: Arc<EventLog>,
    /// The state, as what those are told who are refused because of it: so a refusal allocates nothing.
    status: watch::Sender<NotReady>,
    instance: RwLock<Option<Instance>>,
    /// Where instances of its type are known; none for a definition made at run time.
    home: OnceLock<&'static dyn Residence>,
    /// Whether it uses the gate at home, or its own because somebody else does.
    at_home: AtomicBool,
    own_gate: Gate,
    /// What opens the gate: the address of the instance.
    token: AtomicUsize,
    waiting: AtomicUsize,
    times: Mutex<Times>,
}

/// How long things took, for the report.
#[derive(Clone, Debug, Default)]
pub(crate) struct Times {
    /// Since when somebody wants it.
    pub wanted: Option<Instant>,
    /// Since when it is starting.
    pub began: Option<Instant>,
    /// Since when it is ready, or has failed.
    pub ended: Option<Instant>,
    pub attempts: u32,
    pub progress: Option<String>,
    /// The longest that a hook has blocked its thread.
    pub blocked: Option<Duration>,
    pub failure: Option<Failure>,
}

impl Slot {
    pub(crate) fn new(registry: u32, index: usize, facts: &Facts, is_of_process: bool, log: Arc<EventLog>) -> Self {
        let name: Arc<str> = facts.name.as_str().into();
        Self {
            registry,
            index,
            name: name.clone(),
            location: facts.location,
            lazy: facts.lazy,
            is_of_process,
            log,
            status: watch::Sender::new(NotReady::new(name, State::Idle, Refusal::State)),
            instance: RwLock::new(None),
            home: OnceLock::new(),
            at_home: AtomicBool::new(false),
            own_gate: Gate::new(),
            token: AtomicUsize::new(1),
            waiting: AtomicUsize::new(0),
            times: Mutex::default(),
        }
    }

    pub(crate) fn emit(&self, kind: EventKind) {
        self.log.emit(kind);
    }

    pub(crate) fn frame(&self, role: Role) -> Frame {
        Frame::new(self.registry, self.index as u32, role)
    }

    /// Whether this thread is running on behalf of this service, in a role that `pick` accepts.
    pub(crate) fn is_ambient(&self, pick: impl Fn(Role) -> bool) -> bool {
        let mine = |frame: Frame| frame.registry() == self.registry && frame.service() == self.index as u32;
        context_stack::find(|frame| (mine(frame) && pick(frame.role())).then_some(())).is_some()
    }

    /// Whether this thread is working on the start of some service of this registry.
    pub(crate) fn has_ambient_start(&self) -> bool {
        let starts = |frame: Frame| frame.registry() == self.registry && frame.role() == Role::Starting;
        context_stack::find(|frame| starts(frame).then_some(())).is_some()
    }

    pub(crate) fn state(&self) -> State {
        self.status.borrow().state()
    }

    pub(crate) fn watch(&self) -> watch::Receiver<NotReady> {
        self.status.subscribe()
    }

    pub(crate) fn set(&self, state: State, cause: Refusal) {
        self.status.send_replace(NotReady::new(self.name.clone(), state, cause));
    }

    /// Its instance lives at this address, in this home; `at_home` tells whether it may use the gate there.
    pub(crate) fn settle(&self, home: &'static dyn Residence, address: usize, at_home: bool) {
        self.home.get_or_init(|| home);
        self.at_home.store(at_home, Ordering::Release);
        self.token.store(address, Ordering::Release);
    }

    fn gate(&self) -> &Gate {
        match self.home.get() {
            Some(home) if self.at_home.load(Ordering::Acquire) => home.door().gate(),
            _ => &self.own_gate,
        }
    }

    /// Whether the value at this address was its instance before a restart. (Somebody who has no value has no old one.)
    pub(crate) fn is_replaced(&self, address: Option<usize>) -> bool {
        address.is_some_and(|address| address != self.token.load(Ordering::Acquire))
    }

    /// Whether it goes down only to come up again.
    pub(crate) fn is_restarting(&self) -> bool {
        matches!(self.status.borrow().cause(), Refusal::Restarting)
    }

    /// The home, if this is the process's instance.
    fn public_home(&self) -> Option<&'static dyn Residence> {
        self.home.get().copied().filter(|_| self.is_of_process)
    }

    /// Lets calls in, then says so.
    pub(crate) fn open(&self, instance: Instance) {
        let mut place = self.instance.write();
        let instance = &*place.insert(instance);
        self.gate().open(self.token.load(Ordering::Acquire));
        self.set(State::Ready, Refusal::State);
        // Last of all: what hands it out from here asks for no state.
        if let Some(home) = self.public_home() {
            home.move_in(self.registry, instance);
        }
    }

    /// Says that it drains, and why, then refuses: readiness is false before anything is refused.
    pub(crate) fn close(&self, cause: Refusal) {
        self.set(State::Draining, cause);
        if let Some(home) = self.public_home() {
            home.move_out(self.registry);
        }
        self.gate().close();
    }

    /// Ends when no call is left.
    pub(crate) async fn drained(&self) {
        self.gate().empty().await;
    }

    /// The calls that are still running, by method.
    pub(crate) fn calls_left(&self) -> Vec<(String, usize)> {
        let Some(home) = self.home.get() else { return Vec::new() };
        let inside = self.gate().left();
        let name = |lane: usize| if lane < LANES { home.door().method(lane) } else { "calls that these have made" };
        let left = inside.iter().enumerate().filter(|(_, count)| **count > 0);
        left.map(|(lane, count)| (name(lane).to_owned(), *count)).collect()
    }

    /// Lets go of the instance, and says how many references outlive it.
    pub(crate) fn release(&self) -> usize {
        let instance = self.instance.write().take();
        instance.map_or(0, Instance::release)
    }

    /// The instance as a `T`, while there is one.
    pub(crate) fn view<T: ?Sized + Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.instance.read().as_ref()?.view()
    }

    /// The instance as its own type, while there is one.
    pub(crate) fn value<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.instance.read().as_ref()?.value()
    }

    pub(crate) fn refusal(&self) -> NotReady {
        self.status.borrow().clone()
    }

    pub(crate) fn refuse(&self, cause: Refusal) -> NotReady {
        NotReady::new(self.name.clone(), self.state(), cause)
    }

    pub(crate) fn times(&self) -> MutexGuard<'_, Times> {
        self.times.lock()
    }

    /// Admits a call, counted in this lane, if the gate is open.
    pub(crate) fn admit(self: &Arc<Self>, lane: usize) -> Option<Pass> {
        let ticket = self.gate().enter(self.token.load(Ordering::Acquire), context_stack::stripe() + lane)?;
        Some(Pass { slot: self.clone(), counted: ticket })
    }

    /// Admits a call of somebody who is inside already, whatever the gate says.
    pub(crate) fn admit_insider(self: &Arc<Self>) -> Pass {
        self.gate().enter_inside();
        Pass { slot: self.clone(), counted: Ticket::NONE }
    }

    /// Takes one of the locations of those who wait.
    pub(crate) fn queue(self: &Arc<Self>) -> Result<Queued, NotReady> {
        if self.waiting.fetch_add(1, Ordering::AcqRel) >= MAX_WAITING {
            self.waiting.fetch_sub(1, Ordering::AcqRel);
            return Err(self.refuse(Refusal::Overloaded(MAX_WAITING)));
        }
        Ok(Queued { slot: self.clone() })
    }
}

/// How long a service has been doing something, measured on the runtime's clock.
pub(crate) fn since(begin: Option<Instant>) -> Duration {
    begin.map_or(Duration::ZERO, |begin| begin.elapsed())
}

/// A call that passed the gate; leaves when it is dropped.
pub(crate) struct Pass {
    slot: Arc<Slot>,
    /// Where it was counted; [`Ticket::NONE`] for an insider.
    counted: Ticket,
}

impl Pass {
    pub(crate) fn frame(&self) -> Frame {
        self.slot.frame(Role::Call)
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if self.counted.is_some() {
            self.slot.gate().leave(self.counted);
        } else {
            self.slot.gate().leave_inside();
        }
    }
}

/// A place among those who wait for a service; given back when it is dropped.
pub(crate) struct Queued {
    slot: Arc<Slot>,
}

impl Drop for Queued {
    fn drop(&mut self) {
        self.slot.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").field("name", &self.name).field("state", &self.state()).finish_non_exhaustive()
    }
}
