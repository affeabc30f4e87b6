//! [`TaskGroup`]: tasks that do not outlive their scope.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use service_core::Registry;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use crate::caught::caught;
use crate::gather::Outcome;

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
    /// The tasks that have not been joined, after as many as `outcomes` holds.
    tasks: VecDeque<JoinHandle<Outcome<T, E>>>,
    outcomes: Vec<Outcome<T, E>>,
}

impl<T: Send + 'static, E: Send + 'static> TaskGroup<T, E> {
    /// An empty group, without a limit.
    pub fn new() -> Self {
        Self { places: None, tasks: VecDeque::new(), outcomes: Vec::new() }
    }

    /// Lets at most this many tasks run at the same time; the others wait. It applies to the tasks that are spawned afterwards.
    /// Zero is taken as one.
    pub fn limit(mut self, running: usize) -> Self {
        self.places = Some(Arc::new(Semaphore::new(running.clamp(1, Semaphore::MAX_PERMITS))));
        self
    }

    /// Starts a task of the group. If the registry has ended already, the outcome is [`Outcome::Cancelled`].
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
        self.tasks.push_back(match Registry::current() {
            Some(registry) => registry.spawn(task),
            None => tokio::spawn(task),
        });
    }

    /// Waits for all tasks, and returns their outcomes in the order in which they were spawned. The group is empty then and can be
    /// used again. If the returned future is dropped, the tasks continue and no outcome is lost: call it again, or drop the group.
    pub async fn join(&mut self) -> Vec<Outcome<T, E>> {
        self.join_tasks().await;
        std::mem::take(&mut self.outcomes)
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
            Some(deadline) => timeout_at(deadline, self.join_tasks()).await.is_ok(),
            None => {
                self.join_tasks().await;
                true
            }
        };
        if !in_time {
            let left = self.len();
            tracing::warn!(left, ?time, "tasks of a group did not end in time and are aborted");
            self.abort();
        }
        self.join().await
    }

    /// Aborts each task that still runs, at its next `await`. To wait until they have ended, call [`join`](Self::join).
    pub fn abort(&self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }

    /// How many tasks run or wait for a place.
    pub fn len(&self) -> usize {
        self.tasks.iter().filter(|task| !task.is_finished()).count()
    }

    /// Whether no task runs or waits for a place.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    async fn join_tasks(&mut self) {
        while let Some(task) = self.tasks.front_mut() {
            // The panics of user code are caught in the task, so it can only have been cancelled.
            let outcome = task.await.unwrap_or(Outcome::Cancelled);
            self.outcomes.push(outcome);
            self.tasks.pop_front();
        }
    }
}

impl<T: Send + 'static, E: Send + 'static> Default for TaskGroup<T, E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, E> Drop for TaskGroup<T, E> {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl<T, E> fmt::Debug for TaskGroup<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let running = self.tasks.iter().filter(|task| !task.is_finished()).count();
        f.debug_struct("TaskGroup").field("running", &running).finish_non_exhaustive()
    }
}
