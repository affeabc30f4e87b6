//! [`Builder`]: puts together a registry.

use std::any::TypeId;
use std::fmt;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::catalog::linked;
use super::current::short_name;
use super::process;
use super::registry::Registry;
use super::service::Service;
use crate::base::{Budgets, Key, Location, Retry};
use crate::events::Listener;
use crate::events::observe;
use crate::health::HealthChecker;
use crate::lifecycle::launch;
use crate::plan::Facts;
use crate::plan::{Plan, Wanted, Wish, prove};
use crate::report::{BootError, BootFailure, Event, PlanError};
use crate::service::{Declared, Definition, HandedOverDyn, Hooks, Kept};
use crate::shared::{Options, boot};
use crate::signals::Signals;

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
    wish: Wish,
    added: Vec<Declared>,
    stand_ins: Vec<Declared>,
    options: Options,
    listeners: Vec<Listener>,
    signals: bool,
    #[cfg(feature = "systemd")]
    systemd: crate::systemd::Systemd,
}

fn wanted<T: ?Sized + 'static>() -> Wanted {
    Wanted { key: Key::Type(TypeId::of::<T>()), text: short_name::<T>().to_owned() }
}

impl Builder {
    #[track_caller]
    pub(crate) fn new() -> Self {
        Self {
            origin: std::panic::Location::caller(),
            wish: Wish::default(),
            added: Vec::new(),
            stand_ins: Vec::new(),
            options: Options::default(),
            listeners: Vec::new(),
            signals: false,
            #[cfg(feature = "systemd")]
            systemd: crate::systemd::Systemd::default(),
        }
    }

    /// Boots this service and what it requires, and nothing else. Several calls add up.
    pub fn only<T: ?Sized + Send + Sync + 'static>(mut self) -> Self {
        self.wish.only.push(wanted::<T>());
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
        self.wish.only.push(Wanted { key: Key::Name(text.clone()), text });
        self
    }

    /// Boots this service too, even if it is lazy, off by its `when`, or not linked in.
    pub fn with<T: Service>(mut self) -> Self {
        self.wish.with.push(wanted::<T>());
        self.added.push(T::definition());
        self
    }

    /// Adds a service made at run time.
    pub fn define<T: Send + Sync + 'static>(mut self, definition: Definition<T>) -> Self {
        self.added.push(definition.declared());
        self
    }

    /// Hands over the value of a service that is `given`.
    pub fn give<T: Service>(mut self, value: T) -> Self {
        self.wish.supplied.push(wanted::<T>());
        self.stand_in(T::definition(), Arc::new(value), false);
        self
    }

    /// Puts a value in place of a service: it is ready at once, none of the service's hooks run, and what only the real
    /// one required is not booted. Its guarded methods are guarded as ever.
    pub fn replace<T: Service>(mut self, value: impl Into<Arc<T>>) -> Self {
        self.stand_in(T::definition(), value.into(), true);
        self
    }

    fn stand_in<T: Service>(&mut self, mut declared: Declared, value: Arc<T>, replaces: bool) {
        declared.hand_over(value);
        declared.facts.replaced = replaces;
        if replaces {
            declared.facts.given = false;
            declared.facts.lazy = false;
            declared.facts.when = None;
        }
        self.stand_ins.push(declared);
    }

    /// Puts a value in place of whatever provides a `dyn Trait`.
    #[track_caller]
    pub fn replace_dyn<B: ?Sized + Send + Sync + 'static>(mut self, value: Arc<B>) -> Self {
        let location = std::panic::Location::caller();
        let text = short_name::<B>();
        let facts = Facts {
            name: format!("dyn {text}"),
            name_is_chosen: false,
            key: Key::Type(TypeId::of::<B>()),
            location: Location::new("", location.file(), location.line(), location.column()),
            dependencies: Vec::new(),
            provides: vec![(TypeId::of::<B>(), text)],
            lazy: false,
            optional: false,
            given: false,
            replaced: true,
            when: None,
            budgets: Budgets::default(),
            retry: Retry::default(),
            restart: None,
            tags: Vec::new(),
        };
        let declared = Declared::new(facts, Arc::new(HandedOverDyn { value: Kept::new(value) }));
        self.added.push(declared);
        self
    }

    /// Makes it an error that a service calls in its `init` what it does not declare. By default that works if it can, is
    /// dashed in the graph, and is listed in the boot's report.
    pub fn deny_undeclared(mut self) -> Self {
        self.options.deny_undeclared = true;
        self
    }

    /// How long the whole boot may take; by default as long as its services' budgets allow.
    pub fn boot_timeout(mut self, time: Duration) -> Self {
        self.options.boot_timeout = Some(time);
        self
    }

    /// How long the rollback of a failed boot may take; 25 s by default. Every service gets a share of it, even the
    /// last.
    pub fn rollback_timeout(mut self, time: Duration) -> Self {
        self.options.rollback_timeout = time;
        self
    }

    /// How long the shutdown may take; 25 s by default. Every service gets a share of it, even the last.
    pub fn shutdown_timeout(mut self, time: Duration) -> Self {
        self.options.shutdown_timeout = time;
        self
    }

    /// How long to go on serving after a shutdown was requested, not ready any more: the time that load balancers need
    /// to notice. 0 by default.
    pub fn lame_duck(mut self, time: Duration) -> Self {
        self.options.lame_duck = time;
        self
    }

    /// How long what a service said about its health is good for: 0 by default, so that each question asks it again.
    pub fn health_cache(mut self, time: Duration) -> Self {
        self.options.health_cache = time;
        self
    }

    /// How many services may come up at once; by default all that can. Those with the longest way up above them go
    /// first. One that waits in its `init` for another that it does not declare takes no place meanwhile.
    pub fn concurrency(mut self, services: usize) -> Self {
        self.options.concurrency = services.max(1);
        self
    }

    /// When this token is cancelled, a boot is rolled back, and a registry that is up shuts down.
    pub fn cancel(mut self, token: CancellationToken) -> Self {
        self.options.cancel = Some(token);
        self
    }

    /// Whether SIGTERM and ctrl-c are listened for, from before the first `init`: a signal during the boot rolls it
    /// back, a later one shuts down, a second one leaves the process at once.
    pub fn signals(mut self, listen: bool) -> Self {
        self.signals = listen;
        self
    }

    /// Tells systemd when it is ready, how far it is, that it is alive, and when it goes down. By default only
    /// [`Registry::launch`] does so.
    #[cfg(feature = "systemd")]
    pub fn systemd(mut self, systemd: crate::systemd::Systemd) -> Self {
        self.systemd = systemd;
        self
    }

    /// Tells a function of every event, in order, in a task of its own. Several calls add up. One that is more than 4,096
    /// events behind misses those that the registry has let go; their [numbers](Event::number) are then missing.
    pub fn on_event(mut self, listener: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.listeners.push(Box::new(listener));
        self
    }

    /// A registry of its own, beside the process's: `T::service()` finds it inside [`Registry::scope`] and inside its
    /// own hooks, tasks and guarded calls.
    pub fn isolated(mut self) -> Self {
        self.options.isolated = true;
        self
    }

    /// Proves the plan, and runs no code of a service but the functions in `when`.
    ///
    /// # Errors
    /// With everything that is wrong with the plan, at once.
    pub fn plan(self) -> Result<Plan, PlanError> {
        let wish = self.wish.clone();
        let catalog = self.catalog();
        prove(catalog.into_iter().map(|declared| declared.facts).collect(), &wish)
    }

    /// Boots.
    ///
    /// # Errors
    /// If the plan is unsound, or a service that is not optional fails or is blocked; everything that came up is down
    /// again by then. If it is not [`isolated`](Self::isolated) and the process has a registry already.
    pub async fn boot(self) -> Result<Registry, BootError> {
        let origin = self.origin.to_string();
        if self.options.isolated {
            let registry = self.prepare(origin)?.launch()?;
            return boot(registry.shared()).await.map(|()| registry);
        }
        while let Some(registry) = process::existing() {
            if !registry.shared().is_leaving() {
                return Err(already_booted(&registry));
            }
            registry.shared().ended().await;
        }
        let (registry, made) = process::existing_or(|| self.prepare(origin))?;
        if !made {
            return Err(already_booted(&registry));
        }
        boot(registry.shared()).await.map(|()| registry)
    }

    /// Proves the plan, and takes together what a registry is launched from.
    pub(crate) fn prepare(mut self, origin: String) -> Result<Prepared, BootError> {
        let listeners = std::mem::take(&mut self.listeners);
        let options = Options { origin, ..self.options.clone() };
        let (signals, wish) = (self.signals, self.wish.clone());
        #[cfg(feature = "systemd")]
        let systemd = std::mem::take(&mut self.systemd);
        let (facts, hooks): (Vec<_>, Vec<_>) = self.catalog().into_iter().map(|it| (it.facts, it.hooks)).unzip();
        let plan = prove(facts, &wish)?;
        let hooks = plan.services().iter().map(|service| Arc::clone(&hooks[service.source])).collect();
        Ok(Prepared {
            plan,
            hooks,
            options,
            listeners,
            signals,
            #[cfg(feature = "systemd")]
            systemd,
        })
    }

    /// Everything that is linked in or was added, with what stands in for some of it.
    fn catalog(self) -> Vec<Declared> {
        let mut catalog = linked();
        catalog.extend(self.added);
        for declared in self.stand_ins {
            // A given value completes what is linked in; a replacement stands beside it, and the plan chooses it.
            let linked = catalog.iter_mut().find(|it| it.facts.key == declared.facts.key && !declared.facts.replaced);
            match linked {
                Some(linked) => *linked = declared,
                None => catalog.push(declared),
            }
        }
        catalog
    }
}

/// What a registry is launched from, its plan proved.
pub(crate) struct Prepared {
    plan: Plan,
    hooks: Vec<Arc<dyn Hooks>>,
    options: Options,
    listeners: Vec<Listener>,
    signals: bool,
    #[cfg(feature = "systemd")]
    systemd: crate::systemd::Systemd,
}

impl Prepared {
    /// A registry that is not booted yet.
    pub(crate) fn launch(self) -> Result<Registry, BootError> {
        #[cfg(feature = "systemd")]
        let notifier = self.systemd.notifier(&self.plan, &self.options);
        let Self { plan, hooks, options, listeners, signals, .. } = self;
        let signals = match signals.then(Signals::listen).transpose() {
            Ok(signals) => signals,
            Err(error) => return Err(BootError::new(BootFailure::Signals(error), None)),
        };
        #[cfg(feature = "systemd")]
        let observe = crate::systemd::Notifier::beside(notifier.clone(), observe);
        let hooks: Arc<[_]> = hooks.into();
        let shared = launch(plan, hooks.clone(), options, Box::new(observe), listeners)?;
        let health = Arc::new(HealthChecker::new(shared.clone(), hooks));
        let registry = Registry::new(shared, health);
        #[cfg(feature = "systemd")]
        if let Some(notifier) = notifier {
            registry.shared().spawned.spawn(notifier.run(Arc::downgrade(registry.shared())));
        }
        if let Some(signals) = signals {
            registry.obey(signals);
        }
        Ok(registry)
    }
}

fn already_booted(registry: &Registry) -> BootError {
    BootError::new(BootFailure::AlreadyBooted(registry.shared().options.origin.clone()), None)
}

/// Does what `SERVICE_GRAPH` asks for, if it is set: prints the plan and leaves the process before any `init`.
pub(crate) fn print_graph_and_leave_if_asked() {
    // Empty is how a shell takes a variable back.
    let Some(format) = std::env::var_os("SERVICE_GRAPH").filter(|format| !format.is_empty()) else { return };
    let show: fn(&Plan) -> String = match format.to_str() {
        Some("text") => Plan::to_string,
        Some("dot") => Plan::to_dot,
        Some("mermaid") => Plan::to_mermaid,
        Some("json") => Plan::to_json,
        _ => {
            let word = format.to_string_lossy();
            leave(2, &format!("SERVICE_GRAPH is text, dot, mermaid or json, not {word}\n"), std::io::stderr())
        }
    };
    let text = match Registry::builder().plan() {
        Ok(plan) => show(&plan),
        Err(error) => leave(1, &format!("{error}\n"), std::io::stderr()),
    };
    leave(0, &format!("{}\n", text.trim_end()), std::io::stdout())
}

/// Prints, flushes, and ends the process.
fn leave(code: i32, text: &str, mut to: impl Write) -> ! {
    // Whoever closed the pipe does not want to read it.
    let _ = to.write_all(text.as_bytes()).and_then(|()| to.flush());
    std::process::exit(code)
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("wish", &self.wish).field("options", &self.options).finish_non_exhaustive()
    }
}
