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

/// Puts together a registry: which services, with what in place of which, and on what budgets.
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
    assembly: Assembly,
}

fn requested<T: ?Sized + 'static>() -> Requested {
    Requested { key: Key::Type(TypeId::of::<T>()), text: short_name::<T>().to_owned() }
}

impl Builder {
    #[track_caller]
    pub(crate) fn new() -> Self {
        Self { origin: std::panic::Location::caller(), assembly: Assembly::default() }
    }

    /// Boots this service and what it requires, and nothing else. Several calls add up.
    pub fn only<T: ?Sized + Send + Sync + 'static>(mut self) -> Self {
        self.assembly.request.only.push(requested::<T>());
        self
    }

    /// The same by name: for definitions made at run time.
    ///
    /// ```
    /// use service_core::{Definition, Registry, Result};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// let shards = ["shard-1", "shard-2"].map(|name| Definition::new(name).init(async |_cx| Ok(0_u8)));
    /// let [first, second] = shards;
    /// let registry = Registry::builder().isolated().define(first).define(second).only_named("shard-2").boot().await?;
    /// assert!(registry.get_named::<u8>("shard-1").is_err());
    /// registry.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn only_named(mut self, name: impl Into<String>) -> Self {
        let text = name.into();
        self.assembly.request.only.push(Requested { key: Key::Name(text.clone()), text });
        self
    }

    /// Boots this service too, even if it is lazy, off by its `when`, or not linked in.
    pub fn with<T: Service>(mut self) -> Self {
        self.assembly.request.with.push(requested::<T>());
        self.assembly.added.push(T::declared());
        self
    }

    /// Adds a service made at run time.
    pub fn define<T: Send + Sync + 'static>(mut self, definition: Definition<T>) -> Self {
        self.assembly.added.push(definition.declared());
        self
    }

    /// Hands over the value of a service that is `given`.
    pub fn give<T: Service>(mut self, value: T) -> Self {
        self.assembly.request.supplied.push(requested::<T>());
        self.stand_in(T::declared(), Arc::new(value), false);
        self
    }

    /// Puts a value in place of a service: it is ready at once, none of the service's hooks run, and what only the real
    /// one required is not booted. Its guarded methods are guarded as ever.
    pub fn replace<T: Service>(mut self, value: impl Into<Arc<T>>) -> Self {
        self.stand_in(T::declared(), value.into(), true);
        self
    }

    fn stand_in<T: Service>(&mut self, mut declared: Declared, value: Arc<T>, replaces: bool) {
        declared.supply(value);
        declared.facts.replaced = replaces;
        if replaces {
            declared.facts.given = false;
            declared.facts.lazy = false;
            declared.facts.when = None;
        }
        self.assembly.stand_ins.push(declared);
    }

    /// Puts a value in place of whatever provides a `dyn Trait`.
    #[track_caller]
    pub fn replace_dyn<B: ?Sized + Send + Sync + 'static>(mut self, value: Arc<B>) -> Self {
        let location = std::panic::Location::caller();
        let text = short_name::<B>();
        let key = TypeId::of::<B>();
        let location = Location::new("", location.file(), location.line(), location.column());
        let facts = Facts {
            provides: vec![(key, text)],
            replaced: true,
            ..Facts::new(format!("dyn {text}"), Key::Type(key), location)
        };
        self.assembly.added.push(Declared::new(facts, Arc::new(SuppliedDyn::new(value))));
        self
    }

    /// Makes it an error that a service calls in its `init` what it does not declare. By default that works if it can, is
    /// dashed in the graph, and is listed in the boot's report.
    pub fn deny_undeclared(mut self) -> Self {
        self.assembly.options.deny_undeclared = true;
        self
    }

    /// How long the whole boot may take; by default as long as its services' budgets allow.
    pub fn boot_timeout(mut self, time: Duration) -> Self {
        self.assembly.options.boot_timeout = Some(time);
        self
    }

    /// How long the rollback of a failed boot may take; 25 s by default. Every service gets a share of it, even the
    /// last.
    pub fn rollback_timeout(mut self, time: Duration) -> Self {
        self.assembly.options.rollback_timeout = time;
        self
    }

    /// How long the shutdown may take; 25 s by default. Every service gets a share of it, even the last.
    pub fn shutdown_timeout(mut self, time: Duration) -> Self {
        self.assembly.options.shutdown_timeout = time;
        self
    }

    /// How long to go on serving after a shutdown was requested, not ready any more: the time that load balancers need
    /// to notice. 0 by default.
    pub fn lame_duck(mut self, time: Duration) -> Self {
        self.assembly.options.lame_duck = time;
        self
    }

    /// How long what a service said about its health is good for: 0 by default, so that each question asks it again.
    pub fn health_cache(mut self, time: Duration) -> Self {
        self.assembly.options.health_cache = time;
        self
    }

    /// How many services may come up at once; by default all that can. Those with the longest way up above them go
    /// first. One that waits in its `init` for another that it does not declare takes no place meanwhile.
    pub fn concurrency(mut self, services: usize) -> Self {
        self.assembly.options.concurrency = services.max(1);
        self
    }

    /// When this token is cancelled, a boot is rolled back, and a registry that is up shuts down.
    pub fn cancel(mut self, token: CancellationToken) -> Self {
        self.assembly.options.cancel = Some(token);
        self
    }

    /// Whether SIGTERM and ctrl-c are listened for, from before the first `init`: a signal during the boot rolls it
    /// back, a later one shuts down, a second one leaves the process at once.
    pub fn signals(mut self, listen: bool) -> Self {
        self.assembly.signals = listen;
        self
    }

    /// Tells systemd when it is ready, how far it is, that it is alive, and when it goes down. By default only
    /// [`Registry::launch`] does so.
    #[cfg(feature = "systemd")]
    pub fn systemd(mut self, systemd: crate::systemd::Systemd) -> Self {
        self.assembly.systemd = systemd;
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

    /// A registry of its own, beside the process's: `T::service()` finds it inside [`Registry::scope`] and inside its
    /// own hooks, tasks and guarded calls.
    pub fn isolated(mut self) -> Self {
        self.assembly.options.isolated = true;
        self
    }

    /// Proves the plan, and runs no code of a service but the functions in `when`.
    ///
    /// # Errors
    /// With everything that is wrong with the plan, at once.
    pub fn plan(self) -> Result<Plan, PlanError> {
        self.assembly.plan()
    }

    /// Boots.
    ///
    /// # Errors
    /// If the plan is unsound, or a service that is not optional fails or is blocked; everything that came up is down
    /// again by then. If it is not [`isolated`](Self::isolated) and the process has a registry already.
    pub async fn boot(self) -> Result<Registry, BootError> {
        let origin = self.origin.to_string();
        if self.assembly.options.isolated {
            let registry = self.assembly.prepare(origin)?.launch()?;
            return boot(registry.shared()).await.map(|()| registry);
        }
        while let Some(registry) = process::existing() {
            if !registry.shared().is_leaving() {
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
