//! [`Registry`]: a value that owns the instances of its services.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Weak};

use tokio::task::JoinHandle;

use crate::base::{ShutdownReason, State};
use crate::gate::Slot;
use crate::gate::context_stack;
use crate::gate::context_stack::{Frame, Role};
use crate::health::HealthChecker;
use crate::plan::Graph;
use crate::report::{BootReport, Event, Health, HealthReport, NotReady, ShutdownError, ShutdownReport};
use crate::service::Context;
use crate::shared::{self, CurrentTask, End, Message, Shared};

/// A value that owns the instances of its services. A cheap clone: all clones are the same registry.
///
/// The process has one by default, [`Registry::boot`]; a test has its own,
/// [`Registry::builder().isolated()`](crate::Builder::isolated).
///
/// ```no_run
/// use service_core::{Registry, Result};
///
/// # async fn example() -> Result<()> {
/// let registry = Registry::builder().signals(true).boot().await?; // everything linked in, in dependency order
/// println!("{}", registry.graph());
/// registry.run().await?; // until SIGTERM or ctrl-c; then shuts down, in reverse order
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Registry {
    handle: Arc<Handle>,
}

/// What the clones share. When the last one is dropped, the registry shuts down.
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

    /// The same; or a new handle, if a hook or a task of the registry asks while nothing outside of it does.
    fn from_inside(shared: &Arc<Shared>) -> Self {
        Self::of(shared).unwrap_or_else(|| {
            // The last handle was dropped, so the registry shuts down. Services that are still ready report no health.
            let health = Arc::new(HealthChecker::new(shared.clone(), Arc::default()));
            Self { handle: Arc::new(Handle { shared: shared.clone(), health }) }
        })
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.handle.shared
    }

    pub(super) fn slot<T: ?Sized + 'static>(&self) -> Result<&Arc<Slot>, NotReady> {
        self.shared().slot::<T>()
    }

    /// Returns the instance of a service, or of the service that provides a `dyn Trait`.
    ///
    /// ```
    /// use service_core::{Registry, service};
    ///
    /// #[service(autowire, lazy)]
    /// struct Db {}
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> service_core::Result<()> {
    /// let registry = Registry::builder().isolated().only::<Db>().boot().await?;
    /// let db = registry.get::<Db>()?;
    /// # drop(db);
    /// # registry.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the service is not ready now, or this registry does not have it.
    pub fn get<T: ?Sized + Send + Sync + 'static>(&self) -> Result<Arc<T>, NotReady> {
        let slot = self.slot::<T>()?;
        // The plain case apart, so that it needs few registers: the service is ready, and no other one uses it.
        if context_stack::is_empty()
            && slot.is_ready()
            && let Some(value) = slot.view()
        {
            return Ok(value);
        }
        shared::reach_now(slot, Slot::view)
    }

    /// Like [`get`](Self::get), but waits while the service starts, and boots it first if it is lazy. The future may be dropped
    /// at any time.
    ///
    /// ```
    /// use service_core::{Registry, service};
    ///
    /// #[service(autowire, lazy)]
    /// struct Db {}
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> service_core::Result<()> {
    /// let registry = Registry::builder().isolated().with::<Db>().boot().await?;
    /// let db = registry.wait_ready::<Db>().await?;
    /// # drop(db);
    /// # registry.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the service cannot become ready, or this registry does not have it.
    pub async fn wait_ready<T: ?Sized + Send + Sync + 'static>(&self) -> Result<Arc<T>, NotReady> {
        shared::reach(self.slot::<T>()?, Slot::view).await
    }

    /// Returns the value of a service by its name; for definitions made at run time.
    ///
    /// ```
    /// use service_core::{Definition, Registry};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> service_core::Result<()> {
    /// let port = Definition::new("port").init(async |_cx| Ok(8080_u16));
    /// let registry = Registry::builder().isolated().define(port).only_named("port").boot().await?;
    /// assert_eq!(*registry.get_named::<u16>("port")?, 8080);
    /// # registry.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the service is not ready now, its value is not a `T`, or this registry does not have it.
    pub fn get_named<T: Send + Sync + 'static>(&self, name: &str) -> Result<Arc<T>, NotReady> {
        shared::named(self.shared(), name)
    }

    /// Returns the state of a service; [`State::Idle`] if this registry does not have it.
    ///
    /// ```
    /// use service_core::{Registry, State, service};
    ///
    /// #[service(autowire, lazy)]
    /// struct Db {}
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> service_core::Result<()> {
    /// let registry = Registry::builder().isolated().only::<Db>().boot().await?;
    /// assert_eq!(registry.state::<Db>(), State::Ready);
    /// # registry.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn state<T: ?Sized + 'static>(&self) -> State {
        self.slot::<T>().map_or(State::Idle, |slot| slot.state())
    }

    /// Returns the dependency graph, with the current state and the times of each service.
    ///
    /// ```
    /// use service_core::{Definition, Registry};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> service_core::Result<()> {
    /// let registry = Registry::builder().isolated().define(Definition::new("cache")).only_named("cache").boot().await?;
    /// println!("{}", registry.graph().to_mermaid());
    /// # registry.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn graph(&self) -> Graph {
        self.shared().graph()
    }

    /// Returns how the boot went, service by service.
    ///
    /// ```
    /// use service_core::{Definition, Registry};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> service_core::Result<()> {
    /// let registry = Registry::builder().isolated().define(Definition::new("cache")).only_named("cache").boot().await?;
    /// assert_eq!(registry.report().services[0].name, "cache");
    /// # registry.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn report(&self) -> BootReport {
        self.shared().boot_report()
    }

    /// Checks the health of every service.
    ///
    /// The checks run concurrently, each limited by the `health_timeout` of its service (5 s by default). A check that panics
    /// or exceeds its limit makes its service unhealthy. Concurrent callers share a check that is already running. A service
    /// that should be ready and is not is unhealthy. A service that requires an unhealthy service is degraded, and its reason
    /// names that service.
    ///
    /// ```
    /// use service_core::{Definition, Health, Registry};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> service_core::Result<()> {
    /// let registry = Registry::builder().isolated().define(Definition::new("cache")).only_named("cache").boot().await?;
    /// assert_eq!(registry.health().await.health(), Health::Healthy);
    /// # registry.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn health(&self) -> HealthReport {
        self.handle.health.check(None).await
    }

    /// Like [`health`](Self::health), for the services with this tag only.
    ///
    /// ```
    /// use service_core::{Definition, Registry};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> service_core::Result<()> {
    /// let cache = Definition::new("cache").tag("storage");
    /// let registry = Registry::builder().isolated().define(cache).only_named("cache").boot().await?;
    /// assert_eq!(registry.health_of("storage").await.services.len(), 1);
    /// # registry.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn health_of(&self, tag: &str) -> HealthReport {
        self.handle.health.check(Some(tag)).await
    }

    /// Whether the boot has succeeded and no shutdown has been requested. It checks no health; see
    /// [`readiness`](Self::readiness).
    ///
    /// ```
    /// use service_core::{Definition, Registry};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> service_core::Result<()> {
    /// let registry = Registry::builder().isolated().define(Definition::new("cache")).only_named("cache").boot().await?;
    /// assert!(registry.is_ready());
    /// registry.request_shutdown("done");
    /// assert!(!registry.is_ready());
    /// # registry.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn is_ready(&self) -> bool {
        self.shared().is_ready()
    }

    /// The startup probe of Kubernetes: whether the boot has ever succeeded. Once `true`, it stays `true`.
    ///
    /// ```
    /// use service_core::{Definition, Registry};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> service_core::Result<()> {
    /// let registry = Registry::builder().isolated().define(Definition::new("cache")).only_named("cache").boot().await?;
    /// assert!(registry.startup());
    /// # registry.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn startup(&self) -> bool {
        self.shared().probes.has_started()
    }

    /// The liveness probe of Kubernetes: healthy until [`set_dead`](Self::set_dead) is called. Failed dependencies, a boot and a
    /// drain do not affect it, because a restart of the process would not help.
    ///
    /// ```
    /// use service_core::{Definition, Registry};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> service_core::Result<()> {
    /// let registry = Registry::builder().isolated().define(Definition::new("cache")).only_named("cache").boot().await?;
    /// assert!(registry.liveness().is_up());
    /// # registry.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn liveness(&self) -> Health {
        self.shared().probes.dead().map_or(Health::Healthy, Health::unhealthy)
    }

    /// Makes the liveness probe fail, for this reason, so that the platform restarts the process. It cannot be undone.
    ///
    /// ```
    /// use service_core::{Definition, Registry};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> service_core::Result<()> {
    /// let registry = Registry::builder().isolated().define(Definition::new("cache")).only_named("cache").boot().await?;
    /// registry.set_dead("the worker thread is stuck");
    /// assert!(!registry.liveness().is_up());
    /// # registry.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_dead(&self, why: impl Into<String>) {
        self.shared().probes.set_dead(why.into());
    }

    /// The readiness probe of Kubernetes. It is unhealthy until the boot has succeeded, from the request of a shutdown, while a
    /// service is unhealthy, and after [`set_unready`](Self::set_unready). It runs the checks of [`health`](Self::health).
    ///
    /// ```
    /// use service_core::{Definition, Registry};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> service_core::Result<()> {
    /// let registry = Registry::builder().isolated().define(Definition::new("cache")).only_named("cache").boot().await?;
    /// assert!(registry.readiness().await.is_up());
    /// # registry.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn readiness(&self) -> Health {
        if !self.is_ready() {
            let is_shutting_down = self.shared().is_shutting_down() || self.shared().has_ended();
            return Health::unhealthy(if is_shutting_down { "shutting down" } else { "starting" });
        }
        if let Some(why) = self.shared().probes.unready() {
            return Health::unhealthy(why);
        }
        let report = self.health().await;
        let ill: Vec<_> = report.services.iter().filter(|it| !it.health.is_up()).map(|it| &*it.name).collect();
        if ill.is_empty() { report.health() } else { Health::unhealthy(format!("{} unhealthy", ill.join(", "))) }
    }

    /// Makes the readiness probe fail, for this reason, until [`set_ready`](Self::set_ready) is called. Calls are still
    /// admitted.
    ///
    /// ```
    /// use service_core::{Definition, Registry};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> service_core::Result<()> {
    /// let registry = Registry::builder().isolated().define(Definition::new("cache")).only_named("cache").boot().await?;
    /// registry.set_unready("warming the cache");
    /// assert!(!registry.readiness().await.is_up());
    /// registry.set_ready();
    /// assert!(registry.readiness().await.is_up());
    /// # registry.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_unready(&self, why: impl Into<String>) {
        self.shared().probes.set_unready(Some(why.into()));
    }

    /// Undoes [`set_unready`](Self::set_unready).
    ///
    /// ```
    /// use service_core::{Definition, Registry};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> service_core::Result<()> {
    /// let registry = Registry::builder().isolated().define(Definition::new("cache")).only_named("cache").boot().await?;
    /// registry.set_unready("warming the cache");
    /// registry.set_ready();
    /// assert!(registry.readiness().await.is_up());
    /// # registry.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_ready(&self) {
        self.shared().probes.set_unready(None);
    }

    /// Returns the latest events, oldest first, at most 4,096. If the first [number](Event::number) is above 0, that many older
    /// events are gone.
    ///
    /// ```
    /// use service_core::{Definition, Registry};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> service_core::Result<()> {
    /// let registry = Registry::builder().isolated().define(Definition::new("cache")).only_named("cache").boot().await?;
    /// for event in registry.events() {
    ///     println!("{:?} {event}", event.at);
    /// }
    /// # registry.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn events(&self) -> Vec<Event> {
        self.shared().log.events()
    }

    /// Runs a future in which `T::service()` uses this registry.
    ///
    /// ```
    /// use service_core::{Registry, service};
    ///
    /// #[service(autowire, lazy)]
    /// struct Db {}
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> service_core::Result<()> {
    /// let registry = Registry::builder().isolated().only::<Db>().boot().await?;
    /// let db = registry.scope(Db::service()).await?;
    /// # drop(db);
    /// # registry.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn scope<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        context_stack::with_context(self.frame(), future)
    }

    /// Runs a future in a task in which `T::service()` uses this registry. If the task is still running after the shutdown, it
    /// is aborted; if the registry has ended already, it is aborted at once.
    ///
    /// ```
    /// use service_core::{Registry, service};
    ///
    /// #[service(autowire, lazy)]
    /// struct Db {}
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> service_core::Result<()> {
    /// let registry = Registry::builder().isolated().only::<Db>().boot().await?;
    /// let task = registry.spawn(async { Db::service().await.is_ok() });
    /// assert!(task.await?);
    /// # registry.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
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

    /// Requests the shutdown and returns immediately. Every hook can read the reason with
    /// [`Context::reason`](crate::Context::reason). The first reason is kept.
    ///
    /// ```
    /// use service_core::{Definition, Registry};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> service_core::Result<()> {
    /// let registry = Registry::builder().isolated().define(Definition::new("cache")).only_named("cache").boot().await?;
    /// registry.request_shutdown("maintenance");
    /// assert_eq!(registry.stopped().await?.reason.to_string(), "maintenance");
    /// # Ok(())
    /// # }
    /// ```
    pub fn request_shutdown(&self, reason: impl Into<ShutdownReason>) {
        self.shared().request_shutdown(reason.into());
    }

    /// Shuts down, dependants before their dependencies. Each service refuses new guarded calls, waits for the admitted ones,
    /// joins its tasks, then runs `shutdown` and its deferred cleanups. Every caller gets the same result, and each hook runs
    /// once.
    ///
    /// ```
    /// use service_core::{Definition, Registry};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> service_core::Result<()> {
    /// let registry = Registry::builder().isolated().define(Definition::new("cache")).only_named("cache").boot().await?;
    /// let report = registry.shutdown().await?;
    /// assert!(report.is_clean());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If a service did not stop cleanly; every service is stopped nevertheless. From inside a hook, a task or a guarded call of
    /// this registry, it requests the shutdown and returns an error immediately, because it would wait for itself.
    pub async fn shutdown(&self) -> Result<ShutdownReport, ShutdownError> {
        self.request_shutdown("shutdown() was called");
        match self.waits_inside() {
            Some(service) => Err(ShutdownError::from_inside(service)),
            None => self.wind_up().await,
        }
    }

    /// Waits until this registry has shut down, for whatever reason. A hook, a task or a guarded call of one of its services
    /// uses [`Context::stopping`](crate::Context::stopping) instead.
    ///
    /// ```
    /// use service_core::{Definition, Registry};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> service_core::Result<()> {
    /// let registry = Registry::builder().isolated().define(Definition::new("cache")).only_named("cache").boot().await?;
    /// let handle = registry.clone();
    /// tokio::spawn(async move { handle.request_shutdown("done") });
    /// assert!(registry.stopped().await?.is_clean());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the shutdown was not clean, or the runtime was shut down first. From inside a hook, a task or a guarded call of this
    /// registry, immediately, because it would wait for itself.
    pub async fn stopped(&self) -> Result<ShutdownReport, ShutdownError> {
        self.can_wait()?;
        self.wind_up().await
    }

    pub(super) fn can_wait(&self) -> Result<(), ShutdownError> {
        self.waits_inside().map_or(Ok(()), |service| Err(ShutdownError::waits_for_itself(service)))
    }

    /// The service on whose behalf this thread runs, if the registry cannot end before it.
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

impl<S> Context<S> {
    /// The registry that this service belongs to. Like every handle, it keeps the registry running: a service that stores it
    /// must be shut down by a signal or a request, and not by the drop of the last handle.
    ///
    /// ```
    /// # use service_core::Context;
    /// # fn example<S: 'static>(cx: Context<S>) {
    /// let registry = cx.registry();
    /// cx.spawn("health", async move { println!("{}", registry.health().await) });
    /// # }
    /// ```
    pub fn registry(&self) -> Registry {
        Registry::from_inside(self.shared())
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("services", &self.shared().slots.len())
            .field("ready", &self.is_ready())
            .finish_non_exhaustive()
    }
}
