//! [`Batcher`]: collects items and works on them in groups.

use std::error::Error;
use std::fmt;
use std::future::{Future, pending};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use service_core::{CancellationToken, Context, record};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::Instant;

use crate::caught::{Shown, caught, caught_now};
use crate::turn::Turn;
use crate::until_cancelled::until_cancelled;

/// When a [`Batcher`] works on the items that it has, and how many may wait.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct BatchConfig {
    size: usize,
    interval: Duration,
    capacity: usize,
}

impl BatchConfig {
    /// A batch begins when there are `size` items, or `interval` after the first of them was added, whichever is first. A size of zero is
    /// taken as one. With an interval of zero a batch takes the items that are queued at that moment; [`Duration::MAX`] means that
    /// only the size, a [`flush`](Batcher::flush) and the end of the service begin a batch.
    pub fn new(size: usize, interval: Duration) -> Self {
        let size = size.max(1);
        Self { size, interval, capacity: size }
    }

    /// How many items may wait in the queue besides the batch that is collected or worked on. The default is the size of a batch.
    /// Zero is taken as one.
    pub fn capacity(self, items: usize) -> Self {
        Self { capacity: items, ..self }
    }
}

/// Collects items of many callers and works on them in groups, as Java's `BulkProcessor` and JavaScript's `DataLoader` do. Cheap to
/// clone.
///
/// Each item has its own result. One batch runs at a time, in a task of the service that made the batcher; items that are added
/// meanwhile wait in a bounded queue, and [`add`](Self::add) waits when it is full.
///
/// When the service stops, batches begin without waiting for the size or the interval. The batcher still takes items from the other
/// tasks of the service, until these have ended, and until the queues, worker pools and batchers that were started after it have. Then it
/// takes no new items and works on those that it has. All this is within the drain budget. If the budget ends first, the registry
/// names the task in its report, each caller that waits gets [`BatchError::Lost`], and a warning says how many items were lost. If
/// a batch fails while the service stops, and nobody waits for its items, this is a failure in the shutdown report.
///
/// A future of [`add`](Self::add) that was polled holds its place in the order: poll it again or drop it.
///
/// The handler must not wait for an item of its own batcher, because it would wait for itself.
///
/// ```
/// use std::time::Duration;
/// use service_core::{Context, Lifecycle, Registry, Result, service};
/// use service_toolkit::batcher::{BatchConfig, Batcher};
///
/// #[service]
/// struct Users {
///     names: Batcher<u32, String>,
/// }
///
/// /// One query for many users.
/// async fn select(ids: Vec<u32>) -> Result<Vec<String>> {
///     Ok(ids.iter().map(|id| format!("user {id}")).collect())
/// }
///
/// impl Lifecycle for Users {
///     async fn init(cx: &Context<Self>) -> Result<Self> {
///         let config = BatchConfig::new(100, Duration::from_millis(5));
///         Ok(Self { names: Batcher::new(cx, "names", config, select) })
///     }
/// }
///
/// #[tokio::main]
/// async fn main() -> Result<()> {
///     let registry = Registry::boot().await?;
///     let users = registry.get::<Users>()?;
///     let (ada, bob) = tokio::try_join!(users.names.run(1), users.names.run(2))?; // one query
///     assert_eq!((ada.as_str(), bob.as_str()), ("user 1", "user 2"));
///     registry.shutdown().await?;
///     Ok(())
/// }
/// ```
pub struct Batcher<T, R> {
    messages: mpsc::Sender<Message<T, R>>,
    pending: Arc<AtomicUsize>,
}

impl<T, R> Batcher<T, R>
where
    T: Send + 'static,
    R: Send + 'static,
{
    /// Makes a batcher whose task belongs to the service of this context and has this name.
    ///
    /// The handler gets the items in the order in which they were added, and returns as many results in the same order. Use a `Result` for
    /// `R` if single items can fail. If the handler returns an error or panics, this is the result of each item of that batch, and the
    /// batcher goes on.
    pub fn new<S, F, B, E>(cx: &Context<S>, name: impl Into<Arc<str>>, config: BatchConfig, handler: F) -> Self
    where
        S: 'static,
        F: Fn(Vec<T>) -> B + Send + Sync + 'static,
        B: Future<Output = Result<Vec<R>, E>> + Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>> + Send + 'static,
    {
        let name = name.into();
        let (messages, queue) = mpsc::channel(config.capacity.clamp(1, Semaphore::MAX_PERMITS));
        let pending = Arc::new(AtomicUsize::new(0));
        let (lost, pending_items) = (Arc::new(AtomicUsize::new(0)), pending.clone());
        let (items, hurries) = (Vec::new(), false);
        let worker = Worker {
            queue,
            items,
            handler,
            config,
            name: name.clone(),
            pending: pending_items,
            hurries,
            lost: lost.clone(),
        };
        let (mut worker, batcher) = (Unfinished(worker), name.clone());
        cx.defer(async move {
            match lost.load(Ordering::Relaxed) {
                0 => Ok(()),
                lost => {
                    let s = if lost == 1 { "" } else { "s" };
                    Err(format!(
                        "the batcher {batcher} lost {lost} item{s}, because their batches failed while it closed"
                    ))
                }
            }
        });
        let turn = Turn::take(cx, [name.clone()]);
        cx.spawn(name, async move {
            let (stopping, closing) = (turn.stopping(), CancellationToken::new());
            let close = async {
                turn.comes().await;
                closing.cancel();
                std::future::pending::<()>().await;
            };
            tokio::select! {
                biased;
                () = worker.0.work(&stopping, &closing) => {}
                () = close => {}
            }
        });
        Self { messages, pending }
    }

    /// Adds an item, and waits for a place if the queue is full. The returned future is the result of the item; if it is dropped,
    /// the item is worked on nevertheless.
    ///
    /// If the future of `add` itself is dropped before it is ready, the item is not added. Other items are not affected.
    ///
    /// # Errors
    ///
    /// [`BatchError::Closed`] if the service is stopping.
    pub async fn add(&self, item: T) -> Result<BatchItem<R>, BatchError> {
        let place = self.messages.reserve().await.map_err(|_| BatchError::Closed)?;
        let (sender, result) = oneshot::channel();
        self.pending.fetch_add(1, Ordering::Relaxed);
        place.send(Message::Item(Item { item, added: Instant::now(), result: sender }));
        Ok(BatchItem { result })
    }

    /// Adds an item and waits for its result.
    ///
    /// # Errors
    ///
    /// Those of [`add`](Self::add), and those of the batch of the item.
    pub async fn run(&self, item: T) -> Result<R, BatchError> {
        self.add(item).await?.await
    }

    /// Works on the items that were added before, without waiting for the size or the interval, and returns when their batches have ended. If
    /// this future is dropped, the items stay in the batcher.
    ///
    /// # Errors
    ///
    /// [`BatchError::Closed`] if the service is stopping; then the batcher works on its items anyway. [`BatchError::Lost`] if the
    /// task of the batcher was aborted. The failure of a batch is no error here.
    pub async fn flush(&self) -> Result<(), BatchError> {
        let (sender, flushed) = oneshot::channel();
        self.messages.send(Message::Flush(sender)).await.map_err(|_| BatchError::Closed)?;
        flushed.await.map_err(|_| BatchError::Lost)
    }

    /// The number of items whose batch has not ended.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.pending.load(Ordering::Relaxed)
    }
}

impl<T, R> Clone for Batcher<T, R> {
    fn clone(&self) -> Self {
        Self { messages: self.messages.clone(), pending: self.pending.clone() }
    }
}

impl<T, R> fmt::Debug for Batcher<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batcher").field("pending", &self.pending).finish_non_exhaustive()
    }
}

/// The result of an item of a [`Batcher`], when its batch has ended.
#[must_use = "the item is worked on anyway; await this for its result, or drop it if nobody needs the result"]
pub struct BatchItem<R> {
    result: oneshot::Receiver<Result<R, BatchError>>,
}

impl<R> Future for BatchItem<R> {
    type Output = Result<R, BatchError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.result).poll(cx).map(|sent| sent.unwrap_or(Err(BatchError::Lost)))
    }
}

impl<R> fmt::Debug for BatchItem<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchItem").finish_non_exhaustive()
    }
}

/// Why an item has no result.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum BatchError {
    /// The service stops or has stopped, so the item was not added.
    Closed,
    /// The handler returned this error for the whole batch.
    Failed(Arc<dyn Error + Send + Sync>),
    /// The handler panicked with this message.
    Panicked(String),
    /// The handler returned a wrong number of results, so it is not known which belongs to which item.
    WrongCount {
        /// The number of items in the batch.
        items: usize,
        /// The number of results that the handler returned.
        results: usize,
    },
    /// The task of the batcher was aborted before the batch of the item had ended. The handler may have worked on the item.
    Lost,
}

impl fmt::Display for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the batcher takes no more items, because its service stops"),
            Self::Failed(error) => write!(f, "the batch failed: {error}"),
            Self::Panicked(message) => write!(f, "the handler of the batch panicked: {message}"),
            Self::WrongCount { items, results } => {
                write!(
                    f,
                    "the handler returned {results} results for {items} items; return one for each item, in order"
                )
            }
            Self::Lost => f.write_str(
                "the batcher was aborted before the batch of the item had ended; check whether it took effect",
            ),
        }
    }
}

impl Error for BatchError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Failed(error) => Some(&**error),
            _ => None,
        }
    }
}

enum Message<T, R> {
    Item(Item<T, R>),
    Flush(oneshot::Sender<()>),
}

struct Item<T, R> {
    item: T,
    added: Instant,
    result: oneshot::Sender<Result<R, BatchError>>,
}

/// The task of a batcher.
struct Worker<T, R, F> {
    queue: mpsc::Receiver<Message<T, R>>,
    /// The batch that is collected.
    items: Vec<Item<T, R>>,
    handler: F,
    config: BatchConfig,
    name: Arc<str>,
    pending: Arc<AtomicUsize>,
    /// The service stops, so that a batch begins at once.
    hurries: bool,
    /// Items whose batch failed while the service stopped, and whose callers did not wait.
    lost: Arc<AtomicUsize>,
}

impl<T, R, F, B, E> Worker<T, R, F>
where
    F: Fn(Vec<T>) -> B,
    B: Future<Output = Result<Vec<R>, E>>,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    async fn work(&mut self, stopping: &CancellationToken, closing: &CancellationToken) {
        let (mut stops, mut closes) = (pin!(stopping.cancelled()), pin!(closing.cancelled()));
        let mut closed = false;
        loop {
            let interval = if self.hurries { Duration::ZERO } else { self.config.interval };
            let due = self.items.first().and_then(|first| first.added.checked_add(interval));
            tokio::select! {
                biased;
                () = &mut stops, if !self.hurries => self.hurries = true,
                () = &mut closes, if !closed => {
                    self.queue.close();
                    closed = true;
                }
                message = self.queue.recv() => match message {
                    Some(Message::Item(item)) => {
                        self.items.push(item);
                        if self.items.len() >= self.config.size {
                            self.batch(closing).await;
                        }
                    }
                    Some(Message::Flush(flushed)) => {
                        self.batch(closing).await;
                        let _ = flushed.send(()); // the caller may have stopped waiting
                    }
                    None => break,
                },
                () = until(due) => self.batch(closing).await,
            }
        }
        self.batch(closing).await;
    }

    async fn batch(&mut self, closing: &CancellationToken) {
        if self.items.is_empty() {
            return;
        }
        let (items, senders): (Vec<_>, Vec<_>) =
            self.items.drain(..).map(|Item { item, result, .. }| (item, result)).unzip();
        let count = items.len();
        let mut run = pin!(caught(async { (self.handler)(items).await }));
        let result = match until_cancelled(closing, &mut run).await {
            Some(result) => result,
            None => {
                // At once, so that nobody waits for a place behind a batch that takes long.
                self.queue.close();
                run.await
            }
        };
        let result = match result {
            Ok(Ok(results)) if results.len() == count => Ok(results),
            Ok(Ok(results)) => Err(BatchError::WrongCount { items: count, results: results.len() }),
            Ok(Err(error)) => Err(BatchError::Failed(error.into().into())),
            Err(message) => Err(BatchError::Panicked(message)),
        };
        self.pending.fetch_sub(count, Ordering::Relaxed);
        match result {
            Ok(results) => {
                for (sender, result) in senders.into_iter().zip(results) {
                    // A result that no caller needs is dropped here, which is code of the user.
                    if let Err(panic) = caught_now(|| drop(sender.send(Ok(result)))) {
                        record!(level: WARN, domain: "batcher", action: "run", status: error,
                            batcher = &*self.name, panic, "the drop of a result panicked, and nobody waits for the result");
                    }
                }
            }
            Err(error) => {
                let unseen = senders.into_iter().filter_map(|sender| sender.send(Err(error.clone())).err()).count();
                if unseen > 0 {
                    if self.hurries {
                        self.lost.fetch_add(unseen, Ordering::Relaxed);
                    }
                    record!(level: WARN, domain: "batcher", action: "run", status: error,
                        batcher = &*self.name, items = count, unseen, error = %Shown(&error), "batch failed, and nobody waits for these items");
                }
            }
        }
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => pending().await,
    }
}

/// A worker that reports the items that it has when it is dropped.
struct Unfinished<T, R, F>(Worker<T, R, F>);

impl<T, R, F> Drop for Unfinished<T, R, F> {
    fn drop(&mut self) {
        let Worker { name, pending, .. } = &self.0;
        let lost = pending.swap(0, Ordering::Relaxed);
        if lost > 0 {
            record!(domain: "batcher", action: "run", status: cancelled,
                batcher = &**name, lost, "items lost: the batcher was aborted before their batch had ended");
        }
    }
}
