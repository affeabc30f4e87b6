//! Patterns with tasks and queues.

use std::convert::Infallible;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use futures_util::{FutureExt, StreamExt, stream};
use service_core::Result;
use service_toolkit::batcher::BatchConfig;
use service_toolkit::{Batcher, EventBus, Outcome, Queue, WorkerPool};
use tokio::sync::{Mutex, Semaphore, mpsc, oneshot};
use tokio::task::{JoinSet, yield_now};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::case::Way;
use crate::fixture::with_owner;

async fn work(number: u64) -> u64 {
    yield_now().await;
    number
}

const FUTURES: u64 = 100;
const LIMIT: usize = 10;

pub(crate) async fn gather(way: Way, operations: u64) {
    for _ in 0..operations / FUTURES {
        let outputs: Vec<u64> = match way {
            Way::Toolkit => service_toolkit::gather((0..FUTURES as usize).map(|n| work(n as u64))).limit(LIMIT).await,
            Way::Crate => stream::iter((0..FUTURES).map(work)).buffered(LIMIT).collect().await,
            Way::ByHand => {
                let (limit, mut tasks) = (Arc::new(Semaphore::new(LIMIT)), JoinSet::new());
                for number in 0..FUTURES {
                    let limit = limit.clone();
                    tasks.spawn(async move {
                        let _permit = limit.acquire_owned().await.ok();
                        (number, work(number).await)
                    });
                }
                let mut outputs = tasks.join_all().await;
                outputs.sort_unstable_by_key(|(number, _)| *number);
                outputs.into_iter().map(|(_, output)| output).collect()
            }
        };
        assert_eq!(outputs.last(), Some(&(FUTURES - 1)));
    }
}

pub(crate) async fn queue(way: Way, operations: u64) -> Result<()> {
    if way == Way::Toolkit {
        return with_owner(async |cx| {
            let queue = Queue::new("bench", 100);
            queue.consume(&cx, 1, async |number| {
                work(number).await;
                Ok::<_, Infallible>(())
            });
            for number in 0..operations {
                queue.push(number).await?;
            }
            Ok(())
        })
        .await;
    }
    let (sender, receiver) = mpsc::channel(100);
    let (stop, counts) = (CancellationToken::new(), Arc::new(std::sync::Mutex::new(Counts::default())));
    let consumer = tokio::spawn({
        let (receiver, stop, counts) = (Mutex::new(receiver), stop.clone(), counts.clone());
        async move {
            while let Some((number, pushed)) = next(&receiver, &stop).await {
                counts.lock().unwrap_or_else(PoisonError::into_inner).taken(Instant::elapsed(&pushed));
                let result = AssertUnwindSafe(work(number)).catch_unwind().await;
                counts.lock().unwrap_or_else(PoisonError::into_inner).processed(result.is_ok());
            }
        }
    });
    for number in 0..operations {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            sent = sender.send((number, Instant::now())) => sent?,
        }
        counts.lock().unwrap_or_else(PoisonError::into_inner).depth += 1;
    }
    stop.cancel();
    consumer.await?;
    assert_eq!(counts.lock().unwrap_or_else(PoisonError::into_inner).processed, operations);
    Ok(())
}

/// The metrics of a queue by hand.
#[derive(Default)]
struct Counts {
    depth: i64,
    processed: u64,
    failed: u64,
    longest: Duration,
}

impl Counts {
    fn taken(&mut self, delay: Duration) {
        self.depth -= 1;
        self.longest = self.longest.max(delay);
    }

    fn processed(&mut self, is_ok: bool) {
        self.processed += u64::from(is_ok);
        self.failed += u64::from(!is_ok);
    }
}

/// The next item for one of several consumers. After the stop, those that are left.
async fn next<T>(receiver: &Mutex<mpsc::Receiver<T>>, stop: &CancellationToken) -> Option<T> {
    let mut receiver = receiver.lock().await;
    tokio::select! {
        biased;
        () = stop.cancelled() => {
            receiver.close();
            receiver.recv().await
        }
        next = receiver.recv() => next,
    }
}

const WORKERS: usize = 4;
const SUBMITTED: u64 = 50;

pub(crate) async fn worker_pool(way: Way, operations: u64) -> Result<()> {
    if way == Way::Toolkit {
        return with_owner(async |cx| {
            let pool = WorkerPool::start(&cx, "bench", WORKERS, 100);
            for _ in 0..operations / SUBMITTED {
                let mut submitted = Vec::new();
                for number in 0..SUBMITTED {
                    submitted.push(pool.submit(async move { Ok::<_, Infallible>(work(number).await) }).await?);
                }
                for work in submitted {
                    assert!(matches!(work.await, Outcome::Success(_)));
                }
            }
            Ok(())
        })
        .await;
    }
    let (sender, receiver) = mpsc::channel::<(Pin<Box<dyn Future<Output = ()> + Send>>, Instant)>(100);
    let (receiver, stop) = (Arc::new(Mutex::new(receiver)), CancellationToken::new());
    let counts = Arc::new(std::sync::Mutex::new(Counts::default()));
    for _ in 0..WORKERS {
        let (receiver, stop, counts) = (receiver.clone(), stop.clone(), counts.clone());
        tokio::spawn(async move {
            while let Some((work, submitted)) = next(&receiver, &stop).await {
                counts.lock().unwrap_or_else(PoisonError::into_inner).taken(submitted.elapsed());
                let result = AssertUnwindSafe(work).catch_unwind().await;
                counts.lock().unwrap_or_else(PoisonError::into_inner).processed(result.is_ok());
            }
        });
    }
    for _ in 0..operations / SUBMITTED {
        let mut submitted = Vec::new();
        for number in 0..SUBMITTED {
            let (result, output) = oneshot::channel();
            let work = Box::pin(async move {
                let _unread = result.send(work(number).await);
            });
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                sent = sender.send((work, Instant::now())) => assert!(sent.is_ok()),
            }
            counts.lock().unwrap_or_else(PoisonError::into_inner).depth += 1;
            submitted.push(output);
        }
        for output in submitted {
            output.await?;
        }
    }
    Ok(())
}

struct Event(u64);

pub(crate) async fn event_bus(way: Way, operations: u64) -> Result<()> {
    let handled = Arc::new(AtomicU64::new(0));
    if way == Way::Toolkit {
        let count = handled.clone();
        with_owner(async |cx| {
            let bus = EventBus::new(&cx);
            for listener in ["one", "two"] {
                let count = count.clone();
                bus.subscribe(&cx, listener, move |event: Arc<Event>| {
                    count.fetch_add(event.0, Ordering::Relaxed);
                    async {}
                });
            }
            for _ in 0..operations {
                bus.emit(Event(1)).await;
            }
            Ok(())
        })
        .await?;
    } else {
        let (mut listeners, mut tasks, stop) = (Vec::new(), JoinSet::new(), CancellationToken::new());
        for _ in 0..2 {
            let (sender, mut events) = mpsc::channel::<Arc<Event>>(100);
            let (count, stop) = (handled.clone(), stop.clone());
            listeners.push(sender);
            tasks.spawn(async move {
                let mut stopped = pin!(stop.cancelled());
                loop {
                    let event = tokio::select! {
                        biased;
                        () = &mut stopped, if !events.is_closed() => {
                            events.close();
                            continue;
                        }
                        event = events.recv() => event,
                    };
                    let Some(event) = event else { break };
                    let handled = AssertUnwindSafe(async { count.fetch_add(event.0, Ordering::Relaxed) });
                    let _panic = handled.catch_unwind().await;
                }
            });
        }
        // Listeners come and go while events are sent.
        let listeners = std::sync::Mutex::new(listeners);
        for _ in 0..operations {
            let event = Arc::new(Event(1));
            let now = listeners.lock().unwrap_or_else(PoisonError::into_inner).clone();
            for listener in &now {
                listener.send(event.clone()).await?;
            }
        }
        stop.cancel();
        tasks.join_all().await;
    }
    assert_eq!(handled.load(Ordering::Relaxed), 2 * operations);
    Ok(())
}

const BATCH: usize = 100;

async fn double(items: Vec<u64>) -> Result<Vec<u64>> {
    yield_now().await;
    Ok(items.into_iter().map(|item| item * 2).collect())
}

pub(crate) async fn batcher(way: Way, operations: u64) -> Result<()> {
    if way == Way::Toolkit {
        return with_owner(async |cx| {
            let batcher = Batcher::new(&cx, "bench", BatchConfig::new(BATCH, Duration::from_secs(60)), double);
            for _ in 0..operations / BATCH as u64 {
                let mut added = Vec::new();
                for item in 0..BATCH as u64 {
                    added.push(batcher.add(item).await?);
                }
                for item in added {
                    item.await?;
                }
            }
            Ok(())
        })
        .await;
    }
    let (sender, mut receiver) = mpsc::channel::<(u64, oneshot::Sender<u64>)>(BATCH);
    let batches = tokio::spawn(async move {
        while let Some((first, result)) = receiver.recv().await {
            let (mut items, mut results) = (vec![first], vec![result]);
            let deadline = Instant::now() + Duration::from_secs(60);
            while items.len() < BATCH {
                let Ok(Some((item, result))) = tokio::time::timeout_at(deadline, receiver.recv()).await else { break };
                items.push(item);
                results.push(result);
            }
            let Ok(Ok(outputs)) = AssertUnwindSafe(double(items)).catch_unwind().await else { continue };
            for (result, output) in results.into_iter().zip(outputs) {
                let _unread = result.send(output);
            }
        }
    });
    for _ in 0..operations / BATCH as u64 {
        let mut added = Vec::new();
        for item in 0..BATCH as u64 {
            let (result, output) = oneshot::channel();
            sender.send((item, result)).await?;
            added.push(output);
        }
        for output in added {
            output.await?;
        }
    }
    drop(sender);
    batches.await?;
    Ok(())
}
