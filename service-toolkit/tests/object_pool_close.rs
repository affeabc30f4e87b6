//! The object pool: closes that hang, and code of the user that panics.
#![cfg(feature = "object_pool")]
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

mod connections;
mod harness;

use std::fmt;
use std::future::pending;

use connections::{Connection, Peer, Started, start};
use harness::{Events, ms};
use service_core::{Health, Result};
use service_toolkit::ObjectPool;
use service_toolkit::object_pool::{PoolBuilder, PoolError};
use tokio::time::sleep;

/// Objects with a lifetime of 100 ms. Those with the numbers below `hanging` are never closed.
fn objects(peer: &Peer, max: usize, hanging: usize) -> PoolBuilder<Connection> {
    let opens = peer.clone();
    let make = move || opens.clone().open();
    ObjectPool::builder("links", max, make).max_lifetime(ms(100)).close_with(move |connection| async move {
        if connection.number < hanging {
            let _held = connection;
            pending::<()>().await;
        } else {
            connection.close().await;
        }
    })
}

#[tokio::test(start_paused = true)]
async fn a_close_that_hangs_does_not_stop_the_closing_of_others() -> Result<()> {
    let peer = Peer::default();
    let (_registry, Started { pool, .. }) = start(objects(&peer, 2, 1)).await?;
    drop(pool.get().await?);
    sleep(ms(200)).await;
    drop(pool.get().await?);
    sleep(ms(200)).await;
    assert_eq!((peer.closed(), pool.metrics().idle), (vec![1], 0));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_pool_whose_closes_hang_has_at_most_twice_its_maximum() -> Result<()> {
    let peer = Peer::default();
    let (_registry, Started { pool, .. }) = start(objects(&peer, 2, usize::MAX).timeout(ms(50))).await?;
    for _ in 0..50 {
        drop(pool.get().await);
        sleep(ms(200)).await;
        assert!(peer.alive() <= 4, "{:?}", pool.metrics());
    }
    Ok(())
}

struct Explosive;

impl Drop for Explosive {
    fn drop(&mut self) {
        panic!("the drop of an object");
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_the_drop_of_a_broken_object_leaves_the_pool_usable() -> Result<()> {
    let make = || async { Result::<_>::Ok(Explosive) };
    let pool = ObjectPool::builder("explosives", 1, make).is_closed(|_| true).timeout(ms(50));
    let (registry, Started { pool, .. }) = start(pool).await?;
    for _ in 0..3 {
        let pool = pool.clone();
        let used = tokio::spawn(async move { drop(pool.get().await.unwrap()) });
        assert!(used.await.is_ok(), "the panic stays in the pool");
    }
    assert_eq!((pool.metrics().in_use, pool.metrics().broken), (0, 3));
    registry.shutdown().await?;
    Ok(())
}

#[derive(Debug)]
struct Textless;

impl fmt::Display for Textless {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("no text");
    }
}

impl std::error::Error for Textless {}

#[tokio::test(start_paused = true)]
async fn an_error_without_a_text_is_returned_and_panics_nowhere() -> Result<()> {
    let (registry, Started { pool, .. }) =
        start(ObjectPool::builder("links", 1, || async { Err::<u8, _>(Textless) })).await?;
    let got = pool.clone();
    let error = tokio::spawn(async move { got.get().await.map(drop) }).await?.unwrap_err();
    assert!(matches!(error, PoolError::Make { .. }));
    let text = "the pool links could not make an object: no text, because it panicked: no text";
    assert_eq!(pool.health(), Health::degraded(text));
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_close_has_a_time_limit_and_the_health_tells_of_it() -> Result<()> {
    let (events, peer) = (Events::record(), Peer::default());
    let builder = objects(&peer, 1, 2).close_timeout(ms(1000)).timeout(ms(50));
    let (registry, Started { pool, .. }) = start(builder).await?;
    for _ in 0..2 {
        drop(pool.get().await?);
        sleep(ms(150)).await;
    }
    assert_eq!((pool.metrics().closing, peer.alive()), (2, 2));
    let text = "the pool links makes no object, because 2 are being closed, which are more than 1";
    assert_eq!(pool.health(), Health::degraded(text));
    assert!(matches!(pool.get().await, Err(PoolError::TimedOut { waited: false, .. })));
    sleep(ms(950)).await;
    assert_eq!((pool.metrics().closing, pool.metrics().close_timeouts, peer.alive()), (0, 2, 0));
    let error = "it was not closed within 1s, and was dropped";
    assert_eq!(events.with("an old object could not be closed").len(), 2);
    assert_eq!(events.with(error).len(), 2);
    assert_eq!(pool.health(), Health::degraded(format!("the pool links could not close an object: {error}")));
    drop(pool.get().await?);
    sleep(ms(150)).await;
    assert_eq!((pool.health(), peer.closed()), (Health::Healthy, vec![2]));
    drop(pool.get().await?);
    registry.shutdown().await?;
    assert_eq!((peer.alive(), pool.metrics().closing), (0, 0));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_waits_for_a_close_gets_an_object_after_it() -> Result<()> {
    let peer = Peer::default();
    let builder = objects(&peer, 1, 2).close_timeout(ms(1000));
    let (registry, Started { pool, .. }) = start(builder).await?;
    for _ in 0..2 {
        drop(pool.get().await?);
        sleep(ms(150)).await;
    }
    assert_eq!(pool.get().await?.number, 2, "when the first close was given up");
    assert_eq!(pool.metrics().closing, 1);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_start_of_a_pool_whose_maker_hangs_ends_at_the_timeout() {
    let builder = ObjectPool::builder("links", 2, pending::<Result<()>>).prefill(1).timeout(ms(50));
    let error = start(builder).await.err().unwrap().to_string();
    let text = "the pool links had no object within 50ms, because one was still being made or checked";
    assert!(error.contains(text), "{error}");
}
