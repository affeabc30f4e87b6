//! The object pool: its bound, its waits and its checks.
#![cfg(feature = "object_pool")]
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

mod connections;
mod harness;

use std::future::pending;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use connections::{Connection, Peer, Started, start};
use harness::{Events, ms, settle};
use service_core::{Context, Health, Lifecycle, Registry, Result, guarded, service};
use service_toolkit::ObjectPool;
use service_toolkit::object_pool::PoolError;
use tokio::time::{Instant, sleep, timeout};

#[tokio::test(start_paused = true)]
async fn a_pool_is_filled_at_its_start_and_never_exceeds_its_maximum() -> Result<()> {
    let (peer, began) = (Peer::default(), Instant::now());
    let (registry, Started { pool, .. }) = start(peer.builder(10).prefill(5)).await?;
    assert_eq!((pool.metrics().idle, pool.metrics().made, peer.alive()), (5, 5, 5));
    assert_eq!(began.elapsed(), ms(10), "they are made at the same time");
    let (running, peak) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut calls = Vec::new();
    for _ in 0..40 {
        let (pool, running, peak, peer) = (pool.clone(), running.clone(), peak.clone(), peer.clone());
        calls.push(tokio::spawn(async move {
            let _connection = pool.get().await.unwrap();
            peak.fetch_max(running.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
            sleep(ms(10)).await;
            running.fetch_sub(1, Ordering::Relaxed);
            assert!(peer.alive() <= 10);
        }));
    }
    for call in calls {
        call.await?;
    }
    assert_eq!(peak.load(Ordering::Relaxed), 10);
    let metrics = pool.metrics();
    assert_eq!((metrics.made, metrics.idle, metrics.in_use, metrics.waiting, metrics.gets), (10, 10, 0, 0, 40));
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_object_is_returned_after_an_error_a_panic_and_a_cancel() -> Result<()> {
    let peer = Peer::default();
    let (registry, Started { pool, .. }) = start(peer.builder(1)).await?;
    let fails = async {
        let _connection = pool.get().await?;
        Err::<(), _>(service_core::BoxError::from("no such table"))
    };
    assert!(fails.await.is_err());
    assert_eq!(pool.metrics().idle, 1);
    let panics = pool.clone();
    let panics = tokio::spawn(async move {
        let _connection = panics.get().await.unwrap();
        panic!("seeded");
    });
    assert!(panics.await.unwrap_err().is_panic());
    assert_eq!(pool.metrics().idle, 1);
    let hangs = async {
        let _connection = pool.get().await.unwrap();
        pending::<()>().await;
    };
    assert!(timeout(ms(5), hangs).await.is_err());
    assert_eq!((pool.metrics().idle, pool.metrics().in_use), (1, 0));
    let connection = pool.get().await?;
    assert_eq!((connection.number, connection.uses()), (0, 4), "it is always the same");
    drop(connection);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn callers_are_served_in_order_and_their_waits_are_measured() -> Result<()> {
    let (registry, Started { pool, .. }) = start(Peer::default().builder(1).prefill(1)).await?;
    let served = Arc::new(Mutex::new(Vec::new()));
    let mut calls = Vec::new();
    for number in 0..4 {
        let (pool, served) = (pool.clone(), served.clone());
        calls.push(tokio::spawn(async move {
            let _connection = pool.get().await.unwrap();
            served.lock().unwrap().push(number);
            sleep(ms(100)).await;
        }));
        settle().await;
    }
    assert_eq!((pool.metrics().waiting, pool.metrics().in_use), (3, 1));
    let text = "the pool links is exhausted: 1 of 1 objects are in use, and 3 callers wait";
    assert_eq!(pool.health(), Health::degraded(text));
    for call in calls {
        call.await?;
    }
    assert_eq!(*served.lock().unwrap(), [0, 1, 2, 3]);
    drop(pool.get().await?);
    assert_eq!((pool.metrics().last_wait, pool.metrics().max_wait), (ms(0), ms(300)));
    assert_eq!(pool.health(), Health::Healthy);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_timeout_names_the_pool_and_the_cause() -> Result<()> {
    let (registry, Started { pool, .. }) = start(Peer::default().builder(1).timeout(ms(50))).await?;
    let held = pool.get().await?;
    let (began, error) = (Instant::now(), pool.get().await.unwrap_err());
    assert_eq!(began.elapsed(), ms(50));
    let text =
        "the pool links had no free object within 50ms, because all 1 were in use; return them earlier, or allow more";
    assert_eq!(error.to_string(), text);
    drop(held);
    assert_eq!((pool.metrics().timed_out, pool.metrics().waiting), (1, 0));

    let slow = ObjectPool::builder("slow", 1, pending::<Result<()>>).timeout(ms(50));
    let (other, Started { pool, .. }) = start(slow).await?;
    let (first, second) = tokio::join!(pool.get(), pool.get());
    let text = "the pool slow had no object within 50ms, because one was still being made or checked";
    assert_eq!(first.unwrap_err().to_string(), text);
    assert!(second.unwrap_err().to_string().contains("in use"));
    let began = Instant::now();
    let (first, second) = tokio::join!(timeout(ms(30), pool.get()), pool.get());
    assert!(first.is_err() && second.unwrap_err().to_string().contains("being made"));
    assert_eq!(began.elapsed(), ms(50), "the limit is that of the wait and of the making together");
    assert_eq!((pool.metrics().timed_out, pool.metrics().in_use), (3, 0));
    registry.shutdown().await?;
    other.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_closed_object_is_replaced_when_it_is_returned_or_handed_out() -> Result<()> {
    let peer = Peer::default();
    let (registry, Started { pool, .. }) = start(peer.builder(2)).await?;
    pool.get().await?.is_open = false;
    assert_eq!((pool.metrics().idle, pool.metrics().broken, peer.alive()), (0, 1, 0));
    assert_eq!(pool.get().await?.number, 1);
    registry.shutdown().await?;

    // It closes while it is idle, and the check panics the next time.
    let is_open = Arc::new(AtomicBool::new(true));
    let make = {
        let is_open = is_open.clone();
        move || {
            let is_open = is_open.clone();
            async move { Result::<_>::Ok(is_open) }
        }
    };
    let pool = ObjectPool::builder("links", 1, make).is_closed(|is_open| !is_open.load(Ordering::Relaxed));
    let (registry, Started { pool, .. }) = start(pool).await?;
    drop(pool.get().await?);
    is_open.store(false, Ordering::Relaxed);
    let mut connection = pool.get().await?;
    assert_eq!((pool.metrics().made, pool.metrics().broken), (2, 1));
    *connection = Arc::new(AtomicBool::new(true));
    drop(connection);
    assert_eq!((pool.metrics().idle, pool.metrics().broken), (1, 1));
    registry.shutdown().await?;

    let pool = ObjectPool::builder("links", 1, || async { Result::<_>::Ok(()) }).is_closed(|()| panic!("seeded"));
    let (registry, Started { pool, .. }) = start(pool).await?;
    drop(pool.get().await?);
    assert_eq!((pool.metrics().idle, pool.metrics().broken, pool.metrics().in_use), (0, 1, 0));
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_object_that_fails_its_check_is_replaced() -> Result<()> {
    let events = Events::record();
    let (peer, answer) = (Peer::default(), Arc::new(Mutex::new("ok")));
    let answers = answer.clone();
    let pool = peer.builder(1).check(move |connection| {
        let answer = *answers.lock().unwrap();
        async move {
            sleep(ms(10)).await;
            match answer {
                "panic" => panic!("seeded"),
                "ok" => Ok(connection),
                error => Err(error),
            }
        }
    });
    let (registry, Started { pool, .. }) = start(pool).await?;
    let began = Instant::now();
    drop(pool.get().await?);
    assert_eq!(began.elapsed(), ms(10), "a new one is not checked");
    assert_eq!(pool.get().await?.uses(), 2);
    for (number, answers) in ["no answer", "panic"].into_iter().enumerate() {
        *answer.lock().unwrap() = answers;
        assert_eq!(pool.get().await?.number, number + 1);
    }
    assert_eq!(
        events.with("an object has failed its check"),
        [
            "WARN an object has failed its check domain=\"object_pool\" action=\"check\" status=\"warning\" pool=\"links\" error=no answer"
        ]
    );
    assert_eq!(events.with("the check of an object panicked").len(), 1);
    assert!(timeout(ms(5), pool.get()).await.is_err(), "the check is cancelled");
    let metrics = pool.metrics();
    assert_eq!((metrics.broken, metrics.made, metrics.idle, metrics.in_use, peer.alive()), (3, 3, 0, 0, 0));
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_maker_that_fails_or_panics_is_an_error_and_the_next_caller_tries() -> Result<()> {
    let peer = Peer::default();
    let (registry, Started { pool, .. }) = start(peer.builder(1)).await?;
    peer.refuses.store(true, Ordering::Relaxed);
    let error = pool.get().await.unwrap_err();
    assert!(matches!(&error, PoolError::Make { error, .. } if error.to_string() == "connection refused"));
    let text = "the pool links could not make an object: connection refused";
    assert_eq!(error.to_string(), text);
    assert_eq!(pool.health(), Health::degraded(text));
    peer.refuses.store(false, Ordering::Relaxed);
    drop(pool.get().await?);
    assert_eq!((pool.health(), pool.metrics().make_failures), (Health::Healthy, 1));
    registry.shutdown().await?;

    let panics = ObjectPool::builder("links", 1, || async { panic!("seeded") as Result<()> });
    let (registry, Started { pool, .. }) = start(panics).await?;
    let text = "the pool links could not make an object: the maker panicked: seeded";
    assert_eq!(pool.get().await.unwrap_err().to_string(), text);
    assert_eq!(pool.metrics().in_use, 0);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_taken_object_is_replaced() -> Result<()> {
    let peer = Peer::default();
    let (registry, Started { pool, .. }) = start(peer.builder(1)).await?;
    let taken = pool.get().await?.take();
    assert_eq!((pool.metrics().taken, pool.metrics().in_use, pool.metrics().idle), (1, 0, 0));
    assert_eq!((taken.number, pool.get().await?.number), (0, 1));
    registry.shutdown().await?;
    assert_eq!(peer.closed(), [1]);
    Ok(())
}

/// What a query returns.
#[derive(Debug, PartialEq)]
struct Rows {
    result: String,
    rows: usize,
}

#[service(lazy)]
struct Database {
    connections: ObjectPool<Connection>,
}

impl Lifecycle for Database {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        Ok(Self { connections: Peer::default().builder(10).prefill(5).start(cx).await? })
    }
}

#[guarded]
impl Database {
    pub(crate) async fn execute_query(&self, sql: &str) -> Result<Rows> {
        let connection = self.connections.get().await?;
        sleep(ms(100)).await;
        Ok(Rows { result: format!("{sql} by {}", connection.number), rows: 1 })
    }
}

#[tokio::test(start_paused = true)]
async fn a_guarded_method_uses_an_object_and_the_shutdown_waits_for_it() -> Result<()> {
    let registry = Registry::builder().isolated().only::<Database>().boot().await?;
    let database = registry.get::<Database>()?;
    let (first, second) = tokio::join!(database.execute_query("a"), database.execute_query("b"));
    assert_eq!(first?, Rows { result: "a by 4".into(), rows: 1 });
    assert_eq!(second?, Rows { result: "b by 3".into(), rows: 1 });
    let pool = database.connections.clone();
    let call = tokio::spawn(async move { database.execute_query("c").await });
    settle().await;
    registry.shutdown().await?;
    assert_eq!(call.await??.rows, 1);
    assert_eq!((pool.metrics().retired, pool.metrics().gets), (5, 3));
    Ok(())
}
