//! [`Bulkhead`]: a limit of concurrent calls, with a bounded queue.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

/// Limits how many calls of a dependency run at the same time, and how many wait. Further calls are refused at once, so that one
/// slow dependency does not take all memory and connections of the process.
///
/// Waiting calls get a place in the order in which they came. If a waiting or running call is cancelled, its place is free again.
/// The pattern is named in Michael Nygard's "Release It!"; it is also in resilience4j and Polly.
///
/// ```
/// use service_toolkit::Bulkhead;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let search = Bulkhead::new("search", 1);
/// let place = search.acquire().await.unwrap();
/// let refused = search.call(async { "an answer" }).await.unwrap_err();
/// assert_eq!(refused.to_string(), "the bulkhead search is full: 1 call runs and 0 wait; call again later");
/// drop(place);
/// assert_eq!(search.call(async { "an answer" }).await, Ok("an answer"));
/// # }
/// ```
pub struct Bulkhead {
    name: Cow<'static, str>,
    concurrent: usize,
    queue: usize,
    max_wait: Option<Duration>,
    places: Semaphore,
    /// The calls that run or wait. One count for both, so that a call which has been given a place, and has not been polled yet,
    /// does not count as waiting.
    admitted: AtomicUsize,
}

impl Bulkhead {
    /// A bulkhead in which up to `concurrent` calls run and none wait. Zero is taken as one. The name is that of the dependency.
    ///
    /// ```
    /// use service_toolkit::Bulkhead;
    ///
    /// let search = Bulkhead::new("search", 10);
    /// assert_eq!((search.running(), search.waiting()), (0, 0));
    /// ```
    pub fn new(name: impl Into<Cow<'static, str>>, concurrent: usize) -> Self {
        let concurrent = concurrent.clamp(1, Semaphore::MAX_PERMITS);
        let (places, admitted) = (Semaphore::new(concurrent), AtomicUsize::new(0));
        Self { name: name.into(), concurrent, queue: 0, max_wait: None, places, admitted }
    }

    /// Lets up to this many calls wait for a place; none by default.
    ///
    /// ```
    /// use service_toolkit::Bulkhead;
    ///
    /// let search = Bulkhead::new("search", 10).queue(100);
    /// # let _ = search;
    /// ```
    pub fn queue(mut self, calls: usize) -> Self {
        self.queue = calls;
        self
    }

    /// Refuses a call that has waited this long; without it, a call waits until it gets a place.
    ///
    /// ```
    /// use std::time::Duration;
    /// use service_toolkit::Bulkhead;
    ///
    /// let search = Bulkhead::new("search", 10).queue(100).max_wait(Duration::from_secs(2));
    /// # let _ = search;
    /// ```
    pub fn max_wait(mut self, time: Duration) -> Self {
        self.max_wait = Some(time);
        self
    }

    /// Runs a call in a place of the bulkhead. If the call is refused, the future is dropped without being polled.
    ///
    /// ```
    /// use service_toolkit::Bulkhead;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let search = Bulkhead::new("search", 10);
    /// assert_eq!(search.call(async { 42 }).await, Ok(42));
    /// # }
    /// ```
    ///
    /// # Errors
    /// If all places and the queue are full, or the call has waited too long.
    pub async fn call<F: Future>(&self, future: F) -> Result<F::Output, BulkheadFull> {
        let _place = self.acquire().await?;
        Ok(future.await)
    }

    /// Waits for a place, which is free again when the permit is dropped.
    ///
    /// ```
    /// use service_toolkit::Bulkhead;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let search = Bulkhead::new("search", 10);
    /// let place = search.acquire().await.unwrap();
    /// assert_eq!(search.running(), 1);
    /// drop(place);
    /// assert_eq!(search.running(), 0);
    /// # }
    /// ```
    ///
    /// # Errors
    /// If all places and the queue are full, or the caller has waited too long.
    pub async fn acquire(&self) -> Result<BulkheadPermit<'_>, BulkheadFull> {
        let admitted = Admitted::enter(&self.admitted, self.concurrent.saturating_add(self.queue));
        let admitted = admitted.ok_or_else(|| self.full(Duration::ZERO))?;
        let wait = self.max_wait.unwrap_or(Duration::MAX);
        match tokio::time::timeout(wait, self.places.acquire()).await {
            Ok(Ok(place)) => Ok(BulkheadPermit { _place: place, _admitted: admitted }),
            // The semaphore is never closed, so this is the end of the time.
            Ok(Err(_)) | Err(_) => Err(self.full(wait)),
        }
    }

    /// How many calls run.
    pub fn running(&self) -> usize {
        self.concurrent - self.places.available_permits()
    }

    /// How many calls wait for a place.
    pub fn waiting(&self) -> usize {
        self.admitted.load(Ordering::Relaxed).saturating_sub(self.running())
    }

    fn full(&self, waited: Duration) -> BulkheadFull {
        BulkheadFull { bulkhead: self.name.clone(), running: self.running(), waiting: self.waiting(), waited }
    }
}

impl fmt::Debug for Bulkhead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bulkhead")
            .field("name", &self.name)
            .field("concurrent", &self.concurrent)
            .field("queue", &self.queue)
            .field("running", &self.running())
            .field("waiting", &self.waiting())
            .finish_non_exhaustive()
    }
}

/// A call that runs or waits. Its drop also covers a call that is cancelled.
#[derive(Debug)]
struct Admitted<'a>(&'a AtomicUsize);

impl<'a> Admitted<'a> {
    fn enter(admitted: &'a AtomicUsize, limit: usize) -> Option<Self> {
        let more = |now: usize| (now < limit).then(|| now + 1);
        admitted.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok().map(|_| Self(admitted))
    }
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A place in a [`Bulkhead`]. It is free again when this is dropped.
#[must_use = "the place is free again as soon as the permit is dropped"]
#[derive(Debug)]
pub struct BulkheadPermit<'a> {
    // Dropped first, so that a call that is admitted instead finds the place.
    _place: SemaphorePermit<'a>,
    _admitted: Admitted<'a>,
}

/// The error of a call that a [`Bulkhead`] refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BulkheadFull {
    /// The name of the bulkhead.
    pub bulkhead: Cow<'static, str>,
    /// How many calls ran.
    pub running: usize,
    /// How many calls waited, including this one if it waited.
    pub waiting: usize,
    /// How long this call waited; zero if it was refused at once.
    pub waited: Duration,
}

impl fmt::Display for BulkheadFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bulkhead, running, waiting, waited } = self;
        let runs = if *running == 1 { "call runs" } else { "calls run" };
        write!(f, "the bulkhead {bulkhead} is full: {running} {runs} and {waiting} wait; ")?;
        match *waited {
            Duration::ZERO => f.write_str("call again later"),
            waited => write!(f, "this call has waited {waited:?} for a place"),
        }
    }
}

impl std::error::Error for BulkheadFull {}
