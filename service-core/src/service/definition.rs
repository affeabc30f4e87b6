//! [`Definition`]: a service made at run time.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use super::context::Context;
use super::declared::Declared;
use super::hooks::{Boxed, Hooks, fit};
use super::incarnation::Incarnation;
use crate::base::{Key, Location, Phase, Restart, Result, Retry};
use crate::gate::ManagedInstance;
use crate::gate::Slot;
use crate::plan::{Bond, Dependency, Facts};
use crate::report::Health;

type Init<T> = Arc<dyn Fn(Context<T>) -> Boxed<Result<T>> + Send + Sync>;
type Check<T> = Arc<dyn Fn(Arc<T>) -> Boxed<Health> + Send + Sync>;
type Hook<T> = Arc<dyn Fn(Arc<T>, Context<T>) -> Boxed<Result<()>> + Send + Sync>;

/// A service that is made at run time: a name, the names of the services it requires, and closures as hooks. Its value may
/// be of any type, and several definitions may have values of one type;
/// [`Registry::get_named`](crate::Registry::get_named) finds each by its name.
///
/// ```
/// use service_core::{Definition, Registry, Result};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let registry = Registry::builder()
///     .isolated()
///     .define(Definition::new("primary").init(async |_cx| Ok(String::from("10.0.0.1"))))
///     .define(Definition::new("replica").requires(["primary"]).init(async |cx| {
///         let primary = cx.get_named::<String>("primary")?;
///         Ok(format!("replica of {primary}"))
///     }))
///     .boot()
///     .await?;
/// assert_eq!(*registry.get_named::<String>("replica")?, "replica of 10.0.0.1");
/// registry.shutdown().await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a definition does nothing until a builder is given it"]
pub struct Definition<T = ()> {
    facts: Facts,
    init: Init<T>,
    start: Option<Hook<T>>,
    health: Option<Check<T>>,
    shutdown: Option<Hook<T>>,
}

impl Definition<()> {
    /// A definition of a service of this name. Its value is `()` unless [`init`](Self::init) is called.
    ///
    /// ```
    /// use service_core::Definition;
    ///
    /// let cache = Definition::new("cache");
    /// # let _ = cache;
    /// ```
    #[track_caller]
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        let location = std::panic::Location::caller();
        let location = Location::new("", location.file(), location.line(), location.column());
        let key = Key::Name(name.as_str().into());
        let facts = Facts { name_is_chosen: true, ..Facts::new(name, key, location) };
        Self { facts, init: Arc::new(|_| Box::pin(async { Ok(()) })), start: None, health: None, shutdown: None }
    }

    /// Sets the hook that makes the value. Every service that this one requires is ready, and `cx.get_named` returns it. Call it
    /// first: hooks that were set before it get `()`.
    ///
    /// ```
    /// use service_core::Definition;
    ///
    /// let cache = Definition::new("cache").init(async |_cx| Ok(vec![0_u8; 1024]));
    /// # let _ = cache;
    /// ```
    pub fn init<T, F, Made>(self, init: F) -> Definition<T>
    where
        T: Send + Sync + 'static,
        F: Fn(Context<T>) -> Made + Send + Sync + 'static,
        Made: Future<Output = Result<T>> + Send + 'static,
    {
        let init = Arc::new(init);
        let init: Init<T> = Arc::new(move |cx| later(init.clone(), move |init| init(cx)));
        let Self { facts, start, health, shutdown, .. } = self;
        let health = health.map(|hook| -> Check<T> { Arc::new(move |_| hook(Arc::new(()))) });
        Definition { facts, init, start: start.map(regardless), health, shutdown: shutdown.map(regardless) }
    }
}

impl<T: Send + Sync + 'static> Definition<T> {
    fn depends<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>, bond: Bond) -> Self {
        for name in names {
            let text: Arc<str> = name.into().into();
            self.facts.dependencies.push(Dependency { key: Key::Name(text.clone()), text, bond });
        }
        self
    }

    /// The names of services that must be ready before `init` of this one, and stop after it. If one of them fails, this one is
    /// blocked.
    ///
    /// ```
    /// use service_core::Definition;
    ///
    /// let cache = Definition::new("cache").requires(["db"]);
    /// # let _ = cache;
    /// ```
    pub fn requires<N: Into<String>>(self, names: impl IntoIterator<Item = N>) -> Self {
        self.depends(names, Bond::Requires)
    }

    /// Like [`requires`](Self::requires), except that these services may be absent or fail; this one is then degraded.
    ///
    /// ```
    /// use service_core::Definition;
    ///
    /// let cache = Definition::new("cache").wants(["metrics"]);
    /// # let _ = cache;
    /// ```
    pub fn wants<N: Into<String>>(self, names: impl IntoIterator<Item = N>) -> Self {
        self.depends(names, Bond::Wants)
    }

    /// The names of services after which this one starts, if they are booted anyway.
    ///
    /// ```
    /// use service_core::Definition;
    ///
    /// let cache = Definition::new("cache").after(["migrations"]);
    /// # let _ = cache;
    /// ```
    pub fn after<N: Into<String>>(self, names: impl IntoIterator<Item = N>) -> Self {
        self.depends(names, Bond::After)
    }

    /// Boots the service only if a service that is booted requires it, or on request: [`Builder::only_named`](crate::Builder::only_named)
    /// or [`Registry::restart_named`](crate::Registry::restart_named). A definition has no first use: `get_named` does not start it.
    ///
    /// ```
    /// use service_core::Definition;
    ///
    /// let cache = Definition::new("cache").lazy();
    /// # let _ = cache;
    /// ```
    pub fn lazy(mut self) -> Self {
        self.facts.lazy = true;
        self
    }

    /// Lets the boot succeed if this service fails.
    ///
    /// ```
    /// use service_core::Definition;
    ///
    /// let cache = Definition::new("cache").optional();
    /// # let _ = cache;
    /// ```
    pub fn optional(mut self) -> Self {
        self.facts.optional = true;
        self
    }

    /// The budget of the start, for all attempts of `init`, `start` and the first `health` together; 30 s by default.
    ///
    /// ```
    /// use std::time::Duration;
    /// use service_core::Definition;
    ///
    /// let cache = Definition::new("cache").init_timeout(Duration::from_secs(5));
    /// # let _ = cache;
    /// ```
    pub fn init_timeout(mut self, time: Duration) -> Self {
        self.facts.budgets.init = time;
        self
    }

    /// The budget of one health check after the first; 5 s by default.
    ///
    /// ```
    /// use std::time::Duration;
    /// use service_core::Definition;
    ///
    /// let cache = Definition::new("cache").health_timeout(Duration::from_secs(1));
    /// # let _ = cache;
    /// ```
    pub fn health_timeout(mut self, time: Duration) -> Self {
        self.facts.budgets.health = time;
        self
    }

    /// Adds the health check to a group, for [`Registry::health_of`](crate::Registry::health_of).
    ///
    /// ```
    /// use service_core::Definition;
    ///
    /// let cache = Definition::new("cache").tag("storage");
    /// # let _ = cache;
    /// ```
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.facts.tags.push(tag.into());
        self
    }

    /// The budget for admitted calls and tasks to end; 10 s by default.
    ///
    /// ```
    /// use std::time::Duration;
    /// use service_core::Definition;
    ///
    /// let cache = Definition::new("cache").drain_timeout(Duration::from_secs(20));
    /// # let _ = cache;
    /// ```
    pub fn drain_timeout(mut self, time: Duration) -> Self {
        self.facts.budgets.drain = time;
        self
    }

    /// The budget of `shutdown` and the deferred cleanups; 10 s by default.
    ///
    /// ```
    /// use std::time::Duration;
    /// use service_core::Definition;
    ///
    /// let cache = Definition::new("cache").shutdown_timeout(Duration::from_secs(2));
    /// # let _ = cache;
    /// ```
    pub fn shutdown_timeout(mut self, time: Duration) -> Self {
        self.facts.budgets.shutdown = time;
        self
    }

    /// How often and when `init` is retried; one attempt by default.
    ///
    /// ```
    /// use std::time::Duration;
    /// use service_core::{Definition, Retry};
    ///
    /// let cache = Definition::new("cache").retry(Retry::new(5, Duration::from_millis(200), Duration::from_secs(5)));
    /// # let _ = cache;
    /// ```
    pub fn retry(mut self, retry: Retry) -> Self {
        self.facts.retry = retry;
        self
    }

    /// Restarts the service, together with the services that require it, if one of its supervised tasks exceeds the intensity
    /// of its policy. If the service is optional, a failed start is retried by the same policy while the boot continues.
    ///
    /// ```
    /// use service_core::{Definition, Restart};
    ///
    /// let cache = Definition::new("cache").restart(Restart::transient());
    /// # let _ = cache;
    /// ```
    pub fn restart(mut self, restart: Restart) -> Self {
        self.facts.restart = Some(restart);
        self
    }

    /// Sets the hook that runs after `init`, for work that needs the value.
    ///
    /// ```
    /// use service_core::Definition;
    ///
    /// let cache = Definition::new("cache").start(async |_value, cx| {
    ///     cx.spawn("refresh", async { /* … */ });
    ///     Ok(())
    /// });
    /// # let _ = cache;
    /// ```
    pub fn start<F, Done>(mut self, start: F) -> Self
    where
        F: Fn(Arc<T>, Context<T>) -> Done + Send + Sync + 'static,
        Done: Future<Output = Result<()>> + Send + 'static,
    {
        let start = Arc::new(start);
        self.start = Some(Arc::new(move |value, cx| later(start.clone(), move |start| start(value, cx))));
        self
    }

    /// Sets the health check. It runs once before the service becomes ready, and for each check after that.
    ///
    /// ```
    /// use service_core::{Definition, Health};
    ///
    /// let cache = Definition::new("cache").health(async |_value| Health::Healthy);
    /// # let _ = cache;
    /// ```
    pub fn health<F, Said>(mut self, health: F) -> Self
    where
        F: Fn(Arc<T>) -> Said + Send + Sync + 'static,
        Said: Future<Output = Health> + Send + 'static,
    {
        let health = Arc::new(health);
        self.health = Some(Arc::new(move |value| later(health.clone(), move |health| health(value))));
        self
    }

    /// Sets the hook that ends what `init` and `start` began. It runs only if the service was ready.
    ///
    /// ```
    /// use service_core::Definition;
    ///
    /// let cache = Definition::new("cache").shutdown(async |_value, _cx| Ok(()));
    /// # let _ = cache;
    /// ```
    pub fn shutdown<F, Done>(mut self, shutdown: F) -> Self
    where
        F: Fn(Arc<T>, Context<T>) -> Done + Send + Sync + 'static,
        Done: Future<Output = Result<()>> + Send + 'static,
    {
        let shutdown = Arc::new(shutdown);
        self.shutdown = Some(Arc::new(move |value, cx| later(shutdown.clone(), move |shutdown| shutdown(value, cx))));
        self
    }

    pub(crate) fn declared(self) -> Declared {
        let Self { facts, init, start, health, shutdown } = self;
        Declared::new(facts, Arc::new(Closures { init, start, health, shutdown, value: PhantomData }))
    }
}

impl<T> fmt::Debug for Definition<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Definition").field("name", &self.facts.name).finish_non_exhaustive()
    }
}

/// A hook that does without the value.
fn regardless<T: 'static>(hook: Hook<()>) -> Hook<T> {
    Arc::new(move |_, cx| hook(Arc::new(()), Context::new(cx.incarnation().clone())))
}

/// The future of a hook that calls the user's closure when it is first polled, so that even what the closure does before
/// its future runs where hooks run.
fn later<F, Hooked>(hook: Arc<F>, call: impl FnOnce(&F) -> Hooked + Send + 'static) -> Boxed<Hooked::Output>
where
    F: Send + Sync + 'static,
    Hooked: Future + Send + 'static,
{
    Box::pin(async move {
        let hooked = call(&hook);
        drop(hook);
        hooked.await
    })
}

/// The hooks of a definition made at run time.
struct Closures<T> {
    init: Init<T>,
    start: Option<Hook<T>>,
    health: Option<Check<T>>,
    shutdown: Option<Hook<T>>,
    value: PhantomData<fn() -> T>,
}

impl<T: Send + Sync + 'static> Hooks for Closures<T> {
    fn start(&self, incarnation: Arc<Incarnation>) -> Boxed<Result<ManagedInstance>> {
        let (init, start, health) = (self.init.clone(), self.start.clone(), self.health.clone());
        Box::pin(async move {
            let cx = Context::<T>::new(incarnation.clone());
            let value = Arc::new(init(cx.clone()).await?);
            incarnation.keep_made(value.clone());
            incarnation.enter_phase(Phase::Start);
            if let Some(start) = start {
                start(value.clone(), cx).await?;
            }
            incarnation.enter_phase(Phase::Health);
            if let Some(health) = health {
                fit(health(value.clone()).await)?;
            }
            Ok(ManagedInstance::new(value))
        })
    }

    fn health(&self, slot: &Slot) -> Option<Boxed<Health>> {
        Some(self.health.as_ref()?(slot.value()?))
    }

    fn shutdown(&self, incarnation: Arc<Incarnation>) -> Option<Boxed<Result<()>>> {
        let (shutdown, value) = (self.shutdown.clone()?, incarnation.slot.value()?);
        // The closure itself may panic, so it is called where that is caught.
        Some(Box::pin(async move { shutdown(value, Context::new(incarnation)).await }))
    }
}
