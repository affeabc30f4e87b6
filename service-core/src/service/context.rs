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
use super::io_keeper::IoKeeper;
use super::job::Job;
use super::task_output::TaskOutput;
use super::tasks::Tasks;
use crate::base::{BoxError, ShutdownReason};
use crate::gate::context_stack::{self, Role};
use crate::plan::{Requires, Wants};
use crate::report::{EventKind, NotReady};
use crate::shared::{self, CurrentTask, Shared, in_runtime};

/// What a hook of the service `S` may see and do. Cheap to clone, so a task can keep one.
pub struct Context<S> {
    incarnation: Arc<Incarnation>,
    service: PhantomData<fn() -> S>,
}

impl<S> Context<S> {
    pub(crate) fn new(incarnation: Arc<Incarnation>) -> Self {
        Self { incarnation, service: PhantomData }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.incarnation.shared
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
        shared::named(&self.incarnation.shared, name)
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
    pub fn spawn<F>(&self, name: impl Into<Arc<str>>, future: F) -> bool
    where
        F: Future<Output: TaskOutput> + Send + 'static,
    {
        self.incarnation.tasks.spawn(name, future)
    }

    /// Starts a job: a background task with a result; see [`Tasks::spawn_job`].
    ///
    /// ```
    /// # use service_core::{Context, Result};
    /// # async fn example<S: 'static>(cx: Context<S>) -> Result<()> {
    /// let job = cx.spawn_job("sum", async { Ok::<u64, std::io::Error>(1 + 2) });
    /// assert_eq!(job.await?, 3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn spawn_job<F, T, E>(&self, name: impl Into<Arc<str>>, future: F) -> Job<T>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: Into<BoxError> + 'static,
    {
        self.incarnation.tasks.spawn_job(name, future)
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

    /// A token that is cancelled as soon as the shutdown of the registry is requested, or this service begins to stop. The
    /// service still accepts calls; with a lame-duck delay it does so for a while.
    ///
    /// ```
    /// # use service_core::Context;
    /// # async fn example<S: 'static>(cx: Context<S>) {
    /// let requested = cx.shutdown_requested();
    /// cx.spawn("goodbye", async move { requested.cancelled().await });
    /// # }
    /// ```
    pub fn shutdown_requested(&self) -> CancellationToken {
        self.incarnation.stop_tokens.shutdown_requested()
    }

    /// A token that is cancelled when this service begins to drain: it refuses new calls, and the admitted calls still run. Code
    /// that takes in work should take no more: an accept loop, a producer, an endless call or stream.
    ///
    /// ```
    /// # use service_core::Context;
    /// # async fn example<S: 'static>(cx: Context<S>, mut requests: tokio::sync::mpsc::Receiver<u32>) {
    /// let draining = cx.draining();
    /// while let Some(Some(request)) = draining.run_until_cancelled(requests.recv()).await {
    ///     println!("{request}");
    /// }
    /// # }
    /// ```
    pub fn draining(&self) -> CancellationToken {
        self.incarnation.stop_tokens.draining()
    }

    /// A token that is cancelled when the admitted calls of this service have ended, or its drain budget has. A task should finish
    /// its work and end then.
    ///
    /// In a task, this is the token of that task, which [`Tasks::stop`] and [`Job::stop`](super::Job::stop) cancel too. In a
    /// guarded call of the service, it is [`draining`](Self::draining), because the service stops only after the call has ended.
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
        let here = self.incarnation.slot.frame(Role::Task);
        match CurrentTask::current() {
            _ if self.incarnation.slot.is_on_stack(|role| role == Role::Call) => self.draining(),
            Some(CurrentTask { frame, task: Some((_, stop)) }) if frame == here => stop,
            _ => self.incarnation.stop_tokens.stopping(),
        }
    }

    /// Sleeps for this time and returns `true`; returns `false` as soon as [`stopping`](Self::stopping) is cancelled.
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
        let stopping = self.stopping();
        let sleep = async { stopping.run_until_cancelled(tokio::time::sleep(time)).await.is_some() };
        in_runtime(&self.incarnation.shared.runtime, sleep).await
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

    /// Reports something that a reader of the shutdown's report should know although it is no failure, such as a client that
    /// was cut off. It is progress, and one of the [`notes`](crate::ServiceShutdown::notes) of this service in the report.
    ///
    /// ```
    /// # use service_core::{Context, Result};
    /// # fn example<S: 'static>(cx: Context<S>) {
    /// cx.note("3 letters remain for the next start");
    /// # }
    /// ```
    pub fn note(&self, words: impl Into<String>) {
        let words = words.into();
        self.incarnation.note(words.clone());
        self.progress(words);
    }

    /// Moves the deadline of the current phase to at least this long from now, like `EXTEND_TIMEOUT_USEC` of systemd. It has no
    /// effect after the deadline. The budget of the whole boot, rollback or shutdown is not extended.
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

    /// The rest of the budget of the current phase, and of the whole boot, rollback or shutdown if that ends earlier; zero
    /// after that. Only the budget of the phase can be [extended](Self::extend).
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
        let phase = self.incarnation.deadline.get();
        let boot = self.incarnation.shared.boot_deadline();
        boot.map_or(phase, |boot| boot.min(phase)).saturating_duration_since(Instant::now())
    }

    /// Keeps I/O and timers of the runtime going, until the returned value is dropped, although user code blocks one of its
    /// threads. For a service that must answer meanwhile, as a server with probes must.
    ///
    /// In a runtime with several threads, one of them waits for I/O and timers on behalf of all. If that thread runs a future
    /// that blocks, no other one takes over until a task is spawned from outside of the runtime ([tokio issue 4730]). While the
    /// value exists, a thread of this library spawns an empty task every 50 ms. A registry does the same by itself while it boots
    /// or shuts down, and while a systemd watchdog waits for signs of life. On a runtime with one thread this has no effect.
    ///
    /// ```
    /// # use service_core::{Context, Result};
    /// # async fn accept() -> Result<()> { Ok(()) }
    /// # async fn example<S: 'static>(cx: Context<S>) {
    /// let kept = cx.keep_io();
    /// cx.spawn("accept", async move {
    ///     let _kept = kept;
    ///     accept().await
    /// });
    /// # }
    /// ```
    ///
    /// [tokio issue 4730]: https://github.com/tokio-rs/tokio/issues/4730
    pub fn keep_io(&self) -> IoKeeper {
        IoKeeper::new(self.incarnation.shared.busy())
    }

    /// Reports that this service is broken. The reason is an event and part of the report, and the service is degraded. Then
    /// its restart policy decides, as for a supervised task that has failed for good: the service restarts, with the services
    /// that hold its instance; without a policy, or at the end of it, the registry shuts down, unless the service is `optional`.
    ///
    /// It returns at once. If this instance of the service already stops, only the event is emitted.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use service_core::{Context, Restart, Result};
    /// # async fn poll() -> Result<()> { Ok(()) }
    /// # async fn example<S: 'static>(cx: Context<S>) {
    /// let it = cx.clone();
    /// cx.spawn("watch", async move {
    ///     while it.sleep(Duration::from_secs(5)).await {
    ///         if let Err(error) = poll().await {
    ///             return it.fail(format!("the link is down: {error}"));
    ///         }
    ///     }
    /// });
    /// # }
    /// ```
    pub fn fail(&self, why: impl Into<String>) {
        self.incarnation.fail(why.into());
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
        self.incarnation.need(TypeId::of::<D>())?.view()
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
