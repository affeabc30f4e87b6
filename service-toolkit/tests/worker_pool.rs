//! The worker pool: limits, backpressure, results, and the end of its service.
#![cfg(feature = "worker_pool")]

mod harness;

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use harness::{Events, ms, poll_once, settle};
use service_core::{Definition, Registry, Result};
use service_toolkit::worker_pool::SubmitError;
use service_toolkit::{Outcome, Split, WorkerPool, gather};
use tokio::time::{Instant, sleep, timeout};

async fn pool(workers: usize, queue: usize) -> Result<(Registry, Arc<WorkerPool>)> {
    let pool = Definition::new("pool").drain_timeout(ms(1000));
    let pool = pool.init(move |cx| async move { Ok(WorkerPool::start(&cx, "resize", workers, queue)) });
    let registry = Registry::builder().isolated().define(pool).only_named("pool").boot().await?;
    let pool = registry.get_named::<WorkerPool>("pool")?;
    Ok((registry, pool))
}

async fn takes(time: u64) -> Result<u64, String> {
    sleep(ms(time)).await;
    Ok(time)
}

#[tokio::test(start_paused = true)]
async fn results_are_collected_in_the_order_of_submission() -> Result<()> {
    let (registry, pool) = pool(2, 9).await?;
    let mut submitted = Vec::new();
    for number in 0..5 {
        let work = async move {
            sleep(ms(50 - number * 10)).await;
            match number {
                1 => Err("no"),
                3 => panic!("seeded"),
                _ => Ok(number),
            }
        };
        submitted.push(pool.submit(work).await?);
    }
    let split: Split<_, _> = gather(submitted).await.into_iter().collect();
    assert_eq!((split.successes.as_slice(), split.errors.as_slice()), ([0, 2, 4].as_slice(), ["no"].as_slice()));
    assert_eq!((split.panics.as_slice(), split.cancelled), (["seeded".to_owned()].as_slice(), 0));
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn no_more_work_runs_or_waits_than_allowed() -> Result<()> {
    let (registry, pool) = pool(3, 4).await?;
    let (running, peak, began) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)), Instant::now());
    let mut submitted = Vec::new();
    for _ in 0..12 {
        let (running, peak) = (running.clone(), peak.clone());
        let work = async move {
            peak.fetch_max(running.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
            sleep(ms(10)).await;
            running.fetch_sub(1, Ordering::Relaxed);
            Ok::<_, String>(())
        };
        submitted.push(pool.submit(work).await?);
        assert!(pool.metrics().depth <= 4);
    }
    gather(submitted).await;
    assert_eq!((peak.load(Ordering::Relaxed), began.elapsed()), (3, ms(40)));
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn submit_waits_for_room_and_try_submit_does_not() -> Result<()> {
    let (registry, pool) = pool(1, 1).await?;
    let began = Instant::now();
    let first = pool.submit(takes(10)).await?;
    settle().await;
    let second = pool.try_submit(takes(10))?;
    assert_eq!(pool.try_submit(takes(1)).unwrap_err(), SubmitError::Full);
    assert_eq!(began.elapsed(), ms(0));
    let third = pool.submit(takes(10)).await?;
    assert_eq!(began.elapsed(), ms(10), "the first has ended, and the second has left the queue");
    assert_eq!(gather([first, second, third]).await, [10, 10, 10].map(Outcome::Success));
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_dropped_submit_runs_nothing() -> Result<()> {
    let (registry, pool) = pool(1, 1).await?;
    let ran = Arc::new(AtomicUsize::new(0));
    let work = || {
        let ran = ran.clone();
        async move {
            ran.fetch_add(1, Ordering::Relaxed);
            takes(10).await
        }
    };
    let first = pool.submit(work()).await?;
    settle().await;
    let second = pool.submit(work()).await?;
    assert!(timeout(ms(5), pool.submit(work())).await.is_err());
    assert_eq!(gather([first, second]).await, [10, 10].map(Outcome::Success));
    registry.shutdown().await?;
    assert_eq!(ran.load(Ordering::Relaxed), 2);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_finishes_what_there_is_and_takes_nothing_new() -> Result<()> {
    let (registry, pool) = pool(1, 9).await?;
    let mut submitted = Vec::new();
    for _ in 0..4 {
        submitted.push(pool.submit(takes(100)).await?);
    }
    let ends = registry.clone();
    let shutdown = tokio::spawn(async move { ends.shutdown().await.is_ok() });
    settle().await;
    assert_eq!(pool.submit(takes(1)).await.unwrap_err(), SubmitError::Closed);
    assert_eq!(gather(submitted).await, [100; 4].map(Outcome::Success));
    assert!(shutdown.await?, "nothing was left");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn work_that_is_left_is_cancelled_and_reported() -> Result<()> {
    let (registry, pool) = pool(2, 9).await?;
    let mut submitted = Vec::new();
    for _ in 0..5 {
        submitted.push(pool.submit(pending::<Result<(), String>>()).await?);
    }
    settle().await;
    let report = registry.shutdown().await.unwrap_err().to_string();
    let text = "the worker pool resize ended with 3 pieces of work in it, and the processing of 2 others was cancelled";
    assert!(report.contains(text), "{report}");
    // The handle of the pool keeps none of them.
    let outcomes = timeout(ms(1000), async { gather(submitted).await }).await?;
    assert_eq!(outcomes, [const { Outcome::Cancelled }; 5]);
    assert_eq!(pool.metrics().depth, 0);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_failure_without_a_handle_is_a_warning() -> Result<()> {
    let events = Events::record();
    let (registry, pool) = pool(1, 9).await?;
    drop(pool.submit(async { Err::<(), _>("no") }).await?);
    drop(pool.submit(async { panic!("seeded") as Result<(), &str> }).await?);
    drop(pool.submit(takes(1)).await?);
    registry.shutdown().await?;
    let lines = [
        "WARN work failed, and its handle was dropped domain=\"worker_pool\" action=\"work\" status=\"error\" error=no",
    ];
    assert_eq!(events.with("work failed"), lines);
    assert_eq!(events.with("work panicked").len(), 1);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn work_runs_in_the_scope_of_the_registry() -> Result<()> {
    let (registry, pool) = pool(1, 1).await?;
    let work = pool.submit(async { Registry::current().map(|_| ()).ok_or("no registry") }).await?;
    assert_eq!(work.await, Outcome::Success(()));
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn zero_workers_and_places_are_one() -> Result<()> {
    let (registry, pool) = pool(0, 0).await?;
    let (first, second) = (pool.submit(takes(1)).await?, pool.submit(takes(2)).await?);
    assert_eq!((first.await, second.await), (Outcome::Success(1), Outcome::Success(2)));
    let mut waits = Box::pin(pool.submit(takes(1)).await?);
    assert!(poll_once(waits.as_mut()).is_pending());
    registry.shutdown().await?;
    assert_eq!(waits.await, Outcome::Success(1));
    Ok(())
}
