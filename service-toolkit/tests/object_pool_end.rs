//! The object pool: the age of its objects, and the end of its service.
#![cfg(feature = "object_pool")]
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

mod connections;
mod harness;

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use connections::{Connection, Peer, Started, start};
use harness::{Events, ms, settle};
use service_core::{BootError, Result};
use service_toolkit::ObjectPool;
use service_toolkit::object_pool::PoolError;
use tokio::time::{Instant, sleep};

#[tokio::test(start_paused = true)]
async fn a_start_that_cannot_fill_the_pool_fails_and_closes_what_it_has_made() -> Result<()> {
    let peer = Peer::default();
    let opens = peer.clone();
    let make = move || {
        let peer = opens.clone();
        async move {
            let connection = peer.open().await?;
            if connection.number == 1 { Err("too many connections".to_owned()) } else { Ok(connection) }
        }
    };
    let pool = ObjectPool::builder("links", 5, make).prefill(3).close_with(Connection::close);
    let error = start(pool).await.err().expect("it fails");
    assert!(error.is::<BootError>());
    let text = "the pool links could not make an object: too many connections";
    assert!(error.to_string().contains(text), "{error}");
    let mut closed = peer.closed();
    closed.sort_unstable();
    assert_eq!((closed, peer.alive()), (vec![0, 2], 0));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_object_is_closed_when_it_is_too_old_or_was_not_used() -> Result<()> {
    let peer = Peer::default();
    let pool = peer.builder(3).prefill(2).max_lifetime(ms(1000)).max_idle_time(ms(300));
    let (registry, Started { pool, .. }) = start(pool).await?;
    // The one that was returned last is used every 200 ms, and the other one never.
    for _ in 0..4 {
        sleep(ms(200)).await;
        assert_eq!(pool.get().await?.number, 1);
    }
    assert_eq!(peer.closed(), [0]);
    let held = pool.get().await?;
    sleep(ms(500)).await;
    assert_eq!((held.number, peer.closed().len()), (1, 1), "one that is in use is not closed");
    drop(held);
    assert_eq!(pool.metrics().idle, 0, "its life is over");
    sleep(ms(20)).await;
    assert_eq!((peer.closed(), pool.metrics().retired), (vec![0, 1], 2));

    // One expires while the task closes the other.
    let (first, second) = (pool.get().await?, pool.get().await?);
    drop(first);
    sleep(ms(5)).await;
    drop(second);
    sleep(ms(301)).await;
    let began = Instant::now();
    assert_eq!(pool.get().await?.number, 4);
    assert_eq!(began.elapsed(), ms(10), "nobody waits for the close of another one");
    sleep(ms(20)).await;
    assert_eq!(peer.closed(), [0, 1, 2, 3]);
    registry.shutdown().await?;
    assert_eq!((peer.closed(), peer.alive()), (vec![0, 1, 2, 3, 4], 0));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn times_that_the_clock_cannot_reach_are_no_limit() -> Result<()> {
    let longest = Duration::MAX;
    let pool = Peer::default().builder(1).timeout(longest).max_lifetime(longest).max_idle_time(longest);
    let (registry, Started { pool, .. }) = start(pool).await?;
    drop(pool.get().await?);
    sleep(ms(100_000_000)).await;
    assert_eq!(pool.get().await?.uses(), 2);
    registry.shutdown().await?;

    let pool = Peer::default().builder(0).prefill(7).max_lifetime(ms(0)).max_idle_time(ms(0));
    let (registry, Started { pool, .. }) = start(pool).await?;
    assert_eq!((pool.metrics().max, pool.metrics().made), (1, 1), "a maximum of zero is one");
    drop(pool.get().await?);
    assert_eq!((pool.metrics().made, pool.metrics().idle), (2, 0), "zero keeps nothing");
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_end_closes_each_object_after_the_tasks_have_used_it() -> Result<()> {
    let peer = Peer::default();
    let (registry, Started { pool, cx }) = start(peer.builder(2).prefill(2)).await?;
    let (uses, stopping, used) = (pool.clone(), cx.clone(), Arc::new(AtomicUsize::new(0)));
    let count = used.clone();
    cx.spawn("last words", async move {
        stopping.stopping().cancelled().await;
        for _ in 0..3 {
            let _connection = uses.get().await?;
            sleep(ms(10)).await;
            count.fetch_add(1, Ordering::Relaxed);
        }
        Ok::<_, PoolError>(())
    });
    let held = pool.get().await?;
    tokio::spawn(async move {
        sleep(ms(200)).await;
        drop(held);
    });
    let began = Instant::now();
    registry.shutdown().await?;
    assert_eq!((used.load(Ordering::Relaxed), began.elapsed()), (3, ms(210)));
    assert_eq!((peer.closed(), peer.alive(), pool.metrics().retired), (vec![0, 1], 0, 2));
    let text = "the pool links is closed, because its service has stopped";
    assert_eq!(pool.get().await.unwrap_err().to_string(), text);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn callers_that_wait_or_make_an_object_at_the_end_are_refused() -> Result<()> {
    let (registry, Started { pool, .. }) = start(Peer::default().builder(1).timeout(Duration::MAX)).await?;
    let held = pool.get().await?;
    let waits = tokio::spawn(async move { pool.get().await.map(drop) });
    let slow = ObjectPool::builder("slow", 1, pending::<Result<()>>).timeout(Duration::MAX);
    let (other, Started { pool, .. }) = start(slow).await?;
    let makes = tokio::spawn(async move { pool.get().await.map(drop) });
    settle().await;
    let shutdown = tokio::spawn(async move { registry.shutdown().await.is_ok() });
    assert!(matches!(waits.await?, Err(PoolError::Closed { .. })));
    drop(held);
    assert!(shutdown.await?);
    other.shutdown().await?;
    assert!(matches!(makes.await?, Err(PoolError::Closed { .. })));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_object_that_is_not_returned_is_reported_and_the_shutdown_ends() -> Result<()> {
    let peer = Peer::default();
    let (registry, Started { pool, .. }) = start(peer.builder(2).prefill(2)).await?;
    let held = pool.get().await?;
    let report = registry.shutdown().await.unwrap_err().to_string();
    assert!(report.contains("the pool links waits for 1 objects that are in use"), "{report}");
    assert_eq!(peer.closed(), [0], "the others are closed");
    drop(held);
    assert_eq!((peer.alive(), pool.metrics().in_use), (0, 0), "it is dropped");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_close_that_fails_or_panics_is_reported_and_the_others_are_closed() -> Result<()> {
    let events = Events::record();
    let closed = Arc::new(AtomicUsize::new(0));
    let builder = || {
        let (made, closed) = (AtomicUsize::new(0), closed.clone());
        let make = move || std::future::ready(Result::<_>::Ok(made.fetch_add(1, Ordering::Relaxed)));
        ObjectPool::builder("links", 3, make).prefill(3).close_with(move |number| {
            let closed = closed.clone();
            async move {
                assert!(number != 1, "seeded");
                closed.fetch_add(1, Ordering::Relaxed);
                if number == 2 { Err("broken pipe") } else { Ok(()) }
            }
        })
    };
    let (registry, _started) = start(builder()).await?;
    let report = registry.shutdown().await.unwrap_err().to_string();
    assert!(report.contains("2 of 3 objects of the pool links could not be closed: it panicked: seeded"), "{report}");
    assert_eq!(closed.load(Ordering::Relaxed), 2);
    let (registry, _started) = start(builder().max_idle_time(ms(100))).await?;
    sleep(ms(100)).await;
    settle().await;
    assert_eq!(events.with("an old object could not be closed").len(), 2);
    assert_eq!(closed.load(Ordering::Relaxed), 4);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_pool_of_a_service_that_has_stopped_is_closed() -> Result<()> {
    let (registry, Started { cx, .. }) = start(Peer::default().builder(1)).await?;
    registry.shutdown().await?;
    let peer = Peer::default();
    let pool = peer.builder(1).prefill(1).max_idle_time(ms(1)).start(&cx).await?;
    assert!(matches!(pool.get().await, Err(PoolError::Closed { .. })));
    assert_eq!(peer.alive(), 0);
    Ok(())
}
