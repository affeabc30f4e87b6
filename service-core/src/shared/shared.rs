//! [`Shared`]: what all handles, hooks and calls of one registry share.

use std::any::{Any, TypeId, type_name};
use std::collections::HashSet;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::isolated::IsolatedCount;
use super::message::Message;
use super::options::Options;
use super::owned_tasks::OwnedTasks;
use super::probes::Probes;
use super::timer_keeper::{Busy, KeptRuntime};
use super::undeclared::UndeclaredCalls;
use super::worker_watch::BlockedThreads;
use crate::base::{Failure, Mutex, ShutdownReason, State, short_name};
use crate::events::EventLog;
use crate::gate::Slot;
use crate::plan::{Bond, Plan};
use crate::report::{BootError, BootFailure, EventKind, NotReady, Refusal, ShutdownReport};

/// How a registry ended.
#[derive(Clone, Debug)]
pub(crate) enum End {
    Down(Arc<ShutdownReport>),
    /// Its runtime was shut down first.
    RuntimeGone,
}

/// What all handles, hooks and calls of one registry share.
pub(crate) struct Shared {
    pub id: u32,
    pub plan: Plan,
    pub slots: Vec<Arc<Slot>>,
    pub options: Options,
    pub log: Arc<EventLog>,
    pub undeclared: UndeclaredCalls,
    /// The handle that users hold, without its type, which is defined above this folder.
    pub handle: OnceLock<Weak<dyn Any + Send + Sync>>,
    pub probes: Probes,
    pub owned_tasks: OwnedTasks,
    pub runtime: Handle,
    /// Absent if its runtime has one thread, and after its end.
    kept_runtime: Mutex<Option<KeptRuntime>>,
    inbox: mpsc::UnboundedSender<Message>,
    boot: watch::Sender<Option<Result<(), BootError>>>,
    pub(super) boot_waiters: AtomicUsize,
    /// Whether any of them has learnt how the boot ended.
    pub(super) boot_returned: AtomicBool,
    end: watch::Sender<Option<End>>,
    /// The first one that was requested, until the machine has decided which one counts.
    reason: Mutex<Option<ShutdownReason>>,
    /// Cancelled as soon as there is a reason.
    pub shutdown_requested: CancellationToken,
    timing: Mutex<Timing>,
    isolated: IsolatedCount,
}

/// When the boot began and how long it took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Timing {
    pub began: Option<tokio::time::Instant>,
    pub took: Option<Duration>,
}

impl Shared {
    /// A registry for a proved plan, and the receiver from which its driver reads messages.
    pub(crate) fn new(
        plan: Plan,
        options: Options,
        log: Arc<EventLog>,
        id: u32,
        runtime: &Handle,
    ) -> (Arc<Self>, mpsc::UnboundedReceiver<Message>) {
        let (inbox, messages) = mpsc::unbounded_channel();
        let services = plan.services().iter().enumerate();
        let slots =
            services.map(|(index, it)| Arc::new(Slot::new(id, index, it, !options.isolated, log.clone()))).collect();
        let shared = Self {
            id,
            plan,
            slots,
            isolated: IsolatedCount::new(options.isolated),
            options,
            log,
            undeclared: UndeclaredCalls::default(),
            handle: OnceLock::new(),
            probes: Probes::default(),
            owned_tasks: OwnedTasks::new(runtime.clone()),
            runtime: runtime.clone(),
            kept_runtime: Mutex::new(None),
            inbox,
            boot: watch::Sender::new(None),
            boot_waiters: AtomicUsize::new(0),
            boot_returned: AtomicBool::new(false),
            end: watch::Sender::new(None),
            reason: Mutex::new(None),
            shutdown_requested: CancellationToken::new(),
            timing: Mutex::default(),
        };
        let shared = Arc::new(shared);
        let weak = Arc::downgrade(&shared);
        let report = move |blocked| {
            if let Some(shared) = weak.upgrade() {
                shared.report_blocked(blocked);
            }
        };
        *shared.kept_runtime.lock() = KeptRuntime::new(id, runtime, Arc::new(report));
        (shared, messages)
    }

    /// Sends a message to the driver. After the registry has ended, it is dropped.
    pub(crate) fn send(&self, message: Message) {
        // A caller that waits for an answer sees the end of the registry instead.
        let _ = self.inbox.send(message);
    }

    /// Requests one service, with all it requires, and waits until the request is settled.
    pub(crate) async fn demand(&self, service: usize) {
        let (reply, answer) = oneshot::channel();
        self.send(Message::Demand { service, reply });
        // No answer means that the registry shuts down; the state of the service shows it.
        let _ = answer.await;
    }

    /// Requests the boot, and returns its outcome; `None` if its runtime ends first.
    pub(super) async fn request_boot(&self) -> Option<Result<(), BootError>> {
        let mut boot = self.boot.subscribe();
        self.send(Message::Boot);
        if self.inbox.is_closed() {
            self.settle_boot(Err(BootError::new(BootFailure::NoRuntime, None)));
        }
        boot.wait_for(Option::is_some).await.map_or(None, |outcome| outcome.clone())
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

    /// While this exists, the timers of the runtime fire in time, whatever blocks one of its threads.
    pub(crate) fn busy(&self) -> Option<Busy> {
        self.kept_runtime.lock().as_ref().map(KeptRuntime::busy)
    }

    /// The threads of the runtime that were blocked a moment ago.
    pub(crate) fn blocked_threads(&self) -> Option<BlockedThreads> {
        self.kept_runtime.lock().as_ref()?.blocked()
    }

    fn report_blocked(&self, BlockedThreads { threads, of, elapsed }: BlockedThreads) {
        let calls = |slot: &Arc<Slot>| {
            let name = slot.name.clone();
            slot.calls_left().into_iter().map(move |left| format!("{} × {name}.{}", left.count, left.method).into())
        };
        let calls = self.slots.iter().flat_map(calls).collect();
        self.log.emit(EventKind::BlockedThreads { threads, of, elapsed, calls });
    }

    /// Requests the shutdown. It counts from this moment, even before the driver has received it: a later boot gets the next
    /// registry.
    pub(crate) fn request_shutdown(&self, reason: ShutdownReason) {
        self.reason.lock().get_or_insert_with(|| reason.clone());
        self.shutdown_requested.cancel();
        self.send(Message::ShutDown(reason));
    }

    /// A supervised task of a service has failed for good.
    pub(crate) fn escalate(&self, service: usize, failure: Failure) {
        self.send(Message::Escalated { service, failure });
    }

    /// Returns when the registry has ended.
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

    /// Whether it was shut down on request, and did not end with its runtime or a failed boot.
    pub(crate) fn was_shut_down(&self) -> bool {
        let was_told = !matches!(self.reason(), None | Some(ShutdownReason::BootFailed | ShutdownReason::Cancelled));
        was_told && matches!(&*self.end.borrow(), Some(End::Down(_)))
    }

    /// Whether a shutdown was requested.
    pub(crate) fn is_shutting_down(&self) -> bool {
        self.reason().is_some()
    }

    pub(crate) fn reason(&self) -> Option<ShutdownReason> {
        self.reason.lock().clone()
    }

    /// Publishes the reason that the machine decided on.
    pub(crate) fn set_reason(&self, reason: ShutdownReason) {
        *self.reason.lock() = Some(reason);
        self.shutdown_requested.cancel();
    }

    pub(crate) fn timing(&self) -> Timing {
        *self.timing.lock()
    }

    /// When the budget of the boot ends, while it is booting and has one.
    pub(crate) fn boot_deadline(&self) -> Option<tokio::time::Instant> {
        let is_booting = self.booted().is_none() && !self.is_shutting_down();
        self.timing().began.filter(|_| is_booting)?.checked_add(self.options.boot_timeout?)
    }

    pub(crate) fn set_timing(&self, timing: Timing) {
        *self.timing.lock() = timing;
    }

    /// The registry has ended. The driver calls this, or the guard that is dropped with it.
    pub(crate) fn finish(&self, end: End) {
        let kept = self.kept_runtime.lock().take();
        // After the lock is released: this may wait for the end of a thread.
        drop(kept);
        // Before anybody sees the end: from here on, a first use may boot the process's registry.
        self.isolated.end();
        self.end.send_if_modified(|current| {
            let first = current.is_none();
            if first {
                *current = Some(end);
            }
            first
        });
    }

    pub(crate) fn is_coming_up(&self, service: usize) -> bool {
        self.slots[service].state().is_coming_up()
    }

    /// Whether every caller that waited for the boot has gone, and none has learnt how it ended.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.boot_waiters.load(Ordering::Acquire) == 0 && !self.boot_returned.load(Ordering::Acquire)
    }

    /// Whether it is booted and no shutdown was requested.
    pub(crate) fn is_ready(&self) -> bool {
        matches!(self.booted(), Some(Ok(()))) && !self.is_shutting_down() && !self.has_ended()
    }

    /// Whether a service depends on another one, directly or through others.
    pub(crate) fn depends(&self, service: usize, on: usize) -> bool {
        self.reaches(service, on, |_| true)
    }

    /// Whether a service may hold the instance of another one, or of a service that does.
    pub(crate) fn holds(&self, service: usize, on: usize) -> bool {
        self.reaches(service, on, |bond| bond != Bond::After)
    }

    fn reaches(&self, service: usize, on: usize, counts: impl Fn(Bond) -> bool) -> bool {
        let services = self.plan.services();
        let mut seen = HashSet::from([service]);
        let mut open = vec![service];
        while let Some(at) = open.pop() {
            // In the plan's order, a dependency comes before its dependants.
            let below = services[at].needs.iter().filter(|need| counts(need.bond) && need.index >= on);
            for below in below.map(|need| need.index) {
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

    /// The slot of the service with this type.
    ///
    /// # Errors
    /// If this registry does not have it.
    pub(crate) fn slot<T: ?Sized + 'static>(&self) -> Result<&Arc<Slot>, NotReady> {
        self.slot_of(&TypeId::of::<T>(), type_name::<T>)
    }

    /// The same, for a type that is not named.
    #[inline]
    pub(crate) fn slot_of(&self, id: &TypeId, type_name: fn() -> &'static str) -> Result<&Arc<Slot>, NotReady> {
        match self.plan.index_of_type(id) {
            Some(index) => Ok(&self.slots[index]),
            None => Err(unregistered(short_name(type_name()))),
        }
    }

    /// The slot of the service with this name.
    pub(crate) fn named_slot(&self, name: &str) -> Result<&Arc<Slot>, NotReady> {
        match self.plan.index_of_name(name) {
            Some(index) => Ok(&self.slots[index]),
            None => Err(unregistered(name)),
        }
    }
}

#[cold]
fn unregistered(name: &str) -> NotReady {
    NotReady::new(name, State::Idle, Refusal::Unregistered)
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("id", &self.id).field("services", &self.slots.len()).finish_non_exhaustive()
    }
}
