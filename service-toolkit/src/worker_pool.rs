//! [`WorkerPool`]: runs submitted work on a number of workers.

use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use service_core::{Context, record};
use tokio::sync::oneshot;

use crate::caught::{Shown, caught};
use crate::gather::Outcome;
use crate::queue::{PushError, Queue, QueueMetrics, Words};

const WORDS: Words =
    Words { queue: "worker pool", item: "piece of work", items: "pieces of work", consumers: "workers" };

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A pool of workers with a bounded queue, which belongs to a service.
///
/// [`submit`](Self::submit) waits while the queue is full, so that a fast submitter is held back; [`try_submit`](Self::try_submit)
/// does not wait. Each returns a handle, and `gather` collects the results of several. A clone is another handle of the same pool.
///
/// The workers are tasks of the service. When the service stops, which is after its admitted calls have ended, the pool still takes work
/// from the other tasks of the service, until these have ended, and until the queues, worker pools and batchers that were started after it
/// have. Then it refuses new work and finishes what it has. Work that is left when the drain budget ends is cancelled, and is a failure
/// in the shutdown report.
///
/// Work must not wait for work of the same pool, because all workers may do that. A future of [`submit`](Self::submit) that was polled
/// holds its place in the order: poll it again or drop it.
///
/// ```
/// use service_core::{Definition, Registry};
/// use service_toolkit::{Split, WorkerPool, gather};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> service_core::Result<()> {
/// let pool = Definition::new("pool").init(async |cx| Ok(WorkerPool::start(&cx, "parse", 4, 100)));
/// let registry = Registry::builder().isolated().define(pool).only_named("pool").boot().await?;
/// let pool = registry.get_named::<WorkerPool>("pool")?;
/// let mut submitted = Vec::new();
/// for text in ["1", "x", "3"] {
///     submitted.push(pool.submit(async move { text.parse::<u8>() }).await?);
/// }
/// let split: Split<_, _> = gather(submitted).await.into_iter().collect();
/// assert_eq!((split.successes, split.errors.len()), (vec![1, 3], 1));
/// registry.shutdown().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct WorkerPool {
    queue: Queue<Work>,
}

impl WorkerPool {
    /// Starts the workers as tasks of the service. Up to `workers` pieces of work run at the same time, and up to `queue` wait; zero
    /// is taken as one for both. If the service stops already, the pool is closed.
    ///
    /// ```
    /// # use service_core::{Context, Lifecycle, Result, service};
    /// use service_toolkit::WorkerPool;
    ///
    /// #[service(lazy)]
    /// struct Thumbnails {
    ///     pool: WorkerPool,
    /// }
    ///
    /// impl Lifecycle for Thumbnails {
    ///     async fn init(cx: &Context<Self>) -> Result<Self> {
    ///         Ok(Self { pool: WorkerPool::start(cx, "thumbnails", 4, 100) })
    ///     }
    /// }
    /// ```
    pub fn start<S: 'static>(
        cx: &Context<S>,
        name: impl Into<Cow<'static, str>>,
        workers: usize,
        queue: usize,
    ) -> Self {
        let queue = Queue::with_words(name.into(), queue, WORDS);
        queue.consume(cx, workers, |work: Work| async move {
            work.await;
            Ok::<_, Infallible>(())
        });
        Self { queue }
    }

    /// Submits work; waits while the queue is full. If the returned future is dropped before, the work does not run.
    ///
    /// ```
    /// # use service_toolkit::{Outcome, WorkerPool};
    /// # async fn resize() -> std::io::Result<u32> { Ok(1) }
    /// # async fn example(pool: WorkerPool) -> service_core::Result<()> {
    /// let resized = pool.submit(resize()).await?;
    /// if let Outcome::Success(size) = resized.await {
    ///     println!("{size} bytes");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the service stops.
    pub async fn submit<F, T, E>(&self, work: F) -> Result<Submitted<T, E>, SubmitError>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: fmt::Display + Send + 'static,
    {
        let (work, submitted) = prepared(work);
        self.queue.push(work).await.map(|()| submitted).map_err(SubmitError::from)
    }

    /// Submits work if there is room in the queue. Otherwise the work is dropped.
    ///
    /// ```
    /// # use service_toolkit::WorkerPool;
    /// # async fn resize() -> std::io::Result<u32> { Ok(1) }
    /// # async fn example(pool: WorkerPool) {
    /// match pool.try_submit(resize()) {
    ///     Ok(resized) => println!("{:?}", resized.await),
    ///     Err(refused) => println!("{refused}"),
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the queue is full, or the service stops.
    pub fn try_submit<F, T, E>(&self, work: F) -> Result<Submitted<T, E>, SubmitError>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: fmt::Display + Send + 'static,
    {
        let (work, submitted) = prepared(work);
        self.queue.try_push(work).map(|()| submitted).map_err(SubmitError::from)
    }

    /// The counts and delays of the queue. Each piece of work that ended counts as processed, however it ended.
    ///
    /// ```
    /// # fn example(pool: service_toolkit::WorkerPool) {
    /// println!("{} pieces of work wait", pool.metrics().depth);
    /// # }
    /// ```
    pub fn metrics(&self) -> QueueMetrics {
        self.queue.metrics()
    }
}

fn prepared<F, T, E>(work: F) -> (Work, Submitted<T, E>)
where
    F: Future<Output = Result<T, E>> + Send + 'static,
    T: Send + 'static,
    E: fmt::Display + Send + 'static,
{
    let (handle, outcome) = oneshot::channel();
    let work = async move {
        let outcome = caught(work).await.map_or_else(Outcome::Panicked, Outcome::from);
        match handle.send(outcome) {
            Err(Outcome::Error(error)) => {
                record!(level: WARN, domain: "worker_pool", action: "work", status: error,
                    error = %Shown(&error), "work failed, and its handle was dropped");
            }
            Err(Outcome::Panicked(panic)) => {
                record!(level: WARN, domain: "worker_pool", action: "work", status: error,
                    panic, "work panicked, and its handle was dropped");
            }
            Ok(()) | Err(_) => {}
        }
    };
    (Box::pin(work), Submitted { outcome })
}

impl fmt::Debug for WorkerPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkerPool").field("queue", &self.queue).finish()
    }
}

/// Work that was submitted to a [`WorkerPool`]. Await it for the outcome, which is [`Outcome::Cancelled`] if the service ended
/// first. If it is dropped, the work runs anyway, and a failure of it is a `tracing` warning.
#[must_use = "the work runs anyway; await it for the outcome"]
pub struct Submitted<T, E> {
    outcome: oneshot::Receiver<Outcome<T, E>>,
}

impl<T, E> Future for Submitted<T, E> {
    type Output = Outcome<T, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.outcome).poll(cx).map(|outcome| outcome.unwrap_or(Outcome::Cancelled))
    }
}

impl<T, E> fmt::Debug for Submitted<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Submitted").finish_non_exhaustive()
    }
}

/// A [`WorkerPool`] has refused work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubmitError {
    /// The queue of the pool is full.
    Full,
    /// The service of the pool stops or has stopped.
    Closed,
}

impl<T> From<PushError<T>> for SubmitError {
    fn from(error: PushError<T>) -> Self {
        match error {
            PushError::Full(_) => Self::Full,
            PushError::Closed(_) => Self::Closed,
        }
    }
}

impl fmt::Display for SubmitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "the worker pool is full; wait for room with `submit`, or try again later",
            Self::Closed => "the worker pool takes no more work, because its service stops",
        })
    }
}

impl std::error::Error for SubmitError {}
