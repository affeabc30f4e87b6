//! [`Queue`]: a bounded queue between producers and consumers, which drains with the service that consumes it.
//!
//! A queue is closed by a token and not by the drop of its senders, because every handle can push and pop. A pop that sees the
//! token closes the channel, and then takes what is left in it.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use service_core::{CancellationToken, Context, Health, record};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::Instant;

use crate::caught::caught;
use crate::until_cancelled::until_cancelled;

/// A bounded queue between producers and consumers, with backpressure, metrics and an orderly end.
///
/// [`consume`](Self::consume) starts tasks of a service that process the items, and [`produce`](Self::produce) starts a task that
/// fetches them. Code can also [`push`](Self::push) and [`pop`](Self::pop) itself. A clone is another handle of the same queue.
///
/// When the service drains, its producers stop. When it stops, which is after its admitted calls have ended, the queue is closed:
/// it refuses new items, and the consumers process what it holds. Items that are left when the drain budget ends are dropped after
/// the `shutdown` of the service, which can still [`pop`](Self::pop) them, and are a failure in the shutdown report. One service
/// consumes a queue; any number may produce.
///
/// ```
/// use std::convert::Infallible;
/// use service_core::{Definition, Registry};
/// use service_toolkit::Queue;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> service_core::Result<()> {
/// let orders = Definition::new("orders").init(async |cx| {
///     let queue = Queue::new("orders", 100);
///     queue.consume(&cx, 4, |order: u32| async move {
///         println!("order {order}");
///         Ok::<_, Infallible>(())
///     });
///     Ok(queue)
/// });
/// let registry = Registry::builder().isolated().define(orders).only_named("orders").boot().await?;
/// let queue = registry.get_named::<Queue<u32>>("orders")?;
/// queue.push(7).await?;
/// registry.shutdown().await?;
/// assert_eq!(queue.metrics().processed, 1);
/// # Ok(())
/// # }
/// ```
pub struct Queue<T> {
    shared: Arc<Shared<T>>,
    idle: Duration,
    error_pause: Duration,
    drops_when_full: bool,
}

struct Shared<T> {
    name: Cow<'static, str>,
    sender: mpsc::Sender<(Instant, T)>,
    receiver: tokio::sync::Mutex<mpsc::Receiver<(Instant, T)>>,
    closed: CancellationToken,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    metrics: QueueMetrics,
    /// Items whose processing was cancelled.
    interrupted: usize,
}

/// The counts and delays of a [`Queue`] since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueMetrics {
    /// How many items the queue holds.
    pub depth: usize,
    /// How many items are being processed.
    pub processing: usize,
    /// How many items were pushed.
    pub pushed: u64,
    /// How many items were processed without an error.
    pub processed: u64,
    /// How many items failed or panicked when they were processed.
    pub failed: u64,
    /// How many items were dropped: by a producer, because the queue was full or closed, or at the end of the service.
    pub dropped: u64,
    /// How long the item that was taken last had been in the queue.
    pub last_delay: Duration,
    /// The longest time that an item had been in the queue when it was taken.
    pub max_delay: Duration,
}

impl<T: Send + 'static> Queue<T> {
    /// A queue for up to `capacity` items; zero is taken as one. The name is used in events and reports.
    ///
    /// ```
    /// use service_toolkit::Queue;
    ///
    /// let queue = Queue::<u32>::new("orders", 100);
    /// assert_eq!(queue.metrics().depth, 0);
    /// ```
    pub fn new(name: impl Into<Cow<'static, str>>, capacity: usize) -> Self {
        let (sender, receiver) = mpsc::channel(capacity.clamp(1, Semaphore::MAX_PERMITS));
        let (closed, counts) = (CancellationToken::new(), Mutex::default());
        let shared = Shared { name: name.into(), sender, receiver: receiver.into(), closed, counts };
        let (idle, error_pause) = (Duration::from_millis(100), Duration::from_secs(1));
        Self { shared: Arc::new(shared), idle, error_pause, drops_when_full: false }
    }

    /// How long a producer of this handle pauses when there was nothing to fetch; 100 ms by default.
    ///
    /// ```
    /// use std::time::Duration;
    /// use service_toolkit::Queue;
    ///
    /// let queue = Queue::<u32>::new("orders", 100).idle(Duration::from_millis(20));
    /// # let _ = queue;
    /// ```
    pub fn idle(mut self, pause: Duration) -> Self {
        self.idle = pause;
        self
    }

    /// How long a producer of this handle pauses after an error; 1 s by default.
    ///
    /// ```
    /// use std::time::Duration;
    /// use service_toolkit::Queue;
    ///
    /// let queue = Queue::<u32>::new("orders", 100).error_pause(Duration::from_secs(5));
    /// # let _ = queue;
    /// ```
    pub fn error_pause(mut self, pause: Duration) -> Self {
        self.error_pause = pause;
        self
    }

    /// Makes the producers of this handle drop an item if the queue is full, instead of waiting for room.
    ///
    /// ```
    /// use service_toolkit::Queue;
    ///
    /// let measurements = Queue::<f64>::new("measurements", 100).drop_when_full();
    /// # let _ = measurements;
    /// ```
    pub fn drop_when_full(mut self) -> Self {
        self.drops_when_full = true;
        self
    }

    /// Adds an item; waits for room if the queue is full. If the returned future is dropped before, the item is dropped with it.
    ///
    /// ```
    /// use service_toolkit::Queue;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> service_core::Result<()> {
    /// let queue = Queue::new("orders", 100);
    /// queue.push(7).await?;
    /// assert_eq!(queue.pop().await, Some(7));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the queue is closed. The error returns the item.
    pub async fn push(&self, item: T) -> Result<(), PushError<T>> {
        match until_cancelled(&self.shared.closed, self.shared.sender.reserve()).await {
            Some(Ok(room)) => self.add(room, item),
            _ => Err(PushError::Closed(item)),
        }
    }

    /// Adds an item if there is room.
    ///
    /// ```
    /// use service_toolkit::Queue;
    /// use service_toolkit::queue::PushError;
    ///
    /// let queue = Queue::new("orders", 1);
    /// assert_eq!(queue.try_push(7), Ok(()));
    /// assert_eq!(queue.try_push(8), Err(PushError::Full(8)));
    /// ```
    ///
    /// # Errors
    /// If the queue is full or closed. The error returns the item.
    pub fn try_push(&self, item: T) -> Result<(), PushError<T>> {
        if self.shared.closed.is_cancelled() {
            return Err(PushError::Closed(item));
        }
        match self.shared.sender.try_reserve() {
            Ok(room) => self.add(room, item),
            Err(TrySendError::Full(())) => Err(PushError::Full(item)),
            Err(TrySendError::Closed(())) => Err(PushError::Closed(item)),
        }
    }

    fn add(&self, room: mpsc::Permit<'_, (Instant, T)>, item: T) -> Result<(), PushError<T>> {
        // Before the item can be taken, so that the depth is never less than zero.
        let metrics = &mut self.count().metrics;
        metrics.pushed += 1;
        metrics.depth += 1;
        room.send((Instant::now(), item));
        Ok(())
    }

    /// Takes the item that was added first; waits if the queue is empty. Returns `None` once the queue is closed and empty. If the
    /// returned future is dropped, no item is lost.
    ///
    /// ```
    /// # async fn example(queue: service_toolkit::Queue<u32>) {
    /// while let Some(order) = queue.pop().await {
    ///     println!("order {order}");
    /// }
    /// # }
    /// ```
    pub async fn pop(&self) -> Option<T> {
        let mut receiver = self.shared.receiver.lock().await;
        let next = match until_cancelled(&self.shared.closed, receiver.recv()).await {
            Some(next) => next,
            None => {
                receiver.close();
                receiver.recv().await
            }
        };
        let (pushed, item) = next?;
        let (delay, metrics) = (pushed.elapsed(), &mut self.count().metrics);
        metrics.depth -= 1;
        metrics.last_delay = delay;
        metrics.max_delay = metrics.max_delay.max(delay);
        Some(item)
    }

    /// Closes the queue: it refuses new items, and returns those that it holds.
    ///
    /// ```
    /// use service_toolkit::Queue;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> service_core::Result<()> {
    /// let queue = Queue::new("orders", 100);
    /// queue.push(7).await?;
    /// queue.close();
    /// assert!(queue.push(8).await.is_err());
    /// assert_eq!((queue.pop().await, queue.pop().await), (Some(7), None));
    /// # Ok(())
    /// # }
    /// ```
    pub fn close(&self) {
        self.shared.closed.cancel();
    }

    /// Starts tasks of the service that process the items, as many as `consumers`; zero is taken as one. Returns whether they were
    /// started; they are not if the service stops already, and the queue is closed then.
    ///
    /// An item whose processing returns an error or panics is logged and counted, and the consumer continues with the next.
    ///
    /// ```
    /// # use service_core::Context;
    /// # use service_toolkit::Queue;
    /// # async fn save(order: u32) -> std::io::Result<()> { drop(order); Ok(()) }
    /// # fn example<S>(cx: &Context<S>, queue: &Queue<u32>) {
    /// queue.consume(cx, 4, save);
    /// # }
    /// ```
    pub fn consume<S, F, R, E>(&self, cx: &Context<S>, consumers: usize, process: F) -> bool
    where
        F: Fn(T) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), E>> + Send + 'static,
        E: fmt::Display + Send + 'static,
    {
        let (name, process) = (&self.shared.name, Arc::new(process));
        let (stopping, closes, reports) = (cx.stopping(), self.clone(), self.clone());
        cx.defer(async move { reports.discard() });
        let mut started = cx.spawn(format!("{name} close"), async move {
            stopping.cancelled().await;
            closes.close();
        });
        for _ in 0..consumers.max(1) {
            let (queue, process) = (self.clone(), process.clone());
            started &= cx.spawn(format!("{name} consumer"), async move {
                while let Some(item) = queue.pop().await {
                    let processing = Processing::begin(&queue.shared);
                    processing.end(caught(async { process(item).await }).await);
                }
            });
        }
        if !started {
            self.close();
        }
        started
    }

    /// Starts a task of the service that fetches items and pushes them, until the service drains or the queue is closed. Returns
    /// whether it was started.
    ///
    /// If `fetch` returns `None`, the producer pauses for the [idle time](Self::idle). If it returns an error or panics, this is
    /// logged, and the producer pauses for the [error pause](Self::error_pause). If the queue is full, the producer logs a warning
    /// and waits for room, or [drops](Self::drop_when_full) the item. When the service drains, a running fetch is dropped, so it
    /// must lose nothing then; an item that was fetched is still pushed.
    ///
    /// ```
    /// # use service_core::{Context, Result};
    /// # use service_toolkit::Queue;
    /// # async fn receive() -> std::io::Result<Option<String>> { Ok(None) }
    /// # fn example<S>(cx: &Context<S>, queue: &Queue<String>) {
    /// queue.produce(cx, || receive());
    /// # }
    /// ```
    pub fn produce<S, F, R, E>(&self, cx: &Context<S>, mut fetch: F) -> bool
    where
        F: FnMut() -> R + Send + 'static,
        R: Future<Output = Result<Option<T>, E>> + Send + 'static,
        E: fmt::Display + Send + 'static,
    {
        let (draining, it) = (cx.draining(), self.clone());
        cx.spawn(format!("{} producer", self.shared.name), async move {
            let mut was_full = false;
            while let Some(fetched) = draining.run_until_cancelled(caught(async { fetch().await })).await {
                let queue = &*it.shared.name;
                let pause = match fetched {
                    Ok(Ok(Some(item))) => match it.hand_over(item, &mut was_full).await {
                        true => continue,
                        false => break,
                    },
                    Ok(Ok(None)) => it.idle,
                    Ok(Err(error)) => {
                        record!(domain: "queue", action: "produce", status: error,
                            queue, %error, pause = ?it.error_pause, "a producer failed");
                        it.error_pause
                    }
                    Err(panic) => {
                        record!(domain: "queue", action: "produce", status: error,
                            queue, panic, pause = ?it.error_pause, "a producer panicked");
                        it.error_pause
                    }
                };
                if draining.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                    break;
                }
            }
        })
    }

    /// Pushes the item of a producer. Returns whether the queue is open.
    async fn hand_over(&self, item: T, was_full: &mut bool) -> bool {
        let (queue, drops) = (&*self.shared.name, self.drops_when_full);
        let Err(refused) = self.try_push(item) else {
            *was_full &= self.metrics().depth > self.shared.sender.max_capacity().div_ceil(2);
            return true;
        };
        // One warning each time the queue becomes full, and not one for each item: a queue that was full is so until half of it is empty.
        if matches!(refused, PushError::Full(_)) && !std::mem::replace(was_full, true) {
            record!(domain: "queue", action: "produce", status: warning,
                queue, depth = self.metrics().depth, drops, "a producer meets a full queue");
        }
        let refused = match refused {
            PushError::Full(item) if !drops => self.push(item).await.err(),
            refused => Some(refused),
        };
        let Some(refused) = refused else { return true };
        self.count().metrics.dropped += 1;
        let is_open = matches!(refused, PushError::Full(_));
        if !is_open {
            record!(domain: "queue", action: "produce", status: cancelled,
                queue, "a producer drops an item, because the queue is closed");
        }
        is_open
    }

    /// The counts and delays.
    ///
    /// ```
    /// use service_toolkit::Queue;
    ///
    /// let queue = Queue::new("orders", 100);
    /// queue.try_push(7).unwrap();
    /// assert_eq!((queue.metrics().depth, queue.metrics().pushed), (1, 1));
    /// ```
    pub fn metrics(&self) -> QueueMetrics {
        self.count().metrics
    }

    /// Degraded if the queue is full, and otherwise healthy, so that a service can return it from its health check.
    ///
    /// ```
    /// use service_core::Health;
    /// use service_toolkit::Queue;
    ///
    /// assert_eq!(Queue::<u32>::new("orders", 100).health(), Health::Healthy);
    /// ```
    pub fn health(&self) -> Health {
        let (QueueMetrics { depth, last_delay, .. }, name) = (self.metrics(), &self.shared.name);
        if depth < self.shared.sender.max_capacity() {
            return Health::Healthy;
        }
        Health::degraded(format!("the queue {name} is full with {depth} items; the last was in it for {last_delay:?}"))
    }

    /// Drops what is left, so that nothing waits for it for ever, and returns an error if that is something.
    fn discard(&self) -> Result<(), String> {
        let mut left = Vec::new();
        // If a consumer still holds the lock, its thread is blocked, and the report names the task.
        if let Ok(mut receiver) = self.shared.receiver.try_lock() {
            receiver.close();
            left.extend(std::iter::from_fn(|| receiver.try_recv().ok()));
        }
        let interrupted = {
            let Counts { metrics, interrupted } = &mut *self.count();
            metrics.depth -= left.len();
            metrics.dropped += left.len() as u64;
            std::mem::take(interrupted)
        };
        if left.is_empty() && interrupted == 0 {
            return Ok(());
        }
        let (name, waited) = (&self.shared.name, left.len());
        Err(format!(
            "the queue {name} ended with {waited} items in it, and the processing of {interrupted} others was cancelled; \
             allow more time to drain, or use more consumers"
        ))
    }

    fn count(&self) -> MutexGuard<'_, Counts> {
        self.shared.count()
    }
}

impl<T> Shared<T> {
    fn count(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An item that is being processed. If it is dropped without an end, the processing was cancelled.
struct Processing<'a, T> {
    shared: &'a Shared<T>,
    has_ended: bool,
}

impl<'a, T> Processing<'a, T> {
    fn begin(shared: &'a Shared<T>) -> Self {
        shared.count().metrics.processing += 1;
        Self { shared, has_ended: false }
    }

    fn end<E: fmt::Display>(mut self, result: Result<Result<(), E>, String>) {
        self.has_ended = true;
        let queue = &*self.shared.name;
        match &result {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                record!(domain: "queue", action: "consume", status: error, queue, %error, "an item failed");
            }
            Err(panic) => record!(domain: "queue", action: "consume", status: error, queue, panic, "an item panicked"),
        }
        let metrics = &mut self.shared.count().metrics;
        *(if matches!(result, Ok(Ok(()))) { &mut metrics.processed } else { &mut metrics.failed }) += 1;
    }
}

impl<T> Drop for Processing<'_, T> {
    fn drop(&mut self) {
        let mut counts = self.shared.count();
        counts.metrics.processing -= 1;
        counts.interrupted += usize::from(!self.has_ended);
    }
}

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone(), ..*self }
    }
}

impl<T> fmt::Debug for Queue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shared { name, sender, .. } = &*self.shared;
        f.debug_struct("Queue")
            .field("name", name)
            .field("capacity", &sender.max_capacity())
            .field("metrics", &self.shared.count().metrics)
            .finish_non_exhaustive()
    }
}

/// A [`Queue`] has refused an item, which this error returns.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PushError<T> {
    /// The queue is full.
    Full(T),
    /// The queue is closed.
    Closed(T),
}

impl<T> PushError<T> {
    /// The item.
    ///
    /// ```
    /// use service_toolkit::queue::PushError;
    ///
    /// assert_eq!(PushError::Full(7).into_item(), 7);
    /// ```
    pub fn into_item(self) -> T {
        match self {
            Self::Full(item) | Self::Closed(item) => item,
        }
    }
}

impl<T> fmt::Display for PushError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "the queue is full; wait for room with `push`, or try again later",
            Self::Closed(_) => "the queue is closed, because its service stops",
        })
    }
}

/// Without the item, which may have no text.
impl<T> fmt::Debug for PushError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PushError({self})")
    }
}

impl<T> std::error::Error for PushError<T> {}
