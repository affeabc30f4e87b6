//! [`Context`]: what a hook of a service may see and do.

use std::any::TypeId;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::incarnation::Incarnation;
use super::task_output::TaskOutput;
use super::tasks::Tasks;
use crate::base::{Key, ShutdownReason};
use crate::gate::context_stack;
use crate::gate::context_stack::Role;
use crate::plan::{Requires, Wants};
use crate::report::{EventKind, NotReady};

/// What a hook of the service `S` may see and do. Cheap to clone, so a task can keep one.
pub struct Context<S> {
    incarnation: Arc<Incarnation>,
    service: PhantomData<fn() -> S>,
}

impl<S> Context<S> {
    pub(crate) fn new(incarnation: Arc<Incarnation>) -> Self {
        Self { incarnation, service: PhantomData }
    }

    pub(crate) fn incarnation(&self) -> &Arc<Incarnation> {
        &self.incarnation
    }

    /// Returns a service that this one requires. It is a compile error to name another service.
    ///
    /// ```
    /// # use service_core::{Context, Lifecycle, Result, service};
    /// # use std::sync::Arc;
    /// #[service(autowire)]
    /// struct Db {}
    ///
    /// #[service(requires = [Db])]
    /// struct Users { db: Arc<Db> }
    ///
    /// impl Lifecycle for Users {
    ///     async fn init(cx: &Context<Self>) -> Result<Self> {
    ///         Ok(Self { db: cx.get() })
    ///     }
    /// }
    /// ```
    ///
    /// # Panics
    /// In a task that has outlived its service, because the required service may have stopped, too.
    pub fn get<D: ?Sized + Send + Sync + 'static>(&self) -> Arc<D>
    where
        S: Requires<D>,
    {
        self.look_up().unwrap_or_else(|| {
            panic!("{} is down, so {} can't be had from its context any more", self.name(), std::any::type_name::<D>())
        })
    }

    /// Returns a service that this one wants, if it is ready.
    ///
    /// ```
    /// # use service_core::{Context, Lifecycle, Result, service};
    /// # use std::sync::Arc;
    /// #[service(autowire, lazy)]
    /// struct Metrics {}
    ///
    /// #[service(wants = [Metrics], lazy)]
    /// struct Users { metrics: Option<Arc<Metrics>> }
    ///
    /// impl Lifecycle for Users {
    ///     async fn init(cx: &Context<Self>) -> Result<Self> {
    ///         Ok(Self { metrics: cx.get_opt() })
    ///     }
    /// }
    /// ```
    pub fn get_opt<D: ?Sized + Send + Sync + 'static>(&self) -> Option<Arc<D>>
    where
        S: Wants<D>,
    {
        self.look_up()
    }

    /// Returns a service by its name; for definitions made at run time, whose dependencies are names.
    ///
    /// ```
    /// use service_core::Definition;
    ///
    /// let url = Definition::new("url").requires(["port"]).init(async |cx| {
    ///     let port = cx.get_named::<u16>("port")?;
    ///     Ok(format!("http://localhost:{port}"))
    /// });
    /// # let _ = url;
    /// ```
    ///
    /// # Errors
    /// If no service of that name is ready, or its value is not a `D`.
    pub fn get_named<D: Send + Sync + 'static>(&self, name: &str) -> Result<Arc<D>, NotReady> {
        self.incarnation.shared.named(name)
    }

    /// The name of the service, as it stands in reports and events.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use service_core::{Context, Restart, Result};
    /// # async fn poll() -> Result<()> { Ok(()) }
    /// # async fn example<S: 'static>(cx: Context<S>) {
    /// println!("{} starts", cx.name());
    /// # }
    /// ```
    pub fn name(&self) -> &str {
        &self.incarnation.slot.name
    }

    /// Starts a background task that belongs to this service; see [`Tasks::spawn`]. Returns whether the task was started.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use service_core::{Context, Restart, Result};
    /// # async fn poll() -> Result<()> { Ok(()) }
    /// # async fn example<S: 'static>(cx: Context<S>) {
    /// cx.spawn("poll", poll());
    /// # }
    /// ```
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn spawn<F>(&self, name: impl Into<Arc<str>>, future: F) -> bool
    where
        F: Future<Output: TaskOutput> + Send + 'static,
    {
        self.incarnation.tasks.spawn(name, future)
    }

    /// The background tasks of this service.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use service_core::{Context, Restart, Result};
    /// # async fn poll() -> Result<()> { Ok(()) }
    /// # async fn example<S: 'static>(cx: Context<S>) {
    /// cx.tasks().periodic("poll", Duration::from_secs(5), poll);
    /// # }
    /// ```
    pub fn tasks(&self) -> &Tasks {
        &self.incarnation.tasks
    }

    /// Runs a future as if it were a task of this service: `T::service()` uses its registry, and its guarded calls are
    /// admitted while the service drains. It is meant for tasks that are not started with [`spawn`](Self::spawn), such as
    /// connections; the code that started such a task must also end it.
    ///
    /// ```
    /// # use service_core::Context;
    /// # use std::time::Duration;
    /// # fn example<S: 'static>(cx: Context<S>) {
    /// cx.clone().spawn("accept", async move {
    ///     let mut connections = tokio::task::JoinSet::new();
    ///     let of_service = cx.clone();
    ///     connections.spawn(async move { of_service.scope(async { /* … */ }).await });
    ///     while connections.join_next().await.is_some() {}
    /// });
    /// # }
    /// ```
    pub async fn scope<F: Future>(&self, future: F) -> F::Output {
        context_stack::with_context(self.incarnation.slot.frame(Role::Task), future).await
    }

    /// A token that is cancelled when this service begins to stop. A task should end then.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use service_core::{Context, Restart, Result};
    /// # async fn poll() -> Result<()> { Ok(()) }
    /// # async fn example<S: 'static>(cx: Context<S>) {
    /// let stopping = cx.stopping();
    /// cx.spawn("wait", async move { stopping.cancelled().await });
    /// # }
    /// ```
    pub fn stopping(&self) -> CancellationToken {
        self.incarnation.stopping.clone()
    }

    /// Sleeps for this time and returns `true`; returns `false` as soon as this service begins to stop.
    ///
    /// ```
    /// # use service_core::Context;
    /// # use std::time::Duration;
    /// # async fn example<S>(cx: Context<S>) {
    /// while cx.sleep(Duration::from_secs(1)).await {
    ///     // once a second, until the service stops
    /// }
    /// # }
    /// ```
    pub async fn sleep(&self, time: Duration) -> bool {
        self.incarnation.stopping.run_until_cancelled(tokio::time::sleep(time)).await.is_some()
    }

    /// Registers a cleanup. Cleanups run after `shutdown`, or if the start of the service fails, the latest first, as with Go's
    /// `defer`. A cleanup that is registered after the service has stopped is dropped.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use service_core::{Context, Restart, Result};
    /// # async fn poll() -> Result<()> { Ok(()) }
    /// # async fn example<S: 'static>(cx: Context<S>) {
    /// cx.defer(async { println!("the lock is released") });
    /// # }
    /// ```
    pub fn defer<F>(&self, cleanup: F)
    where
        F: Future<Output: TaskOutput> + Send + 'static,
    {
        self.incarnation.defer(Box::pin(async move { cleanup.await.into_result() }));
    }

    /// Reports the progress of the current phase. It is an event, and part of the message if the phase exceeds its budget.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use service_core::{Context, Restart, Result};
    /// # async fn poll() -> Result<()> { Ok(()) }
    /// # async fn example<S: 'static>(cx: Context<S>) {
    /// cx.progress("migration 3 of 7");
    /// # }
    /// ```
    pub fn progress(&self, words: impl Into<String>) {
        let words = words.into();
        self.incarnation.slot.times().progress = Some(words.clone());
        self.incarnation.slot.emit(EventKind::Progress { service: self.incarnation.slot.name.clone(), words });
    }

    /// Moves the deadline of the current phase to at least this long from now, like `EXTEND_TIMEOUT_USEC` of systemd. It has no
    /// effect after the deadline. The budget of the whole rollback or shutdown is not extended.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use service_core::{Context, Restart, Result};
    /// # async fn poll() -> Result<()> { Ok(()) }
    /// # async fn example<S: 'static>(cx: Context<S>) {
    /// cx.extend(Duration::from_secs(30));
    /// # }
    /// ```
    pub fn extend(&self, time: Duration) {
        if self.incarnation.deadline.extend(time) {
            self.incarnation.slot.emit(EventKind::Extended { service: self.incarnation.slot.name.clone(), time });
        }
    }

    /// The rest of the budget of the current phase; zero after its deadline.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use service_core::{Context, Restart, Result};
    /// # async fn poll() -> Result<()> { Ok(()) }
    /// # async fn example<S: 'static>(cx: Context<S>) {
    /// if cx.remaining() < Duration::from_secs(1) {
    ///     cx.extend(Duration::from_secs(5));
    /// }
    /// # }
    /// ```
    pub fn remaining(&self) -> Duration {
        self.incarnation.deadline.get().saturating_duration_since(Instant::now())
    }

    /// Why the registry shuts down; `None` if no shutdown has been requested.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use service_core::{Context, Restart, Result};
    /// # async fn poll() -> Result<()> { Ok(()) }
    /// # async fn example<S: 'static>(cx: Context<S>) {
    /// if let Some(reason) = cx.reason() {
    ///     println!("stopping: {reason}");
    /// }
    /// # }
    /// ```
    pub fn reason(&self) -> Option<ShutdownReason> {
        self.incarnation.shared.reason()
    }

    fn look_up<D: ?Sized + Send + Sync + 'static>(&self) -> Option<Arc<D>> {
        let shared = &self.incarnation.shared;
        let key = Key::Type(TypeId::of::<D>());
        let needs = &shared.plan.services()[self.incarnation.slot.index].needs;
        let need = needs.iter().find(|need| need.key == key)?;
        shared.slots[need.index].view()
    }
}

impl<S> Clone for Context<S> {
    fn clone(&self) -> Self {
        Self::new(self.incarnation.clone())
    }
}

impl<S> fmt::Debug for Context<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("service", &self.name()).finish_non_exhaustive()
    }
}
