//! [`Slot`]: one service's place in one registry: its state, its gate and its instance.

use std::any::Any;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::any_type_entry::AnyTypeEntry;
use super::context_stack::{self, Frame, Role};
use super::failed_tasks::FailedTasks;
use super::gate::{CounterIndex, Gate};
use super::instance::ManagedInstance;
use super::sync::LANES;
use crate::base::{Failure, Location, Mutex, MutexGuard, RwLock, State};
use crate::events::{EventLog, publish};
use crate::plan::Planned;
use crate::report::{CallsLeft, EventKind, NotReady, Refusal, RefusalCause};

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
    /// The state, as the error of a call that is refused because of it: so a refusal allocates nothing.
    status: watch::Sender<NotReady>,
    /// Whether the state is ready, without a lock.
    is_ready: AtomicBool,
    instance: RwLock<Option<ManagedInstance>>,
    /// The entry of its instance's type; none for a definition made at run time.
    type_entry: OnceLock<&'static dyn AnyTypeEntry>,
    /// Whether it owns the gate in that entry. Otherwise it uses `own_gate`.
    owns_fast_gate: AtomicBool,
    own_gate: OnceLock<Box<Gate>>,
    /// The address of the instance.
    address: AtomicUsize,
    /// What opens the gate. It is the address of the instance, so that the fast path knows it; or the address of this slot, if
    /// the same instance is in another registry too. Locked for writing while the gate is opened or closed.
    token: RwLock<usize>,
    waiting: AtomicUsize,
    times: Mutex<StartTimes>,
    pub failed_tasks: FailedTasks,
}

/// When the start of the service began and ended, and what is known about it: for the report.
#[derive(Clone, Debug, Default)]
pub(crate) struct StartTimes {
    /// When the service was first needed.
    pub wanted: Option<Instant>,
    /// Since when it has waited for nothing but a place under the limit of `concurrency`.
    pub queued: Option<Instant>,
    /// How long it waited for that place before its latest start.
    pub in_queue: Duration,
    /// When its start began.
    pub began: Option<Instant>,
    /// When it became ready, or failed.
    pub ended: Option<Instant>,
    pub attempts: u32,
    pub progress: Option<String>,
    /// The longest that a hook has blocked its thread.
    pub blocked: Option<Duration>,
    pub failure: Option<Failure>,
}

impl Slot {
    pub(crate) fn new(registry: u32, index: usize, planned: &Planned, is_of_process: bool, log: Arc<EventLog>) -> Self {
        let name: Arc<str> = planned.facts.name.as_str().into();
        let facts = &planned.facts;
        let idle = planned.idle_refusal();
        Self {
            registry,
            index,
            name: name.clone(),
            location: facts.location,
            lazy: facts.lazy,
            is_of_process,
            log,
            status: watch::Sender::new(NotReady::new(name, State::Idle, idle)),
            is_ready: AtomicBool::new(false),
            instance: RwLock::new(None),
            type_entry: OnceLock::new(),
            owns_fast_gate: AtomicBool::new(false),
            own_gate: OnceLock::new(),
            address: AtomicUsize::new(1),
            token: RwLock::new(1),
            waiting: AtomicUsize::new(0),
            times: Mutex::default(),
            failed_tasks: FailedTasks::default(),
        }
    }

    pub(crate) fn emit(&self, kind: EventKind) {
        self.log.emit(kind);
    }

    pub(crate) fn frame(&self, role: Role) -> Frame {
        Frame::new(self.registry, self.index as u32, role)
    }

    /// Whether this service is on the thread's context stack, in a role that `pick` accepts.
    pub(crate) fn is_on_stack(&self, pick: impl Fn(Role) -> bool) -> bool {
        let mine = |frame: Frame| frame.registry() == self.registry && frame.service() == self.index as u32;
        context_stack::find(|frame| (mine(frame) && pick(frame.role())).then_some(())).is_some()
    }

    /// Whether the start of any service of this registry is on the thread's context stack, or a task, whose service may be
    /// starting.
    pub(crate) fn may_start_on_stack(&self) -> bool {
        let starts =
            |frame: Frame| frame.registry() == self.registry && matches!(frame.role(), Role::Starting | Role::Task);
        context_stack::find(|frame| starts(frame).then_some(())).is_some()
    }

    pub(crate) fn state(&self) -> State {
        self.status.borrow().state()
    }

    #[inline]
    pub(crate) fn is_ready(&self) -> bool {
        self.is_ready.load(Ordering::Acquire)
    }

    pub(crate) fn watch(&self) -> watch::Receiver<NotReady> {
        self.status.subscribe()
    }

    pub(crate) fn set(&self, state: State, cause: impl Into<RefusalCause>) {
        let cause = cause.into();
        self.change_status(|_| (state, cause));
    }

    /// Changes the cause with which calls are refused, and keeps the state.
    pub(crate) fn refuse_waiting(&self, cause: RefusalCause) {
        self.change_status(|former| (former.state(), cause));
    }

    /// Changes the state, and keeps the cause with which calls are refused.
    pub(crate) fn enter_state(&self, state: State) {
        self.change_status(|former| (state, former.whole_cause().clone()));
    }

    fn change_status(&self, change: impl FnOnce(&NotReady) -> (State, RefusalCause)) {
        publish(&self.status, |former| {
            let (state, cause) = change(former);
            // A caller that finds it not ready reads the reason, and so waits for the lock that this holds.
            self.is_ready.store(state == State::Ready, Ordering::Release);
            NotReady::new(self.name.clone(), state, cause)
        });
    }

    /// Its instance has this entry and this address; `owns_fast_gate` says whether it uses the gate of the entry.
    pub(crate) fn set_type_entry(&self, entry: &'static dyn AnyTypeEntry, address: usize, owns_fast_gate: bool) {
        self.type_entry.get_or_init(|| entry);
        self.owns_fast_gate.store(owns_fast_gate, Ordering::Release);
        self.address.store(address, Ordering::Release);
        *self.token.write() = address;
    }

    /// The same instance is in another registry too, so its address no longer says at whose gate a call counts: from now on,
    /// calls take the slow path, which looks for the registry.
    pub(super) fn leave_fast_path(&self) {
        let mut token = self.token.write();
        *token = std::ptr::from_ref(self) as usize;
        if let Some(gate) = self.gate() {
            gate.change_token(*token);
        }
    }

    /// Whether a call may run now or soon: it is ready, coming up, or the caller is a part of what its drain waits for.
    pub(super) fn may_admit(&self) -> bool {
        match self.state() {
            State::Ready => true,
            State::Draining | State::Stopping => {
                self.is_restarting() || self.is_on_stack(|role| matches!(role, Role::Call | Role::Task | Role::Hook))
            }
            state => state.is_coming_up(),
        }
    }

    /// Whether its registry is the process's.
    pub(super) fn is_of_process(&self) -> bool {
        self.is_of_process
    }

    /// Where its calls are counted. A definition made at run time has no guarded methods, and needs no gate.
    fn gate(&self) -> Option<&Gate> {
        let entry = self.type_entry.get()?;
        Some(match self.owns_fast_gate.load(Ordering::Acquire) {
            true => entry.fast_gate().gate(),
            false => self.own_gate.get_or_init(|| Box::new(Gate::new())),
        })
    }

    /// Its instance is gone, and another one follows: calls on it are refused from now on, and do not wait for the next one.
    pub(crate) fn forget_address(&self) {
        self.address.store(1, Ordering::Release);
    }

    /// Whether the value at this address was its instance before a restart; not if the call has no receiver.
    pub(crate) fn is_replaced(&self, address: Option<usize>) -> bool {
        address.is_some_and(|address| address != self.address.load(Ordering::Acquire))
    }

    /// Whether it is stopping only to start again.
    pub(crate) fn is_restarting(&self) -> bool {
        matches!(self.status.borrow().cause(), Refusal::Restarting)
    }

    /// The entry of its type, if the registry is the process's.
    fn entry_of_process(&self) -> Option<&'static dyn AnyTypeEntry> {
        self.type_entry.get().copied().filter(|_| self.is_of_process)
    }

    /// Stores the instance, admits calls, and then becomes ready.
    pub(crate) fn open(&self, instance: ManagedInstance) {
        let value = instance.value_any();
        let former = self.instance.write().replace(instance);
        {
            let token = self.token.write();
            if let Some(gate) = self.gate() {
                gate.open(*token);
            }
        }
        self.set(State::Ready, Refusal::State);
        // Last, because the fast path of `try_service` does not check the state.
        if let Some(entry) = self.entry_of_process() {
            entry.fast_gate().publish(self.registry, Arc::as_ptr(&value).cast::<()>() as usize);
            entry.set_current(Some(value));
        }
        drop(former);
    }

    /// Sets the state to draining, with this cause, and then refuses calls: readiness is false before a call is refused.
    pub(crate) fn close(&self, cause: impl Into<RefusalCause>) {
        self.set(State::Draining, cause);
        if let Some(entry) = self.entry_of_process() {
            let fast_gate = entry.fast_gate();
            if fast_gate.current_registry() == self.registry {
                fast_gate.withdraw(|| entry.set_current(None));
            }
        }
        let _token = self.token.write();
        if let Some(gate) = self.gate() {
            gate.close();
        }
    }

    /// Whether no call is left. While other calls are being refused, it may say that one is.
    pub(crate) fn is_drained(&self) -> bool {
        self.gate().is_none_or(Gate::is_empty)
    }

    /// Waits until no call is left.
    pub(crate) async fn drained(&self) {
        if let Some(gate) = self.gate() {
            gate.drained().await;
        }
    }

    /// The calls that are still running, by method.
    pub(crate) fn calls_left(&self) -> Vec<CallsLeft> {
        let (Some(entry), Some(gate)) = (self.type_entry.get(), self.gate()) else { return Vec::new() };
        let calls = gate.calls_left();
        let name = |lane: usize| {
            if lane < LANES { entry.fast_gate().method_name(lane) } else { "calls that these have made" }
        };
        let left = calls.iter().enumerate().filter(|(_, count)| **count > 0);
        left.map(|(lane, &count)| CallsLeft { method: name(lane).to_owned(), count }).collect()
    }

    /// Takes the instance out, to release it.
    pub(crate) fn take_instance(&self) -> Option<ManagedInstance> {
        self.instance.write().take()
    }

    /// The instance as a `T`, while there is one.
    #[inline]
    pub(crate) fn view<T: ?Sized + Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.instance.read().as_ref()?.view()
    }

    /// The instance as its own type, while there is one.
    pub(crate) fn value<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.value_any()?.downcast().ok()
    }

    fn value_any(&self) -> Option<Arc<dyn Any + Send + Sync>> {
        self.instance.read().as_ref().map(ManagedInstance::value_any)
    }

    pub(crate) fn refusal(&self) -> NotReady {
        self.status.borrow().clone()
    }

    pub(crate) fn refuse(&self, cause: Refusal) -> NotReady {
        NotReady::new(self.name.clone(), self.state(), cause)
    }

    pub(crate) fn times(&self) -> MutexGuard<'_, StartTimes> {
        self.times.lock()
    }

    /// Counts a call in, in this lane, if the gate is open.
    pub(super) fn enter(&self, lane: usize) -> Option<CounterIndex> {
        let token = self.token.read();
        self.gate()?.enter(*token, context_stack::stripe() + lane)
    }

    pub(super) fn leave(&self, counter: CounterIndex) {
        if let Some(gate) = self.gate() {
            gate.leave(counter);
        }
    }

    /// Counts in a call that a call, task or hook of this service has made, even if the gate is closed.
    pub(super) fn enter_reentrant(&self) {
        if let Some(gate) = self.gate() {
            gate.enter_reentrant();
        }
    }

    pub(super) fn leave_reentrant(&self) {
        if let Some(gate) = self.gate() {
            gate.leave_reentrant();
        }
    }

    /// Counts a call that waits for this service, if there are not too many.
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

/// A call that waits for a service; counted until this is dropped.
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
