//! Task groups: order, limit, scope, and what happens to tasks that do not end.
#![cfg(feature = "task_group")]

mod harness;

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use harness::{Events, ms, settle};
use service_core::{Definition, Registry};
use service_toolkit::{Outcome, Split, TaskGroup};
use tokio::time::{Instant, sleep, timeout};

async fn takes(time: u64) -> Result<u64, String> {
    sleep(ms(time)).await;
    Ok(time)
}

#[tokio::test(start_paused = true)]
async fn outcomes_are_in_the_order_of_the_tasks() {
    let mut group = TaskGroup::new();
    group.spawn(takes(30));
    group.spawn(async { Err("no".to_owned()) });
    group.spawn(async { panic!("seeded") });
    group.spawn(takes(10));
    let expected =
        [Outcome::Success(30), Outcome::Error("no".into()), Outcome::Panicked("seeded".into()), Outcome::Success(10)];
    assert_eq!(group.join().await, expected);
    assert!(group.is_empty());
    group.spawn(takes(1));
    assert_eq!(group.join().await, [Outcome::Success(1)], "it can be used again");
}

#[tokio::test(start_paused = true)]
async fn no_more_tasks_run_than_the_limit_allows() {
    let (running, peak, began) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)), Instant::now());
    let mut group = TaskGroup::<_, ()>::new().limit(3);
    for number in 0..10 {
        let (running, peak) = (running.clone(), peak.clone());
        group.spawn(async move {
            peak.fetch_max(running.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
            sleep(ms(10)).await;
            running.fetch_sub(1, Ordering::Relaxed);
            Ok(number)
        });
    }
    let split: Split<_, _> = group.join().await.into_iter().collect();
    assert_eq!(split.successes, (0..10).collect::<Vec<_>>());
    assert_eq!((peak.load(Ordering::Relaxed), began.elapsed()), (3, ms(40)));
    let mut zero = TaskGroup::new().limit(0);
    zero.spawn(takes(1));
    assert_eq!(zero.join().await, [Outcome::Success(1)], "zero is one");
}

#[tokio::test(start_paused = true)]
async fn nothing_outlives_a_group_that_is_dropped() {
    let held = Arc::new(());
    let mut group = TaskGroup::<(), ()>::new().limit(2);
    for _ in 0..4 {
        let held = held.clone();
        group.spawn(async move {
            let _held = held;
            pending().await
        });
    }
    settle().await;
    assert_eq!((group.len(), Arc::strong_count(&held)), (4, 5));
    let mut join = Box::pin(async move { group.join().await });
    assert!(timeout(ms(10), join.as_mut()).await.is_err());
    drop(join);
    settle().await;
    assert_eq!(Arc::strong_count(&held), 1);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_join_loses_no_outcome() {
    let mut group = TaskGroup::new();
    for time in [10, 30, 20] {
        group.spawn(takes(time));
    }
    for _ in 0..3 {
        assert!(timeout(ms(7), group.join()).await.is_err());
    }
    assert_eq!(group.len(), 1);
    assert_eq!(group.join().await, [10, 30, 20].map(Outcome::Success));
}

#[tokio::test(start_paused = true)]
async fn the_first_failure_aborts_the_others() {
    for (panics, ended) in [(false, "no"), (true, "seeded")] {
        let (held, began) = (Arc::new(()), Instant::now());
        let mut group = TaskGroup::new();
        for time in [500, 10, 20, 600] {
            let held = held.clone();
            group.spawn(async move {
                let _held = held;
                match takes(time).await {
                    Ok(20) if panics => panic!("seeded"),
                    Ok(20) => Err("no".to_owned()),
                    taken => taken,
                }
            });
        }
        let dropped = timeout(ms(15), group.try_join()).await;
        assert!(dropped.is_err(), "a dropped wait loses nothing");
        let split = group.try_join().await.unwrap_err();
        assert_eq!(began.elapsed(), ms(20));
        assert_eq!((split.successes, split.cancelled, Arc::strong_count(&held)), (vec![10], 2, 1));
        assert_eq!([split.errors, split.panics].concat(), [ended]);
    }
    let mut group = TaskGroup::new();
    group.spawn(takes(20));
    group.spawn(takes(10));
    assert_eq!(group.try_join().await, Ok(vec![20, 10]));
    assert_eq!(group.try_join().await, Ok(vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_failure_before_a_dropped_wait_is_remembered() {
    let mut group = TaskGroup::new();
    group.spawn(async { Err("no".to_owned()) });
    group.spawn(takes(1000));
    assert!(timeout(ms(10), group.join()).await.is_err());
    let began = Instant::now();
    assert_eq!(group.try_join().await.unwrap_err().cancelled, 1);
    assert_eq!(began.elapsed(), ms(0));
}

#[tokio::test(start_paused = true)]
async fn what_runs_at_the_time_limit_is_cancelled_and_counted() {
    let events = Events::record();
    let (held, began) = (Arc::new(()), Instant::now());
    let mut group = TaskGroup::new();
    for time in [10, 500, 20, 600] {
        let held = held.clone();
        group.spawn(async move {
            let _held = held;
            takes(time).await
        });
    }
    let outcomes = group.join_within(ms(100)).await;
    assert_eq!(began.elapsed(), ms(100));
    assert_eq!(outcomes, [Outcome::Success(10), Outcome::Cancelled, Outcome::Success(20), Outcome::Cancelled]);
    assert_eq!(Arc::strong_count(&held), 1, "they have ended");
    assert_eq!(
        events.with("aborted"),
        [
            "WARN tasks of a group did not end in time and are aborted domain=\"task_group\" action=\"join\" status=\"cancelled\" left=2 time=100ms"
        ]
    );
    group.spawn(takes(5));
    assert_eq!(group.join_within(Duration::MAX).await, [Outcome::Success(5)]);
    assert_eq!(group.join_within(Duration::ZERO).await, [], "an empty group has nothing to wait for");
    assert_eq!(events.with("").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn aborted_tasks_are_cancelled_and_those_that_ended_are_not() {
    let mut group = TaskGroup::new();
    group.spawn(takes(1));
    group.spawn(takes(100));
    sleep(ms(10)).await;
    group.abort();
    assert_eq!(group.join().await, [Outcome::Success(1), Outcome::Cancelled]);
}

#[tokio::test(start_paused = true)]
async fn tasks_run_in_the_scope_of_the_registry() -> service_core::Result<()> {
    let definition = || Definition::new("number").init(async |_| Ok(7_u32));
    let registry = Registry::builder().isolated().define(definition()).only_named("number").boot().await?;
    let read =
        || async { Registry::current().ok_or("no registry")?.get_named::<u32>("number").map_err(|_| "not ready") };
    let (mut inside, mut outside) = (TaskGroup::new(), TaskGroup::new());
    registry.scope(async { inside.spawn(read()) }).await;
    outside.spawn(read());
    assert_eq!(inside.join().await, [Outcome::Success(Arc::new(7))]);
    assert_eq!(outside.join().await, [Outcome::Error("no registry")]);
    registry.scope(async { inside.spawn(pending()) }).await;
    registry.shutdown().await?;
    assert_eq!(inside.join().await, [Outcome::Cancelled], "a task ends with its registry");
    registry.scope(async { inside.spawn(read()) }).await;
    assert_eq!(inside.join().await, [Outcome::Cancelled], "none begins after it");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_tasks_on_several_threads_are_all_joined() {
    let mut group = TaskGroup::<_, ()>::new().limit(5);
    for number in 0..1000 {
        group.spawn(async move {
            tokio::task::yield_now().await;
            Ok(number)
        });
    }
    let split: Split<_, _> = group.join().await.into_iter().collect();
    assert_eq!(split.successes, (0..1000).collect::<Vec<_>>());
}
