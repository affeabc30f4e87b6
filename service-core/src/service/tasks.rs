//! [`Tasks`]: the background tasks of one service, each with a name, none of them forgotten.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::task_body::TaskBody;
use super::task_output::TaskOutput;
use crate::base::{Failure, Restart, Result, Schedule};
use crate::base::{Mutex, MutexGuard, caught};
use crate::gate::Slot;
use crate::gate::context_stack;
use crate::gate::context_stack::Role;
use crate::report::EventKind;
use crate::shared::CurrentTask;
use crate::shared::wait;
use crate::shared::{Deadline, later};

/// The background tasks of one service. When the service stops, they are joined, and those that do not end are aborted
/// and reported.
///
/// A task should end when [`stopping`](super::Context::stopping) is cancelled. It has the drain budget of the service for
/// that (10 s by default), and is aborted afterwards. An error or a panic of a task is an event immediately; unless the
/// task is restarted, it is also part of the shutdown report. Each method that starts a task returns whether it did: once
/// the service is stopping or its runtime has ended, no task is started.
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

struct TaskTable {
    slot: Arc<Slot>,
    stopping: CancellationToken,
    /// Of the phase in which its service is.
    deadline: Arc<Deadline>,
    state: Mutex<TableState>,
    ended: Notify,
}

#[derive(Default)]
struct TableState {
    closed: bool,
    next: u64,
    running: BTreeMap<u64, Running>,
    /// How the first task failed that nothing started again.
    failure: Option<Failure>,
}

/// A task that runs, or is about to.
struct Running {
    name: Arc<str>,
    /// Absent while it is being started.
    abort: Option<AbortHandle>,
    /// Whether it is to be aborted as soon as it is started.
    is_doomed: bool,
}

impl Running {
    fn abort(&mut self) {
        self.is_doomed = true;
        if let Some(abort) = &self.abort {
            abort.abort();
        }
    }
}

/// What becomes of a task of the same name that is running.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Same {
    Beside,
    First,
    Replaced,
}

/// Takes its task out of the table when the task's future is dropped, however it ended.
struct TaskEntry {
    tasks: Arc<TaskTable>,
    number: u64,
}

impl Tasks {
    pub(crate) fn new(slot: Arc<Slot>, stopping: CancellationToken, deadline: Arc<Deadline>) -> Self {
        Self { inner: Arc::new(TaskTable { slot, stopping, deadline, state: Mutex::default(), ended: Notify::new() }) }
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
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn spawn<F>(&self, name: impl Into<Arc<str>>, future: F) -> bool
    where
        F: Future<Output: TaskOutput> + Send + 'static,
    {
        self.start(name.into(), Same::Beside, |body| body.once(future))
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
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn spawn_unique<F>(&self, name: impl Into<Arc<str>>, future: F) -> bool
    where
        F: Future<Output: TaskOutput> + Send + 'static,
    {
        self.start(name.into(), Same::First, |body| body.once(future))
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
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn replace<F>(&self, name: impl Into<Arc<str>>, future: F) -> bool
    where
        F: Future<Output: TaskOutput> + Send + 'static,
    {
        self.start(name.into(), Same::Replaced, |body| body.once(future))
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
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn periodic<F, R>(&self, name: impl Into<Arc<str>>, every: impl Into<Schedule>, run: F) -> bool
    where
        F: FnMut() -> R + Send + 'static,
        R: Future<Output: TaskOutput> + Send + 'static,
    {
        let every = every.into();
        self.start(name.into(), Same::Replaced, |body| body.every(every, run))
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
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn delayed<F>(&self, name: impl Into<Arc<str>>, delay: Duration, future: F) -> bool
    where
        F: Future<Output: TaskOutput> + Send + 'static,
    {
        self.start(name.into(), Same::Replaced, move |body| body.later(delay, future))
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
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn supervised<F, R>(&self, name: impl Into<Arc<str>>, restart: Restart, run: F) -> bool
    where
        F: FnMut() -> R + Send + 'static,
        R: Future<Output: TaskOutput> + Send + 'static,
    {
        self.start(name.into(), Same::Replaced, move |body| body.supervised(restart, run))
    }

    fn start<F>(&self, name: Arc<str>, same: Same, work: impl FnOnce(TaskBody) -> F) -> bool
    where
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        let runtime = Handle::current();
        let Some(number) = self.inner.reserve(&name, same) else {
            self.inner.refuse(name);
            return false;
        };
        let task = name.clone();
        let place = TaskEntry { tasks: self.inner.clone(), number };
        let frame = self.inner.slot.frame(Role::Task);
        let current = CurrentTask { frame, task: Some(name.clone()) };
        let body = TaskBody::new(self.inner.slot.clone(), name, self.inner.stopping.clone());
        let work = current.run(work(body.clone()));
        let begun = Arc::new(AtomicBool::new(false));
        let begins = begun.clone();
        let handle = runtime.spawn(async move {
            begins.store(true, Ordering::Relaxed);
            let began = Instant::now();
            let ended = caught::caught(context_stack::with_context(frame, work)).await;
            let failure = match ended {
                Ok(Ok(())) => None,
                Ok(Err(failure)) => Some(failure),
                Err(message) => Some(body.panicked(began.elapsed(), message)),
            };
            if let Some(failure) = failure {
                body.report(&failure);
                let mut state = place.tasks.lock();
                if state.failure.is_none() {
                    state.failure = Some(failure);
                }
            }
            drop(place);
        });
        self.inner.started(number, handle.abort_handle());
        // A runtime that is gone drops a task at once, and never polls it.
        let is_dropped = handle.is_finished() && !begun.load(Ordering::Relaxed);
        if is_dropped {
            self.inner.refuse(task);
        }
        !is_dropped
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
        self.inner.lock().running.len()
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
        self.inner.lock().running.values().map(|task| task.name.to_string()).collect()
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
        let _ = tokio::time::timeout(timeout, self.ended()).await;
        self.len()
    }

    /// Waits until none is running.
    pub(crate) async fn ended(&self) {
        loop {
            let ended = self.inner.ended.notified();
            if self.is_empty() {
                break;
            }
            ended.await;
        }
    }

    /// Refuses new tasks from now on.
    pub(crate) fn close(&self) {
        self.inner.lock().closed = true;
    }

    /// Aborts what still runs.
    pub(crate) fn abort_all(&self) {
        self.inner.lock().abort(|_| true);
    }

    /// How the first task failed that nothing started again.
    pub(crate) fn failure(&self) -> Option<Failure> {
        self.inner.lock().failure.clone()
    }
}

impl TableState {
    /// Aborts the tasks whose name is like this, and says whether there was one.
    fn abort(&mut self, is_meant: impl Fn(&str) -> bool) -> bool {
        let meant = self.running.values_mut().filter(|task| is_meant(&task.name));
        meant.map(Running::abort).count() > 0
    }
}

impl TaskTable {
    /// A place for a task, unless there is none for it. From here on a shutdown knows it, even before it runs.
    fn reserve(&self, name: &Arc<str>, same: Same) -> Option<u64> {
        let mut state = self.lock();
        // First of all: what is refused puts an end to nothing.
        if state.closed || (same == Same::First && state.running.values().any(|task| task.name == *name)) {
            return None;
        }
        if same == Same::Replaced {
            state.abort(|running| *running == **name);
        }
        let number = state.next;
        state.next += 1;
        state.running.insert(number, Running { name: name.clone(), abort: None, is_doomed: false });
        Some(number)
    }

    fn refuse(&self, task: Arc<str>) {
        self.slot.emit(EventKind::TaskRefused { service: self.slot.name.clone(), task });
    }

    /// The task has been started, and may have ended. Not under one lock with its start: a runtime that is gone drops it
    /// at once, and its place with it.
    fn started(&self, number: u64, abort: AbortHandle) {
        if let Some(task) = self.lock().running.get_mut(&number) {
            if task.is_doomed {
                abort.abort();
            }
            task.abort = Some(abort);
        }
    }

    fn lock(&self) -> MutexGuard<'_, TableState> {
        self.state.lock()
    }
}

impl Drop for TaskEntry {
    fn drop(&mut self) {
        self.tasks.lock().running.remove(&self.number);
        self.tasks.ended.notify_waiters();
    }
}

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tasks").field("running", &self.names()).finish_non_exhaustive()
    }
}
