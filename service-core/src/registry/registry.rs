//! [`Registry`]: a value that owns the instances of its services.

use std::any::TypeId;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::base::{Key, ShutdownReason, State, short_name};
use crate::gate::context_stack;
use crate::gate::context_stack::{Frame, Role};
use crate::gate::{Slot, StartTimes, since};
use crate::health::HealthChecker;
use crate::plan::{Graph, NodeStatus};
use crate::report::{
    BootReport, Event, Health, HealthReport, NotReady, RunError, ServiceReport, ShutdownError, ShutdownReport,
    UndeclaredCall,
};
use crate::shared::{self, CurrentTask, End, Message, Shared};
use crate::signals::{Signals, signals};

/// A value that owns the instances of its services. A cheap clone: all clones are the same registry.
///
/// The process has one by default, [`Registry::boot`]; a test has its own,
/// [`Registry::builder().isolated()`](crate::Builder::isolated).
///
/// ```no_run
/// use service_core::{Registry, Result};
///
/// # async fn example() -> Result<()> {
/// let registry = Registry::boot().await?; // everything linked in, in dependency order
/// println!("{}", registry.graph());
/// registry.run().await?; // until SIGTERM or ctrl-c; then down, in reverse
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Registry {
    handle: Arc<Handle>,
}

/// What the clones share: when the last one goes, the registry is told.
struct Handle {
    shared: Arc<Shared>,
    health: Arc<HealthChecker>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.send(Message::Dropped);
    }
}

impl Registry {
    pub(crate) fn new(shared: Arc<Shared>, health: Arc<HealthChecker>) -> Self {
        let registry = Self { handle: Arc::new(Handle { shared, health }) };
        let handle: Weak<Handle> = Arc::downgrade(&registry.handle);
        registry.shared().handle.get_or_init(|| handle);
        registry
    }

    /// The handle of this registry, if anything outside of the registry still holds it.
    pub(super) fn of(shared: &Shared) -> Option<Self> {
        let handle = shared.handle.get()?.upgrade()?.downcast::<Handle>().ok()?;
        Some(Self { handle })
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.handle.shared
    }

    fn slot<T: ?Sized + 'static>(&self) -> Result<&Arc<Slot>, NotReady> {
        self.shared().slot(&Key::Type(TypeId::of::<T>()), short_name::<T>())
    }

    /// The instance of a service, or of what provides a `dyn Trait`.
    ///
    /// # Errors
    /// If it is not ready now, or this registry does not have it.
    pub fn get<T: ?Sized + Send + Sync + 'static>(&self) -> Result<Arc<T>, NotReady> {
        shared::reach_now(self.slot::<T>()?, Slot::view)
    }

    /// The same, but waits while it comes up, and boots it with what it requires if it is lazy. Waiting is repeatable
    /// and may be dropped at any time.
    ///
    /// # Errors
    /// As soon as it can't become ready.
    pub async fn wait_ready<T: ?Sized + Send + Sync + 'static>(&self) -> Result<Arc<T>, NotReady> {
        shared::reach(self.slot::<T>()?, Slot::view).await
    }

    /// The value of a service by its name: for definitions made at run time.
    ///
    /// # Errors
    /// If it is not ready now, is not a `T`, or this registry does not have it.
    pub fn get_named<T: Send + Sync + 'static>(&self, name: &str) -> Result<Arc<T>, NotReady> {
        self.shared().named(name)
    }

    /// The state of a service; [`State::Idle`] also where this registry does not have it.
    pub fn state<T: ?Sized + 'static>(&self) -> State {
        self.slot::<T>().map_or(State::Idle, |slot| slot.state())
    }

    /// The dependency graph, with the states and times of this moment.
    pub fn graph(&self) -> Graph {
        let shared = self.shared();
        let status = |index: usize| {
            let slot = &shared.slots[index];
            let times = slot.times();
            NodeStatus {
                state: Some(slot.state()),
                waited: waited(&times),
                own: own(&times),
                root_failure: times.failure.is_some(),
            }
        };
        Graph::of(&shared.plan, status, &shared.undeclared.all())
    }

    /// How the boot went, service by service.
    pub fn report(&self) -> BootReport {
        let shared = self.shared();
        let mut services = Vec::with_capacity(shared.slots.len());
        for (index, slot) in shared.slots.iter().enumerate() {
            let times = slot.times().clone();
            services.push(ServiceReport {
                name: slot.name.to_string(),
                location: slot.location,
                state: slot.state(),
                waited: waited(&times),
                own: own(&times).unwrap_or_default(),
                attempts: times.attempts,
                blocked: times.blocked,
                failure: times.failure,
                missing: self.missing(index),
            });
        }
        let timing = shared.timing();
        let name = |index: usize| shared.slots[index].name.to_string();
        let calls = shared.undeclared.all().into_iter();
        let undeclared = calls.map(|(caller, callee)| UndeclaredCall { caller: name(caller), callee: name(callee) });
        BootReport {
            services,
            total: timing.took.unwrap_or_else(|| since(timing.began)),
            critical_path: self.graph().critical_path().into_iter().map(|step| step.name).collect(),
            undeclared: undeclared.collect(),
        }
    }

    /// What a service wants and has not got.
    fn missing(&self, index: usize) -> Vec<String> {
        let shared = self.shared();
        let needs = shared.plan.services()[index].needs.iter();
        let gone = needs.filter(|need| need.bond == crate::plan::Bond::Wants);
        let gone = gone.filter(|need| matches!(shared.slots[need.index].state(), State::Failed | State::Blocked));
        let gone = gone.map(|need| need.text.clone());
        shared.plan.absent_wants(index).iter().cloned().chain(gone).collect()
    }

    /// How every service is: those that are up are asked, all at once, each as long as its `health_timeout` allows, and a
    /// panic in a check is that service's ill health. Who asks while a check is under way joins it. One that is not up although it should be is unhealthy; one that
    /// needs an unhealthy one is degraded, and says by whom.
    pub async fn health(&self) -> HealthReport {
        self.handle.health.check(None).await
    }

    /// The same, of the services with this tag alone.
    pub async fn health_of(&self, tag: &str) -> HealthReport {
        self.handle.health.check(Some(tag)).await
    }

    /// Whether everything that was to be booted came up and no shutdown has been requested.
    pub fn is_ready(&self) -> bool {
        self.shared().is_ready()
    }

    /// The startup probe: whether the boot has ever succeeded. Once it has, this stays true.
    pub fn startup(&self) -> bool {
        self.shared().probes.has_started()
    }

    /// The liveness probe: healthy unless [`set_dead`](Self::set_dead) has said otherwise. No dependency, no boot and no
    /// drain makes it fail: a restart of the process would not help against any of them.
    pub fn liveness(&self) -> Health {
        self.shared().probes.dead().map_or(Health::Healthy, Health::unhealthy)
    }

    /// Says that this process is beyond help, so that whoever watches it starts another.
    pub fn set_dead(&self, why: impl Into<String>) {
        self.shared().probes.set_dead(why.into());
    }

    /// The readiness probe: unhealthy before the boot has succeeded, as soon as a shutdown was requested, while a
    /// service is unhealthy, and while [`set_unready`](Self::set_unready) says so.
    pub async fn readiness(&self) -> Health {
        if !self.is_ready() {
            let leaving = self.shared().is_leaving() || self.shared().has_ended();
            return Health::unhealthy(if leaving { "shutting down" } else { "starting" });
        }
        if let Some(why) = self.shared().probes.unready() {
            return Health::unhealthy(why);
        }
        let report = self.health().await;
        let ill: Vec<_> = report.services.iter().filter(|it| !it.health.is_up()).map(|it| &*it.name).collect();
        if ill.is_empty() { report.health() } else { Health::unhealthy(format!("{} unhealthy", ill.join(", "))) }
    }

    /// Asks for no requests for a while, and says why; [`set_ready`](Self::set_ready) takes it back.
    pub fn set_unready(&self, why: impl Into<String>) {
        self.shared().probes.set_unready(Some(why.into()));
    }

    /// Takes back [`set_unready`](Self::set_unready).
    pub fn set_ready(&self) {
        self.shared().probes.set_unready(None);
    }

    /// The latest events, oldest first: at most 4,096, and a first number above 0 tells how many are gone.
    pub fn events(&self) -> Vec<Event> {
        self.shared().log.events()
    }

    /// Runs a future in which this is the registry that `T::service()` means.
    pub async fn scope<F: Future>(&self, future: F) -> F::Output {
        context_stack::with_context(self.frame(), future).await
    }

    /// Runs a future in a task in which this is the registry that `T::service()` means. The task is aborted when the
    /// registry is down, if it has not ended by then, or at once if the registry has ended already.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let marked = context_stack::with_context(self.frame(), future);
        match context_stack::find(|frame| (frame.service() != Frame::NO_SERVICE).then_some(frame)) {
            Some(frame) => self.shared().owned_tasks.spawn(CurrentTask { frame, task: None }.run(marked)),
            None => self.shared().owned_tasks.spawn(marked),
        }
    }

    fn frame(&self) -> Frame {
        Frame::new(self.shared().id, Frame::NO_SERVICE, Role::Scope)
    }

    /// Runs until SIGTERM or ctrl-c arrives, or somebody requests the shutdown; then shuts down, and says how that
    /// went. A second signal leaves the process at once, with 128 and the signal's number. Afterwards a signal has its
    /// default effect again.
    ///
    /// # Errors
    /// If the signals can't be listened for, or the shutdown is not clean; or at once from inside, see
    /// [`stopped`](Self::stopped).
    pub async fn run(&self) -> Result<ShutdownReport, RunError> {
        self.can_wait()?;
        let signals = Signals::listen().map_err(|error| RunError::Signals(Arc::new(error)))?;
        self.obey(signals);
        Ok(self.wind_up().await?)
    }

    /// Lets signals shut this registry down.
    pub(crate) fn obey(&self, signals: Signals) {
        let shared = Arc::downgrade(self.shared());
        self.shared().owned_tasks.spawn(signals::obey(signals, move |reason| {
            if let Some(shared) = shared.upgrade() {
                shared.request_shutdown(reason);
            }
        }));
    }

    /// Requests the shutdown and returns at once; every hook can read the reason. A later reason changes nothing.
    pub fn request_shutdown(&self, reason: impl Into<ShutdownReason>) {
        self.shared().request_shutdown(reason.into());
    }

    /// Shuts down: refuses new guarded calls, waits for admitted ones, joins tasks, runs `shutdown`, dependants before
    /// dependencies. Calling it twice, also at the same moment, runs every hook once and gives the same answer.
    ///
    /// # Errors
    /// If not everything went down cleanly; everything is down all the same. From inside a hook, a task or a guarded
    /// call of this registry it requests the shutdown and returns an error at once: it would wait for itself.
    pub async fn shutdown(&self) -> Result<ShutdownReport, ShutdownError> {
        self.request_shutdown("shutdown() was called");
        match self.waits_inside() {
            Some(service) => Err(ShutdownError::from_inside(service)),
            None => self.wind_up().await,
        }
    }

    /// Ends when this registry is down, whoever asked for it. Not for what goes down with it: a hook, a task or a guarded
    /// call of one of its services is told by [`Context::stopping`](crate::Context::stopping).
    ///
    /// # Errors
    /// If the shutdown was not clean, or the runtime was shut down first. From inside a hook, a task or a guarded call of
    /// this registry, at once: it would wait for itself.
    pub async fn stopped(&self) -> Result<ShutdownReport, ShutdownError> {
        self.can_wait()?;
        self.wind_up().await
    }

    fn can_wait(&self) -> Result<(), ShutdownError> {
        self.waits_inside().map_or(Ok(()), |service| Err(ShutdownError::waits_for_itself(service)))
    }

    /// The service, if this thread runs on behalf of one, without whose end the registry has none.
    fn waits_inside(&self) -> Option<String> {
        let shared = self.shared();
        if shared.has_ended() {
            return None;
        }
        let part = |frame: Frame| frame.registry() == shared.id && frame.role() != Role::Scope;
        let service = context_stack::find(|frame| part(frame).then_some(frame.service()))?;
        Some(shared.slots[service as usize].name.to_string())
    }

    pub(super) async fn wind_up(&self) -> Result<ShutdownReport, ShutdownError> {
        match self.shared().ended().await {
            End::Down(report) if report.is_clean() => Ok(ShutdownReport::clone(&report)),
            End::Down(report) => Err(ShutdownError::unclean(ShutdownReport::clone(&report))),
            End::RuntimeGone => Err(ShutdownError::runtime_gone()),
        }
    }
}

fn waited(times: &StartTimes) -> Duration {
    match (times.wanted, times.began) {
        (Some(wanted), Some(began)) => began.saturating_duration_since(wanted),
        (wanted, _) => since(wanted),
    }
}

fn own(times: &StartTimes) -> Option<Duration> {
    let began = times.began?;
    Some(times.ended.map_or_else(|| began.elapsed(), |ended| ended.saturating_duration_since(began)))
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("services", &self.shared().slots.len())
            .field("ready", &self.is_ready())
            .finish_non_exhaustive()
    }
}
