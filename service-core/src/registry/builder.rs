//! [`Builder`]: puts together a registry.

use std::any::TypeId;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::assembly::Assembly;
use super::process;
use super::registry::Registry;
use super::service::Service;
use crate::base::{Key, Location, short_name};
use crate::plan::Facts;
use crate::plan::{Plan, Requested};
use crate::report::{BootError, BootFailure, Event, PlanError};
use crate::service::{Declared, Definition, SuppliedDyn};
use crate::shared::boot;

/// Configures a registry: its services, supplied and replaced values, budgets and options.
///
/// ```standalone_crate
/// use service_core::{Registry, Result, service};
///
/// #[service(given)]
/// struct Settings {
///     port: u16,
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let registry = Registry::builder().isolated().give(Settings { port: 8080 }).boot().await?;
/// assert_eq!(registry.get::<Settings>()?.port, 8080);
/// registry.shutdown().await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a builder does nothing until it is booted"]
pub struct Builder {
    origin: &'static std::panic::Location<'static>,
    pub(super) assembly: Assembly,
}

fn requested<T: ?Sized + 'static>() -> Requested {
    Requested { key: Key::Type(TypeId::of::<T>()), text: short_name(std::any::type_name::<T>()).to_owned() }
}

impl Builder {
    #[track_caller]
    pub(crate) fn new() -> Self {
        Self { origin: std::panic::Location::caller(), assembly: Assembly::default() }
    }

    /// Boots this service and what it requires, and no other service. Several calls add up. A lazy service that is named
    /// here is booted, too.
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
    /// assert!(registry.get::<Db>().is_ok());
    /// # registry.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn only<T: ?Sized + Send + Sync + 'static>(mut self) -> Self {
        self.assembly.request.only.push(requested::<T>());
        self
    }

    /// Like [`only`](Self::only), with the name of the service; for definitions made at run time.
    ///
    /// ```
    /// use service_core::{Definition, Registry};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> service_core::Result<()> {
    /// let [first, second] = ["shard-1", "shard-2"].map(|name| Definition::new(name).init(async |_cx| Ok(0_u8)));
    /// let registry = Registry::builder().isolated().define(first).define(second).only_named("shard-2").boot().await?;
    /// assert!(registry.get_named::<u8>("shard-1").is_err());
    /// # registry.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn only_named(mut self, name: impl Into<String>) -> Self {
        let text = name.into();
        self.assembly.request.only.push(Requested { key: Key::Name(text.as_str().into()), text });
        self
    }

    /// Boots this service too, even if it is lazy, disabled by its `when`, or not linked in.
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
    /// assert!(registry.get::<Db>().is_ok());
    /// # registry.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn with<T: Service>(mut self) -> Self {
        self.assembly.request.with.push(requested::<T>());
        self.assembly.added.push(T::declared());
        self
    }

    /// Adds a service that is made at run time.
    ///
    /// ```
    /// use service_core::{Definition, Registry};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> service_core::Result<()> {
    /// let registry = Registry::builder().isolated().define(Definition::new("cache")).only_named("cache").boot().await?;
    /// registry.get_named::<()>("cache")?;
    /// # registry.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn define<T: Send + Sync + 'static>(mut self, definition: Definition<T>) -> Self {
        self.assembly.added.push(definition.declared());
        self
    }

    /// Supplies the value of a service that is declared `given`, such as the configuration.
    ///
    /// If the service has an `impl Lifecycle`, its hooks run on this value: `start`, `health` and `shutdown`. `init` is not called,
    /// except after a restart: then it makes the next value. The registry drops the value when the service has stopped.
    ///
    /// ```standalone_crate
    /// use service_core::{Registry, service};
    ///
    /// #[service(given)]
    /// struct Settings {
    ///     port: u16,
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> service_core::Result<()> {
    /// let builder = Registry::builder().isolated().give(Settings { port: 8080 });
    /// let registry = builder.only::<Settings>().boot().await?;
    /// assert_eq!(registry.get::<Settings>()?.port, 8080);
    /// # registry.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn give<T: Service>(mut self, value: T) -> Self {
        self.assembly.request.supplied.push(requested::<T>());
        self.assembly.stand_ins.push(Declared::given(T::DESCRIPTOR.get(), T::HOOKS, Arc::new(value)));
        self
    }

    /// Puts a value in the place of a service, for tests. The service is ready at once and none of its hooks run. Services
    /// that only the replaced service requires are not booted. Guarded methods are still guarded.
    ///
    /// ```
    /// use service_core::{Registry, service};
    ///
    /// #[service(autowire, lazy)]
    /// struct Clock {
    ///     hour: u8,
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> service_core::Result<()> {
    /// let registry = Registry::builder().isolated().replace(Clock { hour: 12 }).only::<Clock>().boot().await?;
    /// assert_eq!(registry.get::<Clock>()?.hour, 12);
    /// # registry.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn replace<T: Service>(mut self, value: impl Into<Arc<T>>) -> Self {
        self.assembly.stand_ins.push(Declared::replaced(T::DESCRIPTOR.get(), value.into()));
        self
    }

    /// Puts a value in the place of the service that provides a `dyn Trait`, for tests.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use service_core::Registry;
    ///
    /// trait Mail: Send + Sync {
    ///     fn sent(&self) -> usize;
    /// }
    ///
    /// struct Outbox;
    ///
    /// impl Mail for Outbox {
    ///     fn sent(&self) -> usize {
    ///         0
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> service_core::Result<()> {
    /// let registry = Registry::builder().isolated().replace_dyn::<dyn Mail>(Arc::new(Outbox)).boot().await?;
    /// assert_eq!(registry.get::<dyn Mail>()?.sent(), 0);
    /// # registry.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn replace_dyn<B: ?Sized + Send + Sync + 'static>(mut self, value: Arc<B>) -> Self {
        let location = std::panic::Location::caller();
        let text = short_name(std::any::type_name::<B>());
        let key = TypeId::of::<B>();
        let location = Location::new("", location.file(), location.line(), location.column());
        let facts = Facts {
            provides: vec![(key, text)],
            replaced: true,
            is_value: true,
            ..Facts::new(format!("dyn {text}"), Key::Type(key), location)
        };
        self.assembly.added.push(Declared::new(facts, Arc::new(SuppliedDyn::new(value))));
        self
    }

    /// Makes it an error if a service calls, in its `init`, a service that it does not declare. By default such a call works
    /// if it can; the graph shows it as a dashed line, and [`BootReport::undeclared`](crate::report::BootReport::undeclared)
    /// lists it.
    ///
    /// ```
    /// let builder = service_core::Registry::builder().isolated().deny_undeclared();
    /// # let _ = builder;
    /// ```
    pub fn deny_undeclared(mut self) -> Self {
        self.assembly.options.deny_undeclared = true;
        self
    }

    /// The budget of the whole boot. By default, only the budgets of the services limit it. When it runs out, the boot fails
    /// and is rolled back.
    ///
    /// ```
    /// use std::time::Duration;
    /// use service_core::Registry;
    ///
    /// let builder = Registry::builder().isolated().boot_timeout(Duration::from_secs(60));
    /// # let _ = builder;
    /// ```
    pub fn boot_timeout(mut self, time: Duration) -> Self {
        self.assembly.options.boot_timeout = Some(time);
        self
    }

    /// The budget for the rollback of a failed boot; 25 s by default. Each service gets a share of it, including the last.
    ///
    /// ```
    /// use std::time::Duration;
    /// use service_core::Registry;
    ///
    /// let builder = Registry::builder().isolated().rollback_timeout(Duration::from_secs(10));
    /// # let _ = builder;
    /// ```
    pub fn rollback_timeout(mut self, time: Duration) -> Self {
        self.assembly.options.rollback_timeout = time;
        self
    }

    /// The budget of the whole shutdown; 25 s by default, which is 5 s less than the grace period of Kubernetes. Each service
    /// gets a share of it, including the last.
    ///
    /// ```
    /// use std::time::Duration;
    /// use service_core::Registry;
    ///
    /// let builder = Registry::builder().isolated().shutdown_timeout(Duration::from_secs(50));
    /// # let _ = builder;
    /// ```
    pub fn shutdown_timeout(mut self, time: Duration) -> Self {
        self.assembly.options.shutdown_timeout = time;
        self
    }

    /// The delay between the request of a shutdown and its start; none by default. During it, the readiness probe fails while
    /// the services still run, so that load balancers can take the process out of rotation.
    ///
    /// ```
    /// use std::time::Duration;
    /// use service_core::Registry;
    ///
    /// let builder = Registry::builder().isolated().lame_duck(Duration::from_secs(5));
    /// # let _ = builder;
    /// ```
    pub fn lame_duck(mut self, time: Duration) -> Self {
        self.assembly.options.lame_duck = time;
        self
    }

    /// How long the result of a health check is reused; not at all by default.
    ///
    /// ```
    /// use std::time::Duration;
    /// use service_core::Registry;
    ///
    /// let builder = Registry::builder().isolated().health_cache(Duration::from_secs(1));
    /// # let _ = builder;
    /// ```
    pub fn health_cache(mut self, time: Duration) -> Self {
        self.assembly.options.health_cache = time;
        self
    }

    /// The maximum number of services that start at the same time; unlimited by default, and at least 1. Services with the
    /// longest chain of dependants start first. A service that waits in its `init` for an undeclared dependency does not count.
    ///
    /// ```
    /// let builder = service_core::Registry::builder().isolated().concurrency(4);
    /// # let _ = builder;
    /// ```
    pub fn concurrency(mut self, services: usize) -> Self {
        self.assembly.options.concurrency = services.max(1);
        self
    }

    /// When this token is cancelled, a running boot is rolled back, and a booted registry shuts down.
    ///
    /// ```
    /// use service_core::{CancellationToken, Definition, Registry};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> service_core::Result<()> {
    /// let token = CancellationToken::new();
    /// let registry = Registry::builder().isolated().define(Definition::new("cache")).only_named("cache");
    /// let registry = registry.cancel(token.clone()).boot().await?;
    /// token.cancel();
    /// registry.stopped().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn cancel(mut self, token: CancellationToken) -> Self {
        self.assembly.options.cancel = Some(token);
        self
    }

    /// Notifies systemd when the registry is ready, of its status, as a watchdog, and when it stops (`sd_notify`). By default
    /// only [`Registry::launch`] does.
    ///
    /// ```
    /// use service_core::{Registry, Systemd};
    ///
    /// let builder = Registry::builder().systemd(Systemd::from_env());
    /// # let _ = builder;
    /// ```
    #[cfg(feature = "systemd")]
    pub fn systemd(mut self, systemd: crate::systemd::Systemd) -> Self {
        self.assembly.systemd = Some(systemd);
        self
    }

    /// Notifies systemd as its environment says, unless [`systemd`](Self::systemd) was called.
    #[cfg(all(feature = "signals", feature = "systemd"))]
    pub(super) fn systemd_from_env(mut self) -> Self {
        self.assembly.systemd.get_or_insert_with(crate::systemd::Systemd::from_env);
        self
    }

    /// Calls a function with each event, in order, as soon as the event is emitted. Several calls add up.
    ///
    /// The function runs on the thread that emitted the event, or on the thread that is calling the observers already.
    /// Services wait for it, so it must be quick and must not block; otherwise use [`on_event`](Self::on_event). While it
    /// runs, later events wait in memory, including those that it causes itself.
    ///
    /// Each observer gets each event exactly once, and no lock is held meanwhile. If an observer panics, the others still
    /// get the event, and this one gets the next. The records of `tracing` and the messages to systemd are written by
    /// observers, before those that are added here.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU64, Ordering};
    ///
    /// use service_core::{Definition, EventKind, Registry, Result};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// let ready = Arc::new(AtomicU64::new(0));
    /// let counter = ready.clone();
    /// let builder = Registry::builder().isolated().define(Definition::new("cache")).observe(move |event| {
    ///     if let EventKind::Ready { .. } = event.kind {
    ///         counter.fetch_add(1, Ordering::Relaxed);
    ///     }
    /// });
    /// let registry = builder.only_named("cache").boot().await?;
    /// assert_eq!(ready.load(Ordering::Relaxed), 1);
    /// registry.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn observe(mut self, observer: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.assembly.observers.push(Box::new(observer));
        self
    }

    /// Calls a function with each event, in order, in a task of its own; it may be slow. Several calls add up.
    ///
    /// A listener that is more than 4,096 events behind misses the oldest ones, which the registry no longer has; the gap
    /// shows in the events' [numbers](Event::number).
    pub fn on_event(mut self, listener: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.assembly.listeners.push(Box::new(listener));
        self
    }

    /// Makes a registry that is independent of the process's registry, for example for a test. `T::service()` uses it inside
    /// [`Registry::scope`] and inside its own hooks, tasks and guarded calls.
    ///
    /// ```
    /// use service_core::{Definition, Registry};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> service_core::Result<()> {
    /// let registry = Registry::builder().isolated().define(Definition::new("cache")).only_named("cache").boot().await?;
    /// assert!(registry.is_ready());
    /// # registry.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn isolated(mut self) -> Self {
        self.assembly.options.isolated = true;
        self
    }

    /// Checks the plan without booting it. No code of a service runs, except the functions in `when`.
    ///
    /// ```
    /// let plan = service_core::Registry::builder().isolated().plan()?;
    /// println!("{plan}");
    /// # Ok::<(), service_core::PlanError>(())
    /// ```
    ///
    /// # Errors
    /// If the plan is unsound. The error lists every problem.
    pub fn plan(self) -> Result<Plan, PlanError> {
        self.assembly.plan()
    }

    /// Boots the registry: starts the services in the order of their dependencies, concurrently where the graph allows.
    ///
    /// The future may be dropped at any time; if no other caller waits for the boot, it is then rolled back.
    ///
    /// ```
    /// use service_core::{Definition, Registry};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> service_core::Result<()> {
    /// let registry = Registry::builder().isolated().define(Definition::new("cache")).only_named("cache").boot().await?;
    /// println!("{}", registry.report());
    /// # registry.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// - If the plan is unsound.
    /// - If a service that is not optional fails or is blocked. Every service that had started is stopped before this returns.
    /// - If the registry is not [`isolated`](Self::isolated) and the process already has a registry.
    pub async fn boot(self) -> Result<Registry, BootError> {
        let origin = self.origin.to_string();
        if self.assembly.options.isolated {
            let registry = self.assembly.prepare(origin)?.launch()?;
            return boot(registry.shared()).await.map(|()| registry);
        }
        while let Some(registry) = process::existing() {
            if !registry.shared().is_shutting_down() {
                return Err(already_booted(&registry));
            }
            registry.shared().ended().await;
        }
        let (registry, made) = process::existing_or(|| self.assembly.prepare(origin))?;
        if !made {
            return Err(already_booted(&registry));
        }
        boot(registry.shared()).await.map(|()| registry)
    }
}

fn already_booted(registry: &Registry) -> BootError {
    BootError::new(BootFailure::AlreadyBooted(registry.shared().options.origin.clone()), None)
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("request", &self.assembly.request)
            .field("options", &self.assembly.options)
            .finish_non_exhaustive()
    }
}
