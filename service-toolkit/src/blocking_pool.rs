//! [`BlockingPool`]: runs code that blocks on threads of its own.
//!
//! Its threads are no part of a runtime, so they do not hold the paused clock of a test: use the real clock there.

use std::borrow::Cow;
use std::collections::{BTreeSet, VecDeque};
use std::error::Error;
use std::fmt;
use std::io;
use std::pin::pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::thread;

use service_core::{CancellationToken, Context, Health, record};
use tokio::sync::{Notify, Semaphore, oneshot};

use crate::caught::caught_now;

type Job = Box<dyn FnOnce() + Send>;

/// A bounded number of named threads for code that blocks, such as file access, compression or a C library. It belongs to a service.
/// A clone is another handle of the same pool.
///
/// `tokio::task::spawn_blocking` has one pool of up to 512 threads for the whole program, with an unbounded queue, and a runtime
/// that is dropped waits for it. This pool has its own limits: [`run`](Self::run) waits while its queue is full. The closure runs
/// in the scope of the registry, as a task of the service does. Its thread does not belong to a runtime; to run a future there, use
/// a [`Bridge`](crate::Bridge) that was made before the pool: the pool, which was made later, then ends earlier. The closures run
/// on several threads at the same time, so they and what they return must be `Send`.
///
/// The pool ends after the `shutdown` of its service, when the calls and the tasks of the service have ended. It refuses new work from
/// then on, also from callers that wait, and finishes what it has; this takes at most the shutdown budget of the service. Code that
/// blocks cannot be cancelled: a thread that is left continues, is named in the shutdown report, and holds back neither the shutdown
/// nor the end of the process. Work that is left in the queue is dropped, and its callers get an error.
///
/// ```
/// use service_core::{Definition, Registry};
/// use service_toolkit::BlockingPool;
///
/// # #[tokio::main]
/// # async fn main() -> service_core::Result<()> {
/// let files = Definition::new("files").init(async |cx| Ok(BlockingPool::start(&cx, "files", 20, 100)?));
/// let registry = Registry::builder().isolated().define(files).only_named("files").boot().await?;
/// let files = registry.get_named::<BlockingPool>("files")?;
/// let manifest = files.run(|| std::fs::read_to_string("Cargo.toml")).await??;
/// assert!(manifest.contains("[package]"));
/// registry.shutdown().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct BlockingPool {
    shared: Arc<Shared>,
    /// Runs a closure in the scope of the registry.
    scope: Arc<dyn Fn(Job) + Send + Sync>,
}

struct Shared {
    name: Cow<'static, str>,
    threads: usize,
    queue: usize,
    /// The free places in the queue.
    places: Semaphore,
    state: Mutex<State>,
    /// There is work, or the pool is closed.
    wakes: Condvar,
    closed: CancellationToken,
    /// A thread has ended.
    ended: Notify,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    /// The names of the threads that have not ended, and of those that run something.
    threads: BTreeSet<String>,
    busy: BTreeSet<String>,
    closed: bool,
    metrics: BlockingMetrics,
}

/// The counts of a [`BlockingPool`] since it was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BlockingMetrics {
    /// How many closures run.
    pub running: usize,
    /// How many closures wait in the queue.
    pub queued: usize,
    /// How many closures have ended, or did not run because their caller had gone.
    pub ended: u64,
    /// How many closures have panicked.
    pub panicked: u64,
}

impl BlockingPool {
    /// Starts the threads, which are named `name-0` and so on. Up to `threads` closures run at the same time, and up to `queue` wait;
    /// zero is taken as one for both. If the service has stopped already, the pool is closed.
    ///
    /// ```
    /// # use service_core::{Context, Lifecycle, Result, service};
    /// use service_toolkit::BlockingPool;
    ///
    /// #[service(lazy)]
    /// struct Files {
    ///     pool: BlockingPool,
    /// }
    ///
    /// impl Lifecycle for Files {
    ///     async fn init(cx: &Context<Self>) -> Result<Self> {
    ///         Ok(Self { pool: BlockingPool::start(cx, "files", 20, 100)? })
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// If the system starts no more threads.
    pub fn start<S: 'static>(
        cx: &Context<S>,
        name: impl Into<Cow<'static, str>>,
        threads: usize,
        queue: usize,
    ) -> io::Result<Self> {
        let (threads, queue) = (threads.max(1), queue.clamp(1, Semaphore::MAX_PERMITS));
        let shared = Arc::new(Shared {
            name: name.into(),
            threads,
            queue,
            places: Semaphore::new(queue),
            state: Mutex::default(),
            wakes: Condvar::new(),
            closed: CancellationToken::new(),
            ended: Notify::new(),
        });
        // If the service has stopped already, it drops the cleanup, which closes the pool.
        let (closing, progress) = (Closing(shared.clone()), cx.clone());
        cx.defer(async move { closing.close(&progress).await });
        for number in 0..threads {
            let (shared, name) = (shared.clone(), format!("{}-{number}", shared.name));
            // Before it runs, so that an end of the service waits for it.
            shared.state().threads.insert(name.clone());
            let gone = Gone(shared.clone(), name.clone());
            thread::Builder::new().name(name.clone()).spawn(move || {
                let _gone = gone;
                shared.work(&name);
            })?;
        }
        let cx = cx.clone();
        let scope = move |job: Job| {
            let scope = pin!(cx.scope(async { job() }));
            // It awaits nothing, so one poll runs it.
            let _ = scope.poll(&mut std::task::Context::from_waker(Waker::noop()));
        };
        Ok(Self { shared, scope: Arc::new(scope) })
    }

    /// Runs a closure on a thread of the pool, and returns what it returns; waits while the queue is full. If the returned future is
    /// dropped before a thread has begun with the closure, it does not run; afterwards it runs to its end.
    ///
    /// ```
    /// # use service_toolkit::BlockingPool;
    /// # async fn example(files: BlockingPool) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// let length = files.run(|| std::fs::metadata("Cargo.toml")).await??.len();
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the closure panicked, or the service has stopped.
    pub async fn run<F, T>(&self, work: F) -> Result<T, BlockingError>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let shared = &self.shared;
        let closed = || BlockingError::Closed { pool: shared.name.clone() };
        let place = shared.closed.run_until_cancelled(shared.places.acquire()).await;
        // The semaphore is never closed.
        let Some(Ok(place)) = place else { return Err(closed()) };
        let (caller, result) = oneshot::channel();
        let (scope, counts) = (self.scope.clone(), shared.clone());
        let job = Box::new(move || {
            if caller.is_closed() {
                return;
            }
            scope(Box::new(move || {
                let result = caught_now(work);
                counts.state().metrics.panicked += u64::from(result.is_err());
                if let Err(Err(panic)) = caller.send(result) {
                    let pool = &*counts.name;
                    record!(domain: "blocking_pool", action: "run", status: warning,
                        pool, panic, "work panicked, and its caller is gone");
                }
            }));
        });
        if !shared.push(job) {
            return Err(closed());
        }
        place.forget();
        match result.await {
            Ok(Ok(output)) => Ok(output),
            Ok(Err(panic)) => Err(BlockingError::Panicked { pool: shared.name.clone(), panic }),
            Err(_) => Err(closed()),
        }
    }

    /// The counts.
    ///
    /// ```
    /// # fn example(files: service_toolkit::BlockingPool) {
    /// println!("{} closures wait for a thread", files.metrics().queued);
    /// # }
    /// ```
    pub fn metrics(&self) -> BlockingMetrics {
        let state = self.shared.state();
        BlockingMetrics { running: state.busy.len(), queued: state.jobs.len(), ..state.metrics }
    }

    /// Degraded if all threads are busy and the queue is full, and otherwise healthy, so that a service can return it from its health
    /// check.
    ///
    /// ```
    /// # use service_core::Health;
    /// # fn example(files: service_toolkit::BlockingPool) -> Health {
    /// files.health()
    /// # }
    /// ```
    pub fn health(&self) -> Health {
        let (BlockingMetrics { running, queued, .. }, Shared { name, threads, queue, .. }) =
            (self.metrics(), &*self.shared);
        if running < *threads || queued < *queue {
            return Health::Healthy;
        }
        Health::degraded(format!("the pool {name} is full: {running} closures run, and {queued} wait"))
    }
}

impl fmt::Debug for BlockingPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shared { name, threads, queue, .. } = &*self.shared;
        f.debug_struct("BlockingPool")
            .field("name", name)
            .field("threads", threads)
            .field("queue", queue)
            .field("metrics", &self.metrics())
            .finish_non_exhaustive()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns whether the pool is open.
    fn push(&self, job: Job) -> bool {
        let mut state = self.state();
        if state.closed {
            // It is code of the user.
            drop(state);
            return false;
        }
        state.jobs.push_back(job);
        self.wakes.notify_one();
        true
    }

    /// What a thread does.
    fn work(&self, thread: &str) {
        while let Some(job) = self.next_job(thread) {
            self.places.add_permits(1);
            // A destructor of the user may panic. The thread goes on.
            if let Err(panic) = caught_now(job) {
                let pool = &*self.name;
                record!(domain: "blocking_pool", action: "run", status: warning,
                    pool, panic, "a destructor panicked in a thread of the pool");
            }
            let mut state = self.state();
            state.busy.remove(thread);
            state.metrics.ended += 1;
        }
    }

    fn next_job(&self, thread: &str) -> Option<Job> {
        let mut state = self.state();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                state.busy.insert(thread.to_owned());
                return Some(job);
            }
            if state.closed {
                return None;
            }
            state = self.wakes.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn close(&self) {
        self.state().closed = true;
        self.closed.cancel();
        self.wakes.notify_all();
    }
}

/// The end of a thread.
struct Gone(Arc<Shared>, String);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.state().threads.remove(&self.1);
        self.0.ended.notify_one();
    }
}

/// Closes a pool. When it is dropped, what is left in the queue is dropped.
struct Closing(Arc<Shared>);

impl Closing {
    async fn close<S>(self, cx: &Context<S>) {
        self.0.close();
        let mut reported = String::new();
        loop {
            let (is_over, busy, queued) = {
                let State { threads, busy, jobs, .. } = &*self.0.state();
                (threads.is_empty(), busy.iter().map(String::as_str).collect::<Vec<_>>().join(", "), jobs.len())
            };
            if is_over {
                break;
            }
            let name = &self.0.name;
            let report =
                format!("the pool {name} waits for its threads {busy}, and {queued} more closures wait for them");
            if !busy.is_empty() && report != reported {
                cx.progress(&*report);
                reported = report;
            }
            self.0.ended.notified().await;
        }
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.close();
        let left = std::mem::take(&mut self.0.state().jobs);
        // It is code of the user.
        drop(left);
    }
}

/// Why a [`BlockingPool`] has returned no result.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BlockingError {
    /// The closure panicked.
    #[non_exhaustive]
    Panicked {
        /// The name of the pool.
        pool: Cow<'static, str>,
        /// The message of the panic.
        panic: String,
    },
    /// The service of the pool has stopped.
    #[non_exhaustive]
    Closed {
        /// The name of the pool.
        pool: Cow<'static, str>,
    },
}

impl fmt::Display for BlockingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked { pool, panic } => write!(f, "work of the pool {pool} panicked: {panic}"),
            Self::Closed { pool } => write!(f, "the pool {pool} takes no more work, because its service has stopped"),
        }
    }
}

impl Error for BlockingError {}
