//! [`TaskGroup`]: tasks that do not outlive their scope.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use service_core::record;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use crate::caught::caught;
use crate::gather::{Outcome, Split, gather};
use crate::spawn::spawn;

/// Tasks that run concurrently, also on several threads, and that do not outlive the group.
///
/// [`join`](Self::join) waits for all tasks, and returns how each ended, in the order in which they were spawned. If the group is
/// dropped, each task that still runs is aborted, as with tokio's `JoinSet`. Unlike a `JoinSet`, it starts a task in the scope of
/// the current registry, so that `T::service()` works in it, and the task ends with the registry at the latest; an error, a panic
/// and a cancellation are told apart. The idea is that of a nursery in Python's Trio.
///
/// ```
/// use service_toolkit::{Outcome, Split, TaskGroup};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let mut group = TaskGroup::new().limit(2);
/// for text in ["1", "x", "3"] {
///     group.spawn(async move { text.parse::<u8>() });
/// }
/// let split: Split<_, _> = group.join().await.into_iter().collect();
/// assert_eq!(split.successes, [1, 3]);
/// # }
/// ```
#[must_use = "a group that is dropped aborts its tasks"]
pub struct TaskGroup<T, E> {
    places: Option<Arc<Semaphore>>,
    tasks: Vec<Task<T, E>>,
}

struct Task<T, E> {
    handle: JoinHandle<Outcome<T, E>>,
    /// Taken from the handle, which can be polled no more then.
    outcome: Option<Outcome<T, E>>,
}

impl<T: Send + 'static, E: Send + 'static> TaskGroup<T, E> {
    /// An empty group, without a limit.
    ///
    /// ```
    /// use service_toolkit::TaskGroup;
    ///
    /// assert!(TaskGroup::<u8, String>::new().is_empty());
    /// ```
    pub fn new() -> Self {
        Self { places: None, tasks: Vec::new() }
    }

    /// Lets at most this many tasks run at the same time; the others wait. It applies to the tasks that are spawned afterwards.
    /// Zero is taken as one.
    ///
    /// ```
    /// use service_toolkit::TaskGroup;
    ///
    /// let group = TaskGroup::<u8, String>::new().limit(8);
    /// # drop(group);
    /// ```
    pub fn limit(mut self, running: usize) -> Self {
        self.places = Some(Arc::new(Semaphore::new(running.clamp(1, Semaphore::MAX_PERMITS))));
        self
    }

    /// Starts a task of the group. If the registry has ended already, the outcome is [`Outcome::Cancelled`].
    ///
    /// ```
    /// use service_toolkit::{Outcome, TaskGroup};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let mut group = TaskGroup::new();
    /// group.spawn(async { Ok::<_, String>(42) });
    /// assert_eq!(group.join().await, [Outcome::Success(42)]);
    /// # }
    /// ```
    ///
    /// # Panics
    /// If there is neither a registry nor a tokio runtime.
    pub fn spawn<F>(&mut self, future: F)
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let places = self.places.clone();
        let task = async move {
            // The semaphore is never closed.
            let _place = match &places {
                Some(places) => places.acquire().await.ok(),
                None => None,
            };
            caught(future).await.map_or_else(Outcome::Panicked, Outcome::from)
        };
        #[cfg(feature = "operation")]
        let task = crate::operation_scope::carried(task);
        self.tasks.push(Task { handle: spawn(task), outcome: None });
    }

    /// Waits for all tasks, and returns their outcomes in the order in which they were spawned. The group is empty then and can be
    /// used again. If the returned future is dropped, the tasks continue and no outcome is lost: call it again, or drop the group.
    ///
    /// ```
    /// use service_toolkit::{Outcome, TaskGroup};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let mut group = TaskGroup::new();
    /// group.spawn(async { Ok(1) });
    /// group.spawn(async { Err("no") });
    /// assert_eq!(group.join().await, [Outcome::Success(1), Outcome::Error("no")]);
    /// # }
    /// ```
    pub async fn join(&mut self) -> Vec<Outcome<T, E>> {
        self.wait(false).await;
        self.take()
    }

    /// Waits until all tasks have succeeded, and returns their values in the order in which they were spawned. At the first error,
    /// panic or cancellation, aborts the other tasks and waits for their end. Go's `errgroup` works like this.
    ///
    /// ```
    /// use service_toolkit::TaskGroup;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let mut group = TaskGroup::<u8, _>::new();
    /// group.spawn(std::future::pending());
    /// group.spawn(async { Err("no") });
    /// let split = group.try_join().await.unwrap_err();
    /// assert_eq!((split.errors, split.cancelled), (vec!["no"], 1));
    /// # }
    /// ```
    ///
    /// # Errors
    /// The outcomes of all tasks, if one of them did not succeed.
    pub async fn try_join(&mut self) -> Result<Vec<T>, Split<T, E>> {
        if self.wait(true).await {
            self.abort();
        }
        let split: Split<T, E> = self.join().await.into_iter().collect();
        if split.is_success() { Ok(split.successes) } else { Err(split) }
    }

    /// Like [`join`](Self::join), but aborts the tasks that still run after this time. Their number is a `tracing` warning.
    ///
    /// A task is aborted at its next `await`, and this function waits for that.
    ///
    /// ```
    /// use std::time::Duration;
    /// use service_toolkit::{Outcome, TaskGroup};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let mut group = TaskGroup::<(), ()>::new();
    /// group.spawn(std::future::pending());
    /// assert_eq!(group.join_within(Duration::from_millis(5)).await, [Outcome::Cancelled]);
    /// # }
    /// ```
    pub async fn join_within(&mut self, time: Duration) -> Vec<Outcome<T, E>> {
        let in_time = match Instant::now().checked_add(time) {
            Some(deadline) => timeout_at(deadline, self.wait(false)).await.is_ok(),
            None => {
                self.wait(false).await;
                true
            }
        };
        if !in_time {
            let left = self.len();
            record!(domain: "task_group", action: "join", status: cancelled,
                left, ?time, "tasks of a group did not end in time and are aborted");
            self.abort();
        }
        self.join().await
    }

    /// Aborts each task that still runs, at its next `await`. To wait until they have ended, call [`join`](Self::join).
    ///
    /// ```
    /// use service_toolkit::{Outcome, TaskGroup};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let mut group = TaskGroup::<(), ()>::new();
    /// group.spawn(std::future::pending());
    /// group.abort();
    /// assert_eq!(group.join().await, [Outcome::Cancelled]);
    /// # }
    /// ```
    pub fn abort(&self) {
        self.tasks.iter().for_each(|task| task.handle.abort());
    }

    /// How many tasks run or wait for a place.
    pub fn len(&self) -> usize {
        self.tasks.iter().filter(|task| !task.handle.is_finished()).count()
    }

    /// Whether no task runs or waits for a place.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Waits for all tasks, or until one has failed if `stops`. Returns whether one has. If it is dropped, each outcome that it
    /// has taken is in its task.
    async fn wait(&mut self, stops: bool) -> bool {
        let is_failure = |outcome: &Outcome<T, E>| !matches!(outcome, Outcome::Success(_));
        let mut failed = self.tasks.iter().filter_map(|task| task.outcome.as_ref()).any(is_failure);
        let open = self.tasks.iter_mut().filter(|task| task.outcome.is_none()).map(|task| async move {
            // The panics of user code are caught in the task, so it can only have been cancelled.
            let outcome = (&mut task.handle).await.unwrap_or(Outcome::Cancelled);
            is_failure(task.outcome.insert(outcome))
        });
        let mut open = gather(open.collect::<Vec<_>>());
        while !(stops && failed) {
            let Some((_, this)) = open.next().await else { break };
            failed |= this;
        }
        failed
    }

    fn take(&mut self) -> Vec<Outcome<T, E>> {
        self.tasks.drain(..).map(|task| task.outcome.unwrap_or(Outcome::Cancelled)).collect()
    }
}

impl<T: Send + 'static, E: Send + 'static> Default for TaskGroup<T, E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, E> Drop for TaskGroup<T, E> {
    fn drop(&mut self) {
        self.tasks.iter().for_each(|task| task.handle.abort());
    }
}

impl<T, E> fmt::Debug for TaskGroup<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let running = self.tasks.iter().filter(|task| !task.handle.is_finished()).count();
        f.debug_struct("TaskGroup").field("running", &running).finish_non_exhaustive()
    }
}
