//! The batcher, on the paused clock.
#![cfg(feature = "batcher")]
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

mod host;

use std::convert::Infallible;
use std::error::Error;
use std::future::{Future, pending};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::Duration;

use host::{Log, Seed, settle};
use service_core::{Context as ServiceContext, Registry};
use service_toolkit::batcher::{BatchConfig, BatchError, Batcher};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

type Batches = Arc<Mutex<Vec<Vec<u32>>>>;

const INTERVAL: Duration = Duration::from_millis(100);
const SECOND: Duration = Duration::from_secs(1);

/// A batcher that records its batches and returns twice each item.
async fn start(config: BatchConfig) -> (Registry, Batcher<u32, u32>, Batches) {
    let (registry, cx, _) = host::boot().await;
    let batches = Batches::default();
    let record = batches.clone();
    let batcher = Batcher::new(&cx, "batches", config, move |items: Vec<u32>| {
        let results = items.iter().map(|item| item * 2).collect();
        record.lock().unwrap().push(items);
        async { Ok::<_, Infallible>(results) }
    });
    (registry, batcher, batches)
}

/// A batcher whose batches wait for a permit each.
fn gated<S: 'static>(cx: &ServiceContext<S>, config: BatchConfig) -> (Batcher<u32, u32>, Arc<Semaphore>) {
    let gate = Arc::new(Semaphore::new(0));
    let pass = gate.clone();
    let batcher = Batcher::new(cx, "gated", config, move |items: Vec<u32>| {
        let pass = pass.clone();
        async move {
            pass.acquire_owned().await.unwrap().forget();
            Ok::<_, Infallible>(items)
        }
    });
    (batcher, gate)
}

#[tokio::test(start_paused = true)]
async fn a_batch_begins_at_its_size_and_each_item_gets_its_result() {
    let (_registry, batcher, batches) = start(BatchConfig::new(3, Duration::MAX)).await;
    let results = tokio::join!(batcher.run(1), batcher.run(2), batcher.run(3));
    assert_eq!((results.0.unwrap(), results.1.unwrap(), results.2.unwrap()), (2, 4, 6));
    assert_eq!(*batches.lock().unwrap(), [[1, 2, 3]]);
    assert_eq!(batcher.pending(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_interval_begins_with_the_first_item() {
    let (_registry, batcher, batches) = start(BatchConfig::new(10, INTERVAL)).await;
    tokio::time::sleep(INTERVAL * 3 / 2).await;
    let begin = Instant::now();
    let first = batcher.add(1).await.unwrap();
    tokio::time::sleep(INTERVAL / 2).await;
    let second = batcher.add(2).await.unwrap();
    first.await.unwrap();
    second.await.unwrap();
    let elapsed = begin.elapsed();
    assert!(elapsed >= INTERVAL && elapsed < INTERVAL * 5 / 4, "{elapsed:?}");
    assert_eq!(*batches.lock().unwrap(), [[1, 2]]);
}

#[tokio::test(start_paused = true)]
async fn a_flush_forces_the_rest_out_and_waits_for_it() {
    let (_registry, batcher, batches) = start(BatchConfig::new(10, Duration::MAX).capacity(5)).await;
    let items = [batcher.add(1).await.unwrap(), batcher.add(2).await.unwrap()];
    assert_eq!(batcher.pending(), 2);
    timeout(SECOND, batcher.flush()).await.expect("the flush ends").unwrap();
    assert_eq!(*batches.lock().unwrap(), [[1, 2]]);
    for item in items {
        item.await.unwrap();
    }
    batcher.flush().await.unwrap();
    assert_eq!(batches.lock().unwrap().len(), 1, "there is no empty batch");
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_service_works_on_the_rest_and_then_refuses() {
    let (registry, batcher, batches) = start(BatchConfig::new(10, Duration::MAX)).await;
    let item = batcher.add(1).await.unwrap();
    drop(batcher.add(2).await.unwrap());
    assert!(registry.shutdown().await.unwrap().is_clean());
    assert_eq!(item.await.unwrap(), 2);
    assert_eq!(*batches.lock().unwrap(), [[1, 2]], "an item whose result nobody takes is worked on too");
    assert!(matches!(batcher.add(3).await, Err(BatchError::Closed)));
    assert!(matches!(batcher.flush().await, Err(BatchError::Closed)));
}

#[tokio::test(start_paused = true)]
async fn add_waits_when_the_queue_is_full_and_a_dropped_add_loses_only_its_item() {
    let (registry, cx, _) = host::boot().await;
    let (batcher, gate) = gated(&cx, BatchConfig::new(1, Duration::MAX).capacity(2));
    let mut items = vec![batcher.add(0).await.unwrap()];
    settle().await; // the first batch runs
    items.push(batcher.add(1).await.unwrap());
    items.push(batcher.add(2).await.unwrap());
    assert!(timeout(SECOND, batcher.add(3)).await.is_err(), "the queue is full");
    assert_eq!(batcher.pending(), 3);
    gate.add_permits(10);
    items.push(timeout(SECOND, batcher.add(4)).await.expect("there is a place").unwrap());
    let mut results = Vec::new();
    for item in items {
        results.push(item.await.unwrap());
    }
    assert_eq!(results, [0, 1, 2, 4]);
    registry.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_fails_panics_or_miscounts_says_so_to_each_of_its_items_and_the_next_works() {
    let (log, _guard) = Log::start();
    let (_registry, cx, _) = host::boot().await;
    let batcher = Batcher::new(&cx, "batches", BatchConfig::new(2, Duration::MAX), |items: Vec<u32>| async move {
        match items[0] {
            0 => Err("the database is read-only"),
            1 => panic!("no schema"),
            2 => Ok(vec![2]),
            _ => Ok(items),
        }
    });
    let both = async |item| {
        let (first, second) = tokio::join!(batcher.run(item), batcher.run(9));
        (first.unwrap_err(), second.unwrap_err())
    };
    let (first, second) = both(0).await;
    assert_eq!(first.to_string(), "the batch failed: the database is read-only");
    assert_eq!(second.source().unwrap().to_string(), "the database is read-only");
    assert!(
        matches!(both(1).await, (BatchError::Panicked(_), BatchError::Panicked(message)) if message == "no schema")
    );
    assert!(matches!(both(2).await, (_, BatchError::WrongCount { items: 2, results: 1 })));
    assert!(!log.text().contains("batch failed"), "the callers have the error:\n{}", log.text());
    drop((batcher.add(0).await.unwrap(), batcher.add(9).await.unwrap()));
    batcher.flush().await.unwrap();
    assert!(log.text().contains("unseen=2") && log.text().contains("read-only"), "{}", log.text());
    assert_eq!(tokio::join!(batcher.run(3), batcher.run(9)).1.unwrap(), 9);
    assert_eq!(batcher.pending(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_hangs_ends_with_the_drain_budget_and_its_items_are_reported() {
    let (log, _guard) = Log::start();
    let (registry, cx, _) = host::boot().await;
    let batcher = Batcher::new(&cx, "inserts", BatchConfig::new(2, Duration::MAX), |_: Vec<u32>| {
        pending::<Result<Vec<u32>, Infallible>>()
    });
    let mut items = Vec::new();
    for item in 0..4 {
        items.push(batcher.add(item).await.unwrap());
        settle().await; // the first two are a batch, and the others fill the queue
    }
    let waits = tokio::spawn({
        let batcher = batcher.clone();
        async move { (batcher.add(4).await.map(drop), Instant::now()) }
    });
    settle().await;
    let begin = Instant::now();
    let error = registry.shutdown().await.expect_err("the report is not clean");
    let (refused, end) = waits.await.unwrap();
    assert!(matches!(refused, Err(BatchError::Closed)));
    assert!(end < begin + SECOND, "it does not wait for the drain budget");
    assert!(begin.elapsed() < Duration::from_secs(3), "took {:?}", begin.elapsed());
    assert!(error.to_string().contains("inserts"), "{error}");
    for item in items {
        assert!(matches!(item.await, Err(BatchError::Lost)));
    }
    assert!(log.text().contains("lost=4"), "{}", log.text());
    assert_eq!(batcher.pending(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_stopped_service_refuses_a_new_batcher_and_extreme_limits_work() {
    let (registry, cx, _) = host::boot().await;
    for config in [
        BatchConfig::new(0, Duration::ZERO).capacity(0),
        BatchConfig::new(usize::MAX, Duration::ZERO).capacity(usize::MAX),
        BatchConfig::new(1, Duration::MAX),
    ] {
        let batcher = Batcher::new(&cx, "limits", config, |items: Vec<u32>| async { Ok::<_, Infallible>(items) });
        assert_eq!(timeout(SECOND, batcher.run(1)).await.expect("the batch begins").unwrap(), 1);
    }
    registry.shutdown().await.unwrap();
    let late = Batcher::new(&cx, "late", BatchConfig::new(1, INTERVAL), |items: Vec<u32>| async {
        Ok::<_, Infallible>(items)
    });
    assert!(matches!(late.run(1).await, Err(BatchError::Closed)));
}

/// Adds, drops results and flushes, and lets time pass: the batches are those of a model that knows the size and the time of the first item.
async fn generated(seed: u64) {
    const SIZE: usize = 3;
    let mut random = fastrand::Rng::with_seed(seed);
    let (registry, batcher, batches) = start(BatchConfig::new(SIZE, INTERVAL)).await;
    let mut model: Vec<Vec<u32>> = Vec::new();
    let (mut open, mut due, mut results) = (Vec::new(), Instant::now(), Vec::new());
    for number in 0..60 {
        match random.u32(0..6) {
            0..3 => {
                if open.is_empty() {
                    due = Instant::now() + INTERVAL;
                }
                open.push(number);
                let item = batcher.add(number).await.unwrap();
                if random.bool() {
                    results.push((number, item));
                }
            }
            3 => {
                batcher.flush().await.unwrap();
                model.extend((!open.is_empty()).then(|| std::mem::take(&mut open)));
            }
            4 => {
                // A flush whose caller gives up at its first await forces the items out too.
                let _ = pin!(batcher.flush()).poll(&mut Context::from_waker(Waker::noop()));
                model.extend((!open.is_empty()).then(|| std::mem::take(&mut open)));
            }
            _ => tokio::time::sleep(Duration::from_millis(random.u64(0..150))).await,
        }
        settle().await;
        // A timer of the batcher that ends at this very moment runs too.
        for _ in 0..5 {
            tokio::task::yield_now().await;
        }
        if open.len() == SIZE || (!open.is_empty() && Instant::now() >= due) {
            model.push(std::mem::take(&mut open));
        }
        assert_eq!(*batches.lock().unwrap(), model);
        assert_eq!(batcher.pending(), open.len());
    }
    assert!(registry.shutdown().await.unwrap().is_clean());
    model.extend((!open.is_empty()).then_some(open));
    assert_eq!(*batches.lock().unwrap(), model);
    for (number, item) in results {
        assert_eq!(item.await.unwrap(), number * 2);
    }
}

#[tokio::test(start_paused = true)]
async fn generated_sequences_agree_with_a_model() {
    for seed in 0..50 {
        let _seed = Seed(seed);
        generated(seed).await;
    }
}

/// Gives a random part of the adds up while they wait for a place: each item is worked on exactly once if its `add` was ready, and never
/// otherwise.
#[tokio::test(start_paused = true)]
async fn items_are_worked_on_once_or_never_added() {
    for seed in 0..50 {
        let _seed = Seed(seed);
        let mut random = fastrand::Rng::with_seed(seed);
        let (registry, cx, _) = host::boot().await;
        let size = random.usize(1..4);
        let (batcher, gate) = gated(&cx, BatchConfig::new(size, INTERVAL).capacity(random.usize(1..4)));
        let (mut waiting, mut added) = (Vec::new(), Vec::new());
        for number in 0..40 {
            let batcher = batcher.clone();
            waiting.push((number, Box::pin(async move { batcher.add(number).await })));
            let mut still = Vec::new();
            for (number, mut add) in waiting {
                match timeout(Duration::ZERO, &mut add).await {
                    Ok(item) => added.push((number, item.unwrap())),
                    Err(_) if random.u32(0..4) == 0 => drop(add),
                    Err(_) => still.push((number, add)),
                }
            }
            waiting = still;
            if random.bool() {
                gate.add_permits(1);
            }
        }
        drop(waiting);
        gate.add_permits(1000);
        assert!(registry.shutdown().await.unwrap().is_clean());
        for (number, item) in added {
            assert_eq!(item.await.unwrap(), number);
        }
        assert_eq!(batcher.pending(), 0);
    }
}

/// A result whose drop panics if it is zero.
struct Fragile(u32);

impl Drop for Fragile {
    fn drop(&mut self) {
        assert!(self.0 != 0 || std::thread::panicking(), "seeded in drop");
    }
}

#[tokio::test(start_paused = true)]
async fn an_unwanted_result_whose_drop_panics_takes_no_other_with_it() {
    let (_registry, cx, _) = host::boot().await;
    let batcher = Batcher::new(&cx, "fragile", BatchConfig::new(2, SECOND), |items: Vec<u32>| async {
        Ok::<_, Infallible>(items.into_iter().map(Fragile).collect())
    });
    drop(batcher.add(0).await.unwrap());
    assert_eq!(batcher.run(1).await.unwrap().0, 1);
    assert_eq!(batcher.run(2).await.unwrap().0, 2);
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_fails_while_the_service_stops_and_that_nobody_waits_for_is_in_the_report() {
    let (registry, cx, _) = host::boot().await;
    let fails = |_: Vec<u32>| async { Err::<Vec<u32>, _>(std::io::Error::other("seeded")) };
    let batcher = Batcher::new(&cx, "fails", BatchConfig::new(9, SECOND), fails);
    drop(batcher.add(1).await.unwrap());
    drop(batcher.add(2).await.unwrap());
    let error = registry.shutdown().await.unwrap_err().to_string();
    assert!(error.contains("the batcher fails lost 2 items, because their batches failed while it closed"), "{error}");
}
