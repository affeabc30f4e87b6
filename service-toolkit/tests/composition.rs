//! Several patterns in one service: what one hands to another at a shutdown.
#![cfg(feature = "full")]
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

mod host;

use std::convert::Infallible;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use service_toolkit::batcher::{BatchConfig, BatchError, Batcher};
use service_toolkit::{EventBus, Outcome, Queue, WorkerPool};
use tokio::time::{Instant, sleep, timeout};

const SECOND: Duration = Duration::from_secs(1);

fn config() -> BatchConfig {
    BatchConfig::new(10, Duration::from_millis(5))
}

async fn echo(items: Vec<u32>) -> Result<Vec<u32>, Infallible> {
    Ok(items)
}

#[tokio::test(start_paused = true)]
async fn the_items_of_a_queue_reach_the_batcher_of_the_same_service() {
    let (registry, cx, _) = host::boot().await;
    let rows = Batcher::new(&cx, "rows", config(), echo);
    let queue = Queue::new("orders", 100);
    queue.consume(&cx, 4, move |item: u32| {
        let rows = rows.clone();
        async move { rows.run(item).await.map(drop) }
    });
    for item in 0..25 {
        queue.push(item).await.unwrap();
    }
    registry.shutdown().await.unwrap();
    assert_eq!((queue.metrics().processed, queue.metrics().failed), (25, 0));
}

#[tokio::test(start_paused = true)]
async fn the_events_of_a_listener_reach_the_batcher_and_the_pool_of_the_same_service() {
    let (registry, owner, user) = host::boot().await;
    let bus = EventBus::new(&owner);
    let pool = WorkerPool::start(&user, "work", 1, 1);
    let rows = Batcher::new(&user, "rows", config(), echo);
    bus.subscribe(&user, "listener", move |item: Arc<u32>| {
        let (rows, pool) = (rows.clone(), pool.clone());
        async move {
            rows.run(*item).await.map_err(|error| error.to_string())?;
            match pool.submit(async { Ok::<_, Infallible>(()) }).await.map_err(|error| error.to_string())?.await {
                Outcome::Success(()) => Ok(()),
                other => Err(format!("{other:?}")),
            }
        }
    });
    for item in 0..25_u32 {
        bus.emit_nowait(item);
    }
    registry.shutdown().await.unwrap();
    assert_eq!((bus.stats().handled, bus.stats().failed), (25, 0));
}

#[tokio::test(start_paused = true)]
async fn a_chain_of_patterns_closes_in_the_reverse_order_of_its_start() {
    let (registry, cx, _) = host::boot().await;
    let rows = Batcher::new(&cx, "rows", config(), echo);
    let pool = WorkerPool::start(&cx, "work", 2, 1);
    let (ids, to_rows) = (Queue::new("ids", 100), rows.clone());
    ids.consume(&cx, 1, move |item: u32| {
        let (pool, rows) = (pool.clone(), to_rows.clone());
        async move {
            sleep(Duration::from_millis(1)).await;
            let submitted =
                pool.submit(async move { rows.run(item).await }).await.map_err(|error| error.to_string())?;
            if matches!(submitted.await, Outcome::Success(same) if same == item) {
                Ok(())
            } else {
                Err("lost".to_owned())
            }
        }
    });
    let to_ids = ids.clone();
    let first = Batcher::new(&cx, "first", config(), move |items: Vec<u32>| {
        let ids = to_ids.clone();
        async move {
            for item in &items {
                ids.push(*item).await.map_err(|error| error.to_string())?;
            }
            Ok::<_, String>(items)
        }
    });
    for item in 0..25 {
        drop(first.add(item).await.unwrap());
    }
    registry.shutdown().await.unwrap();
    assert_eq!((ids.metrics().processed, first.pending(), rows.pending()), (25, 0, 0));
    assert!(matches!(rows.run(1).await, Err(BatchError::Closed)));
}

#[tokio::test(start_paused = true)]
async fn a_pattern_that_is_stopped_by_name_closes_at_once_and_stops_no_other_task() {
    let (registry, cx, _) = host::boot().await;
    let rows = Batcher::new(&cx, "rows", config(), echo);
    let forever = cx.clone();
    cx.spawn("other", async move { while forever.sleep(SECOND).await {} });
    assert_eq!(cx.tasks().stop("rows", SECOND).await, 0);
    assert!(matches!(rows.run(1).await, Err(BatchError::Closed)));
    assert_eq!(cx.tasks().names(), ["other"]);
    registry.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_task_that_does_not_end_holds_the_patterns_no_longer_than_the_drain_budget() {
    let (registry, cx, _) = host::boot().await;
    let rows = Batcher::new(&cx, "rows", config(), echo);
    cx.spawn("endless", std::future::pending::<()>());
    let began = Instant::now();
    let error = timeout(60 * SECOND, registry.shutdown()).await.unwrap().unwrap_err().to_string();
    assert!(error.contains("endless"), "{error}");
    assert!(began.elapsed() < 4 * SECOND, "{:?}", began.elapsed());
    assert!(matches!(rows.run(1).await, Err(BatchError::Closed)));
}

#[tokio::test(start_paused = true)]
async fn an_item_that_fails_while_its_queue_is_drained_is_in_the_report() {
    let (registry, cx, _) = host::boot().await;
    let late = Arc::new(OnceLock::<Batcher<u32, u32>>::new());
    let (queue, rows) = (Queue::new("orders", 100), late.clone());
    queue.consume(&cx, 1, move |item: u32| {
        let rows = rows.clone();
        async move { rows.get().unwrap().run(item).await.map(drop) }
    });
    // In the wrong order: what feeds is started before what it feeds.
    assert!(late.set(Batcher::new(&cx, "rows", config(), echo)).is_ok());
    for item in 0..25 {
        queue.push(item).await.unwrap();
    }
    let error = registry.shutdown().await.unwrap_err().to_string();
    assert!(error.contains("of the queue orders failed while its service stopped"), "{error}");
}
