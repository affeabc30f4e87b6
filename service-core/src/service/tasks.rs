//! [`Tasks`]: the background tasks of one service, each with a name, none of them forgotten.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::blocking_task::BlockingTask;
use super::job::{self, Job};
use super::stop_tokens::StopTokens;
use super::task_body::{Runs, TaskBody};
use super::task_output::{TaskOutput, boxed};
use super::task_table::{SameName, TaskTable};
use crate::base::{BoxError, Failure, Restart, Result, Schedule, caught};
use crate::gate::Slot;
use crate::gate::context_stack::{self, Role};
use crate::shared::{CurrentTask, Deadline, in_runtime, later, wait, within};

/// The background tasks of one service. When the service stops, they are joined, and those that do not end are aborted
/// and reported.
///
/// A task should end when [`stopping`](super::Context::stopping) is cancelled. It has the rest of the drain budget of the
/// service for that (10 s by default), and is aborted afterwards. Once the service is stopping or its runtime has ended, no task
/// is started; each method that starts a task returns whether it did.
///
/// There are two kinds of tasks:
///
/// - A *job* has a result that somebody takes: [`spawn_job`](Self::spawn_job) returns a handle. The owner of the handle decides
///   what a failure means.
/// - Any other task is a part of the service. If it fails, this is an event immediately, and the health of the service is degraded
///   until a task of this name runs again or the service restarts. If that has not happened by the time the service stops, the
///   failure is part of the shutdown report, except if the task was about to be restarted.
///
/// ```
/// use std::time::Duration;
/// use service_core::{Context, Lifecycle, Restart, Result, service};
///
/// #[service]
/// struct Orders;
///
/// impl Lifecycle for Orders {
///     async fn init(cx: &Context<Self>) -> Result<Self> {
///         cx.tasks().periodic("heartbeat", Duration::from_secs(5), || async { println!("still here") });
///         cx.tasks().supervised("processor", Restart::transient(), || process());
///         Ok(Self)
///     }
/// }
///
/// async fn process() -> Result<()> {
///     // …
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct Tasks {
    inner: Arc<TaskTable>,
}

impl Tasks {
    pub(crate) fn new(runtime: Handle, slot: Arc<Slot>, stop_tokens: Arc<StopTokens>, deadline: Arc<Deadline>) -> Self {
        Self { inner: Arc::new(TaskTable::new(runtime, slot, stop_tokens, deadline)) }
    }

    /// Starts a task. Several tasks of the same name may run. Returns whether the task was started.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use service_core::{Context, Restart, Result};
    /// # async fn poll() -> Result<()> { Ok(()) }
    /// # async fn example<S: 'static>(cx: Context<S>) {
    /// cx.tasks().spawn("poll", poll());
    /// # }
    /// ```
    pub fn spawn<F>(&self, name: impl Into<Arc<str>>, future: F) -> bool
    where
        F: Future<Output: TaskOutput> + Send + 'static,
    {
        self.spawn_as(name.into(), SameName::Beside, |body| body.once(boxed(future)))
    }

    /// Starts a task unless one of the same name is running. Returns whether the task was started.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use service_core::{Context, Restart, Result};
    /// # async fn poll() -> Result<()> { Ok(()) }
    /// # async fn example<S: 'static>(cx: Context<S>) {
    /// if !cx.tasks().spawn_unique("refresh", poll()) {
    ///     println!("a refresh is already running");
    /// }
    /// # }
    /// ```
    pub fn spawn_unique<F>(&self, name: impl Into<Arc<str>>, future: F) -> bool
    where
        F: Future<Output: TaskOutput> + Send + 'static,
    {
        self.spawn_as(name.into(), SameName::First, |body| body.once(boxed(future)))
    }

    /// Aborts the tasks of this name and starts a new one. Returns whether the task was started.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use service_core::{Context, Restart, Result};
    /// # async fn poll() -> Result<()> { Ok(()) }
    /// # async fn example<S: 'static>(cx: Context<S>) {
    /// cx.tasks().replace("refresh", poll());
    /// # }
    /// ```
    pub fn replace<F>(&self, name: impl Into<Arc<str>>, future: F) -> bool
    where
        F: Future<Output: TaskOutput> + Send + 'static,
    {
        self.spawn_as(name.into(), SameName::Replaced, |body| body.once(boxed(future)))
    }

    /// Calls `run` immediately and then at each multiple of the interval, instead of the running tasks of this name. A run that
    /// fails is an event, and the schedule continues. Runs never overlap: if one takes longer than the interval, the runs it
    /// missed are skipped. When the service stops, the pause between two runs ends immediately. Returns whether the task was started.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use service_core::{Context, Restart, Result};
    /// # async fn poll() -> Result<()> { Ok(()) }
    /// # async fn example<S: 'static>(cx: Context<S>) {
    /// cx.tasks().periodic("poll", Duration::from_secs(5), poll);
    /// # }
    /// ```
    pub fn periodic<F, R>(&self, name: impl Into<Arc<str>>, every: impl Into<Schedule>, run: F) -> bool
    where
        F: FnMut() -> R + Send + 'static,
        R: Future<Output: TaskOutput> + Send + 'static,
    {
        let every = every.into();
        self.spawn_as(name.into(), SameName::Replaced, |body| body.every(every, runs(run)))
    }

    /// Starts a task after a delay, instead of the running tasks of this name. If the service stops first, the task never
    /// begins. Returns whether the task was started.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use service_core::{Context, Restart, Result};
    /// # async fn poll() -> Result<()> { Ok(()) }
    /// # async fn example<S: 'static>(cx: Context<S>) {
    /// cx.tasks().delayed("warm up", Duration::from_secs(10), poll());
    /// # }
    /// ```
    pub fn delayed<F>(&self, name: impl Into<Arc<str>>, delay: Duration, future: F) -> bool
    where
        F: Future<Output: TaskOutput> + Send + 'static,
    {
        self.spawn_as(name.into(), SameName::Replaced, move |body| body.later(delay, boxed(future)))
    }

    /// Runs a task, instead of the running tasks of this name, and restarts it as the policy determines. If it fails more often
    /// than the intensity of the policy allows, the failure escalates, as in an OTP supervisor: the service is restarted if it
    /// has a restart policy; otherwise the registry shuts down and `run()` returns the failure. Returns whether the task was started.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use service_core::{Context, Restart, Result};
    /// # async fn poll() -> Result<()> { Ok(()) }
    /// # async fn example<S: 'static>(cx: Context<S>) {
    /// cx.tasks().supervised("poll", Restart::transient(), poll);
    /// # }
    /// ```
    pub fn supervised<F, R>(&self, name: impl Into<Arc<str>>, restart: Restart, run: F) -> bool
    where
        F: FnMut() -> R + Send + 'static,
        R: Future<Output: TaskOutput> + Send + 'static,
    {
        self.spawn_as(name.into(), SameName::Replaced, move |body| body.supervised(restart, runs(run)))
    }

    /// Starts a job: a task with a result, which the owner of the handle takes. If the service is stopping, the job is refused,
    /// and the handle returns this as an error.
    ///
    /// ```
    /// # use service_core::{Context, Result};
    /// # async fn sum() -> Result<u64> { Ok(0) }
    /// # async fn example<S: 'static>(cx: Context<S>) -> Result<()> {
    /// let job = cx.tasks().spawn_job("sum", sum());
    /// println!("the sum is {}", job.await?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn spawn_job<F, T, E>(&self, name: impl Into<Arc<str>>, future: F) -> Job<T>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: Into<BoxError> + 'static,
    {
        // In a box, so that it is stored once.
        let future: Pin<Box<dyn Future<Output = F::Output> + Send>> = Box::pin(future);
        let (handle, result) = oneshot::channel();
        let body = self.body(name.into());
        let abort = self.start(&body, SameName::Beside, |body| job::run(body.clone(), body.job(future), handle));
        Job::new(body, abort, result)
    }

    /// Starts a task that is a part of the service, and runs it in this way.
    fn spawn_as<F>(&self, name: Arc<str>, same: SameName, work: impl FnOnce(TaskBody) -> F) -> bool
    where
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        let work = |body: TaskBody| {
            body.runs();
            work(body)
        };
        self.start(&self.body(name), same, work).is_some()
    }

    fn body(&self, name: Arc<str>) -> TaskBody {
        TaskBody::new(self.inner.slot.clone(), name, self.inner.stop_tokens.stopping().child_token())
    }

    fn start<F>(&self, body: &TaskBody, same: SameName, work: impl FnOnce(TaskBody) -> F) -> Option<AbortHandle>
    where
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        let name = body.name();
        let Some(entry) = self.inner.reserve(name, same, body.stop()) else {
            self.inner.refuse(name.clone());
            return None;
        };
        let number = entry.number();
        let frame = self.inner.slot.frame(Role::Task);
        let current = CurrentTask { frame, task: Some((name.clone(), body.stop().clone())) };
        let work = current.run(work(body.clone()));
        let begun = Arc::new(AtomicBool::new(false));
        let (begins, task) = (begun.clone(), body.clone());
        let handle = self.inner.runtime.spawn(async move {
            begins.store(true, Ordering::Relaxed);
            let began = Instant::now();
            let work = BlockingTask::new(task.clone(), context_stack::with_context(frame, work));
            let ended = caught::caught(work).await;
            let ended = ended.unwrap_or_else(|message| Err(task.panicked(began.elapsed(), message)));
            if let Err(failure) = ended {
                task.failed(failure, false);
            }
            drop(entry);
        });
        self.inner.started(number, handle.abort_handle());
        // A runtime that is gone drops a task at once, and never polls it.
        if handle.is_finished() && !begun.load(Ordering::Relaxed) {
            self.inner.refuse(name.clone());
            return None;
        }
        Some(handle.abort_handle())
    }

    /// Asks the tasks of this name to stop, waits until they have ended, but at most for `timeout`, and then aborts those that
    /// still run. Returns the number of aborted tasks.
    ///
    /// Inside such a task, [`Context::stopping`](super::Context::stopping) is cancelled and
    /// [`Context::sleep`](super::Context::sleep) ends; a periodic or supervised task does not run again.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use service_core::Context;
    /// # async fn example<S: 'static>(cx: Context<S>) {
    /// let aborted = cx.tasks().stop("poll", Duration::from_secs(2)).await;
    /// println!("{aborted} tasks did not end by themselves");
    /// # }
    /// ```
    pub async fn stop(&self, name: &str, timeout: Duration) -> usize {
        let asked = self.inner.ask_to_stop(name);
        let ended = self.inner.ended(|number| asked.contains(&number));
        match in_runtime(&self.inner.runtime, within(timeout, ended)).await {
            Some(()) => 0,
            None => self.inner.abort_numbers(&asked),
        }
    }

    /// Aborts the tasks of this name. Returns whether there was one.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use service_core::{Context, Restart, Result};
    /// # async fn poll() -> Result<()> { Ok(()) }
    /// # async fn example<S: 'static>(cx: Context<S>) {
    /// cx.tasks().spawn("poll", poll());
    /// assert!(cx.tasks().abort("poll"));
    /// # }
    /// ```
    pub fn abort(&self, name: &str) -> bool {
        self.inner.lock().abort(|running| running == name)
    }

    /// The number of running tasks.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use service_core::{Context, Restart, Result};
    /// # async fn poll() -> Result<()> { Ok(()) }
    /// # async fn example<S: 'static>(cx: Context<S>) {
    /// println!("{} tasks", cx.tasks().len());
    /// # }
    /// ```
    pub fn len(&self) -> usize {
        self.inner.lock().names().count()
    }

    /// Whether no task is running.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use service_core::{Context, Restart, Result};
    /// # async fn poll() -> Result<()> { Ok(()) }
    /// # async fn example<S: 'static>(cx: Context<S>) {
    /// if cx.tasks().is_empty() {
    ///     cx.spawn("poll", poll());
    /// }
    /// # }
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The names of the running tasks, in the order in which they were started.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use service_core::{Context, Restart, Result};
    /// # async fn poll() -> Result<()> { Ok(()) }
    /// # async fn example<S: 'static>(cx: Context<S>) {
    /// println!("running: {}", cx.tasks().names().join(", "));
    /// # }
    /// ```
    pub fn names(&self) -> Vec<String> {
        self.inner.lock().names().map(ToString::to_string).collect()
    }

    /// Waits until no task is running, but at most for `timeout`. Returns the number of tasks that still run.
    ///
    /// If a service waits in its own `init` or `start` for at least the rest of its budget, a task that waits for something that
    /// in turn waits for this service could never end. The call in which the task waits is then refused.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use service_core::{Context, Restart, Result};
    /// # async fn poll() -> Result<()> { Ok(()) }
    /// # async fn example<S: 'static>(cx: Context<S>) {
    /// let left = cx.tasks().wait_all(Duration::from_secs(2)).await;
    /// println!("{left} tasks still run");
    /// # }
    /// ```
    pub async fn wait_all(&self, timeout: Duration) -> usize {
        let TaskTable { slot, deadline, .. } = &*self.inner;
        let is_in_start = slot.is_on_stack(|role| role == Role::Starting);
        let _wait = is_in_start.then(|| wait::for_tasks(slot, later(timeout) >= deadline.get()).paused());
        // A time-out is an answer here, not an error: the count says it.
        let _ = in_runtime(&self.inner.runtime, within(timeout, self.ended())).await;
        self.inner.lock().alive()
    }

    /// Waits until none is running.
    pub(crate) async fn ended(&self) {
        self.inner.ended(|_| true).await;
    }

    /// Whether there has ever been a task.
    pub(crate) fn has_had_any(&self) -> bool {
        self.inner.lock().has_had_any()
    }

    /// Refuses new tasks from now on.
    pub(crate) fn close(&self) {
        self.inner.lock().closed = true;
    }

    /// Aborts what still runs.
    pub(crate) fn abort_all(&self) {
        self.inner.lock().abort(|_| true);
    }
}

fn runs<F, R>(mut run: F) -> Runs
where
    F: FnMut() -> R + Send + 'static,
    R: Future<Output: TaskOutput> + Send + 'static,
{
    Box::new(move || boxed(run()))
}

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tasks").field("running", &self.names()).finish_non_exhaustive()
    }
}
