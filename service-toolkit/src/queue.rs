//! [`Queue`]: a bounded queue between producers and consumers, which drains with the service that consumes it.
//!
//! A queue is closed by a token and not by the drop of its senders, because every handle can push and pop. A pop that sees the
//! token closes the channel, and then takes what is left in it.

mod push_error;
mod shared;

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use service_core::{CancellationToken, Context, Health, record};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::Instant;

pub use self::push_error::PushError;
pub use self::shared::QueueMetrics;
pub(crate) use self::shared::Words;
use self::shared::{Counts, Processing, Producer, Shared};
use crate::caught::{Shown, caught};
use crate::turn::Turn;
use crate::until_cancelled::until_cancelled;

/// A bounded queue between producers and consumers, with backpressure, metrics and an orderly end.
///
/// [`consume`](Self::consume) starts tasks of a service that process the items, and [`produce`](Self::produce) starts a task that
/// fetches them. Code can also [`push`](Self::push) and [`pop`](Self::pop) itself. A clone is another handle of the same queue.
///
/// When the service drains, its producers stop. When it stops, which is after its admitted calls have ended, the queue still takes
/// items from the other tasks of the service, until these have ended, and until the queues, worker pools and batchers that were started
/// after it have. Then it is closed: it refuses new items, and the consumers process what it holds. An item that fails meanwhile
/// is a failure in the shutdown report. So are items that are left when the drain budget ends; these are dropped after the `shutdown` of
/// the service, which can still [`pop`](Self::pop) them.
///
/// One service consumes a queue; any number may produce. The end of its consumer closes a queue for ever, also if that is a
/// restart, so make it in the `init` of the service that consumes it. A queue that no service consumes is closed when its last
/// producer ends in a shutdown of the registry; without a producer, [`close`](Self::close) it. A task that pops until the queue is closed
/// must not belong to a service that also [consumes](Self::consume) it, because each would wait for the other.
///
/// A future of [`push`](Self::push) or [`pop`](Self::pop) that was polled holds its place in the order: poll it again or drop it.
/// All other pops wait behind one that is kept.
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
        Self::with_words(name.into(), capacity, Words::QUEUE)
    }

    pub(crate) fn with_words(name: Cow<'static, str>, capacity: usize, words: Words) -> Self {
        let (sender, receiver) = mpsc::channel(capacity.clamp(1, Semaphore::MAX_PERMITS));
        let (closed, counts) = (CancellationToken::new(), Mutex::default());
        let shared = Shared { name, words, sender, receiver: receiver.into(), closed, counts };
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
        let mut counts = self.count();
        if self.shared.closed.is_cancelled() {
            return Err(PushError::Closed(item));
        }
        counts.metrics.pushed += 1;
        counts.metrics.depth += 1;
        drop(counts);
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
                // Only what was counted comes. A push that is kept without being polled may hold a place, and never use it.
                if self.count().metrics.depth == 0 {
                    return None;
                }
                receiver.recv().await
            }
        };
        let (pushed, item) = next?;
        let (delay, mut counts) = (pushed.elapsed(), self.count());
        if counts.is_discarded {
            return None;
        }
        let metrics = &mut counts.metrics;
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
    /// started. They are not if the queue is closed, for example by an earlier run of the service, or if the service stops already, and
    /// the queue is closed then.
    ///
    /// An item whose processing returns an error or panics is logged and counted, and the consumer continues with the next.
    ///
    /// ```
    /// # use service_core::Context;
    /// # use service_toolkit::Queue;
    /// # async fn save(order: u32) -> std::io::Result<()> { drop(order); Ok(()) }
    /// # fn example<S: 'static>(cx: &Context<S>, queue: &Queue<u32>) {
    /// queue.consume(cx, 4, save);
    /// # }
    /// ```
    pub fn consume<S, F, R, E>(&self, cx: &Context<S>, consumers: usize, process: F) -> bool
    where
        S: 'static,
        F: Fn(T) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), E>> + Send + 'static,
        E: fmt::Display + Send + 'static,
    {
        if self.shared.closed.is_cancelled() {
            return false;
        }
        self.count().is_consumed = true;
        let (name, process, reports) = (&self.shared.name, Arc::new(process), self.clone());
        cx.defer(async move { reports.discard() });
        let [close, consumer] = ["close", "consumer"].map(|task| Arc::<str>::from(format!("{name} {task}")));
        let turn = Turn::take(cx, [close.clone(), consumer.clone()]);
        let (queue, closes) = (self.clone(), turn.clone());
        let mut started = cx.spawn(close, async move {
            closes.comes().await;
            queue.close();
        });
        for _ in 0..consumers.max(1) {
            let (queue, process, turn) = (self.clone(), process.clone(), turn.clone());
            started &= cx.spawn(consumer.clone(), async move {
                // The turn is held until the end, so that what the consumer feeds stays open.
                let stopping = turn.stopping();
                while let Some(item) = queue.pop().await {
                    let processing = Processing::begin(&queue.shared);
                    let result = caught(async { process(item).await }).await;
                    processing.end(result, stopping.is_cancelled());
                }
            });
        }
        if !started {
            self.close();
        }
        started
    }

    /// Starts a task of the service that fetches items and pushes them, until the service drains or the queue is closed. Returns
    /// whether it was started; it is not if the queue is closed or the service stops already.
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
    /// # fn example<S: 'static>(cx: &Context<S>, queue: &Queue<String>) {
    /// queue.produce(cx, || receive());
    /// # }
    /// ```
    pub fn produce<S, F, R, E>(&self, cx: &Context<S>, mut fetch: F) -> bool
    where
        S: 'static,
        F: FnMut() -> R + Send + 'static,
        R: Future<Output = Result<Option<T>, E>> + Send + 'static,
        E: fmt::Display + Send + 'static,
    {
        if self.shared.closed.is_cancelled() {
            return false;
        }
        let (draining, it, producer) = (cx.draining(), self.clone(), Producer::begin(&self.shared, cx));
        cx.spawn(format!("{} producer", self.shared.name), async move {
            let (_producer, mut was_full) = (producer, false);
            while let Some(fetched) = draining.run_until_cancelled(caught(async { fetch().await })).await {
                let queue = &*it.shared.name;
                let pause = match fetched {
                    Ok(Ok(Some(item))) => match it.hand_over(item, &mut was_full).await {
                        true => {
                            // A producer that is always ready would not let another task run.
                            tokio::task::coop::consume_budget().await;
                            continue;
                        }
                        false => break,
                    },
                    Ok(Ok(None)) => it.idle,
                    Ok(Err(error)) => {
                        record!(domain: "queue", action: "produce", status: error,
                            queue, error = %Shown(&error), pause = ?it.error_pause, "a producer failed");
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

    /// Drops what is left, so that nothing waits for it for ever, and returns an error if that is something, or if items were lost before.
    fn discard(&self) -> Result<(), String> {
        self.close();
        // Dropped after the counts are released, because it is code of the user. If a pop that is kept holds the lock, the items are
        // dropped with the last handle.
        let mut items = Vec::new();
        if let Ok(mut receiver) = self.shared.receiver.try_lock() {
            receiver.close();
            items.extend(std::iter::from_fn(|| receiver.try_recv().ok()));
        }
        let (left, interrupted, failed) = {
            let Counts { metrics, interrupted, failed_late, is_discarded, .. } = &mut *self.count();
            let left = std::mem::take(&mut metrics.depth);
            metrics.dropped += left as u64;
            *is_discarded = true;
            (left, std::mem::take(interrupted), std::mem::take(failed_late))
        };
        let (Shared { name, words, .. }, mut lost) = (&*self.shared, Vec::new());
        if left > 0 || interrupted > 0 {
            let (left, others) = (words.count(left), if interrupted == 1 { "other" } else { "others" });
            lost.push(format!(
                "the {} {name} ended with {left} in it, and the processing of {interrupted} {others} was cancelled; \
                 allow more time to drain, or use more {}",
                words.queue, words.consumers
            ));
        }
        if failed > 0 {
            let failed = words.count(failed);
            lost.push(format!(
                "{failed} of the {} {name} failed while its service stopped; the errors are in the log",
                words.queue
            ));
        }
        if lost.is_empty() { Ok(()) } else { Err(lost.join("; ")) }
    }

    fn count(&self) -> MutexGuard<'_, Counts> {
        self.shared.count()
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
