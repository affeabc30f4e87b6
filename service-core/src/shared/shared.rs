//! [`Shared`]: what all handles, hooks and calls of one registry share.

use std::any::Any;
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::owned_tasks::Spawned;
use super::probes::Probes;
use super::undeclared::Uses;
use super::wait_graph;
use super::wait_graph::Wait;
use crate::base::{Failure, Key, ShutdownReason, State};
use crate::events::{Listener, Log, Telling};
use crate::gate::Slot;
use crate::gate::context_stack;
use crate::gate::context_stack::{Frame, Role};
use crate::health::Checkup;
use crate::lifecycle::{Driver, Message};
use crate::plan::Plan;
use crate::report::{BootError, BootFailure, NotReady, Refusal, ShutdownReport};
use crate::service::Hooks;

/// The budgets and switches of one registry.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub boot_timeout: Option<Duration>,
    pub rollback_timeout: Duration,
    pub shutdown_timeout: Duration,
    pub lame_duck: Duration,
    pub health_cache: Duration,
    pub concurrency: usize,
    pub cancel: Option<CancellationToken>,
    pub isolated: bool,
    pub deny_undeclared: bool,
    /// Where, or by what, it was booted: for the error of a second boot.
    pub origin: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            boot_timeout: None,
            rollback_timeout: Duration::from_secs(25),
            shutdown_timeout: Duration::from_secs(25),
            lame_duck: Duration::ZERO,
            health_cache: Duration::ZERO,
            concurrency: usize::MAX,
            cancel: None,
            isolated: false,
            deny_undeclared: false,
            origin: String::new(),
        }
    }
}

/// How a registry ended.
#[derive(Clone, Debug)]
pub(crate) enum End {
    Down(Arc<ShutdownReport>),
    /// Its runtime was shut down under it.
    RuntimeGone,
}

/// What all handles, hooks and calls of one registry share.
pub(crate) struct Shared {
    pub id: u32,
    pub plan: Plan,
    pub slots: Vec<Arc<Slot>>,
    pub hooks: Vec<Arc<dyn Hooks>>,
    pub options: Options,
    pub log: Log,
    pub uses: Uses,
    /// What all of its users hold; known by what it is not.
    pub handle: OnceLock<Weak<dyn Any + Send + Sync>>,
    pub checkup: Checkup,
    pub probes: Probes,
    pub spawned: Spawned,
    inbox: mpsc::UnboundedSender<Message>,
    boot: watch::Sender<Option<Result<(), BootError>>>,
    boot_waiters: AtomicUsize,
    end: watch::Sender<Option<End>>,
    reason: Mutex<Option<ShutdownReason>>,
    timing: Mutex<Timing>,
}

/// When the boot began and how long it took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Timing {
    pub began: Option<tokio::time::Instant>,
    pub took: Option<Duration>,
}

static NEXT: AtomicU32 = AtomicU32::new(1);

/// Registries by number, for the frames on the ambient stack.
static ALL: Mutex<BTreeMap<u32, Weak<Shared>>> = Mutex::new(BTreeMap::new());

/// How many isolated registries are up or on their way.
static ISOLATED: AtomicUsize = AtomicUsize::new(0);

impl Shared {
    /// A registry for a plan that has been proved, with its driver running.
    ///
    /// # Errors
    /// Without a tokio runtime.
    pub(crate) fn launch(
        plan: Plan,
        hooks: Vec<Arc<dyn Hooks>>,
        options: Options,
        observer: Listener,
        listeners: Vec<Listener>,
    ) -> Result<Arc<Self>, BootError> {
        let runtime = Handle::try_current().map_err(|_| BootError::new(BootFailure::NoRuntime, None))?;
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let (inbox, messages) = mpsc::unbounded_channel();
        let (log, telling) = Log::new(observer, listeners);
        let shared = Arc::new_cyclic(|this: &Weak<Self>| {
            let services = plan.services().iter().enumerate();
            let slots = services
                .map(|(index, it)| Arc::new(Slot::new(id, index, &it.facts, !options.isolated, this.clone())))
                .collect();
            Self {
                id,
                plan,
                slots,
                hooks,
                options,
                log,
                uses: Uses::default(),
                handle: OnceLock::new(),
                checkup: Checkup::default(),
                probes: Probes::default(),
                inbox,
                boot: watch::Sender::new(None),
                boot_waiters: AtomicUsize::new(0),
                end: watch::Sender::new(None),
                reason: Mutex::new(None),
                timing: Mutex::default(),
                spawned: Spawned::new(),
            }
        });
        if shared.options.isolated {
            ISOLATED.fetch_add(1, Ordering::AcqRel);
        }
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, registry| registry.strong_count() > 0);
        all.insert(id, Arc::downgrade(&shared));
        drop(all);
        let telling = telling.map(|telling: Telling| runtime.spawn(telling.run()));
        runtime.spawn(Driver::new(shared.clone(), messages, telling).run());
        Ok(shared)
    }

    /// The registry on whose behalf this thread is running.
    pub(crate) fn ambient() -> Option<Arc<Self>> {
        Self::numbered(context_stack::innermost()?.registry())
    }

    /// The registry of this number, while there is anything of it.
    pub(crate) fn numbered(id: u32) -> Option<Arc<Self>> {
        ALL.lock().unwrap_or_else(PoisonError::into_inner).get(&id)?.upgrade()
    }

    /// Whether an isolated registry is up.
    pub(crate) fn any_isolated() -> bool {
        ISOLATED.load(Ordering::Acquire) > 0
    }

    /// Hands a message to the driver; nobody takes it once the registry has ended.
    pub(crate) fn send(&self, message: Message) {
        // Whoever waits for an answer sees the end instead.
        let _ = self.inbox.send(message);
    }

    /// Asks for one service, with all it requires, and waits for the answer.
    pub(crate) async fn demand(&self, service: usize) {
        let (reply, answer) = oneshot::channel();
        self.send(Message::Demand { service, reply });
        // No answer means that the registry goes down; the service's state says so.
        let _ = answer.await;
    }

    /// Boots everything that is to be booted, or joins the boot that is under way. If every caller stops waiting, the
    /// boot is cancelled. A hook of the boot is told that it would wait for itself.
    pub(crate) async fn boot(&self) -> Result<(), BootError> {
        let starts = |frame: Frame| frame.registry() == self.id && frame.role() == Role::Starting;
        if self.booted().is_none()
            && let Some(service) = context_stack::find(|frame| starts(frame).then_some(frame.service()))
        {
            let name = self.slots[service as usize].name.to_string();
            return Err(BootError::new(BootFailure::Inside(name), None));
        }
        let from_inside = |circle: Vec<String>| {
            BootError::new(BootFailure::Inside(circle.into_iter().next().unwrap_or_default()), None)
        };
        // Once it is booted there is nothing to wait for.
        let wait = if self.booted().is_none() { wait_graph::for_boot(self).map_err(from_inside)? } else { None };
        let waiter = BootWaiter::new(self);
        let mut boot = self.boot.subscribe();
        self.send(Message::Boot);
        if self.inbox.is_closed() {
            self.settle_boot(Err(BootError::new(BootFailure::NoRuntime, None)));
        }
        let outcome = Wait::unless_given_up(wait, async {
            boot.wait_for(Option::is_some).await.map_or(None, |outcome| outcome.clone())
        });
        let outcome = outcome.await.map_err(from_inside)?;
        drop(waiter);
        outcome.unwrap_or_else(|| Err(BootError::new(BootFailure::NoRuntime, None)))
    }

    /// How the boot ended, once it has.
    pub(crate) fn booted(&self) -> Option<Result<(), BootError>> {
        self.boot.borrow().clone()
    }

    /// The boot has ended, unless it had before.
    pub(crate) fn settle_boot(&self, outcome: Result<(), BootError>) {
        self.boot.send_if_modified(|boot| {
            let first = boot.is_none();
            if first {
                *boot = Some(outcome);
            }
            first
        });
    }

    /// Asks for the shutdown of everything. From now on it is leaving, even if the driver has not heard of it yet: whoever
    /// boots afterwards gets the next registry.
    pub(crate) fn request_shutdown(&self, reason: ShutdownReason) {
        self.set_reason(reason.clone());
        self.send(Message::ShutDown(reason));
    }

    /// A task of a service has failed for good.
    pub(crate) fn escalate(&self, service: usize, failure: Failure) {
        self.send(Message::Escalated { service, failure });
    }

    /// Ends when the registry has.
    pub(crate) async fn ended(&self) -> End {
        let mut end = self.end.subscribe();
        match end.wait_for(Option::is_some).await {
            Ok(end) => end.clone().unwrap_or(End::RuntimeGone),
            Err(_) => End::RuntimeGone,
        }
    }

    /// Whether the registry has ended, or its runtime has.
    pub(crate) fn has_ended(&self) -> bool {
        self.end.borrow().is_some() || self.inbox.is_closed()
    }

    /// Whether it went down because it was told to.
    pub(crate) fn was_shut_down(&self) -> bool {
        let was_told = !matches!(self.reason(), None | Some(ShutdownReason::BootFailed | ShutdownReason::Cancelled));
        was_told && matches!(&*self.end.borrow(), Some(End::Down(_)))
    }

    /// Whether the registry is on its way down.
    pub(crate) fn is_leaving(&self) -> bool {
        self.reason().is_some()
    }

    pub(crate) fn reason(&self) -> Option<ShutdownReason> {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The first reason stays, and is returned.
    pub(crate) fn set_reason(&self, reason: ShutdownReason) -> ShutdownReason {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(reason).clone()
    }

    pub(crate) fn timing(&self) -> Timing {
        *self.timing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_timing(&self, timing: Timing) {
        *self.timing.lock().unwrap_or_else(PoisonError::into_inner) = timing;
    }

    /// The registry has ended. The driver says so, or the loss of the driver.
    pub(crate) fn finish(&self, end: End) {
        let first = self.end.send_if_modified(|current| {
            let first = current.is_none();
            if first {
                *current = Some(end);
            }
            first
        });
        if first && self.options.isolated {
            ISOLATED.fetch_sub(1, Ordering::AcqRel);
        }
    }

    pub(crate) fn is_coming_up(&self, service: usize) -> bool {
        self.slots[service].state().is_coming_up()
    }

    /// Whether everybody who waited for the boot has gone.
    pub(crate) fn nobody_waits(&self) -> bool {
        self.boot_waiters.load(Ordering::Acquire) == 0
    }

    /// Whether it is booted and not on its way down.
    pub(crate) fn is_ready(&self) -> bool {
        matches!(self.booted(), Some(Ok(()))) && !self.is_leaving() && !self.has_ended()
    }

    /// Whether a service declares, directly or through others, that it comes after this one.
    pub(crate) fn depends(&self, service: usize, on: usize) -> bool {
        let services = self.plan.services();
        let mut seen = HashSet::from([service]);
        let mut open = vec![service];
        while let Some(at) = open.pop() {
            // The plan's order: what a service depends on stands before it.
            let below = services[at].needs.iter().map(|need| need.index).filter(|&below| below >= on);
            for below in below {
                if below == on {
                    return true;
                }
                if seen.insert(below) {
                    open.push(below);
                }
            }
        }
        false
    }

    /// The slot of a service by what it is found by.
    ///
    /// # Errors
    /// If this registry does not have it.
    pub(crate) fn slot(&self, key: &Key, text: &str) -> Result<&Arc<Slot>, NotReady> {
        match self.plan.index_of(key) {
            Some(index) => Ok(&self.slots[index]),
            None => Err(NotReady::new(text, State::Idle, Refusal::Unregistered)),
        }
    }

    /// A ready service by its name.
    pub(crate) fn named<T: Send + Sync + 'static>(&self, name: &str) -> Result<Arc<T>, NotReady> {
        let slot = self.slot(&Key::Name(name.to_owned()), name)?;
        match slot.value::<T>() {
            Some(value) if matches!(slot.state(), State::Ready) => Ok(value),
            None if slot.state() == State::Ready => Err(slot.refuse(Refusal::OtherType(std::any::type_name::<T>()))),
            _ => Err(slot.refusal()),
        }
    }
}

/// One who waits for the boot; the last to leave before it has ended cancels it.
struct BootWaiter<'a> {
    shared: &'a Shared,
}

impl<'a> BootWaiter<'a> {
    fn new(shared: &'a Shared) -> Self {
        shared.boot_waiters.fetch_add(1, Ordering::AcqRel);
        Self { shared }
    }
}

impl Drop for BootWaiter<'_> {
    fn drop(&mut self) {
        let last = self.shared.boot_waiters.fetch_sub(1, Ordering::AcqRel) == 1;
        if last && self.shared.booted().is_none() {
            self.shared.send(Message::NobodyWaits);
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("id", &self.id).field("services", &self.slots.len()).finish_non_exhaustive()
    }
}
