//! The cache, on the paused clock.
#![cfg(feature = "cache")]
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

mod host;

use std::future::{pending, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use host::settle;
use service_toolkit::cache::Cache;
use tokio::sync::{Barrier, Notify};
use tokio::time::{advance, timeout};

const TTL: Duration = Duration::from_secs(60);

#[tokio::test(start_paused = true)]
async fn a_value_expires_after_its_time_to_live() {
    let cache = Cache::new(10).ttl(TTL);
    cache.insert(String::from("ada"), 1);
    advance(TTL - Duration::from_millis(1)).await;
    assert_eq!(cache.get("ada"), Some(1));
    advance(Duration::from_millis(1)).await;
    assert_eq!(cache.get("ada"), None);
    assert_eq!(cache.get_or_insert_with("ada", ready(2)).await, 2, "an expired value is loaded again");
    assert_eq!(cache.get("ada"), Some(2));
    assert_eq!((cache.stats().hits, cache.stats().misses, cache.stats().loads), (2, 2, 1));
}

#[tokio::test(start_paused = true)]
async fn cache_aside_hits_the_second_time() {
    let cache: Cache<u32, &str> = Cache::new(10);
    let load = async || cache.get_or_insert_with(&7, async { "database" }).await;
    assert_eq!((load().await, cache.stats().loads, cache.stats().hits), ("database", 1, 0));
    assert_eq!((load().await, cache.stats().loads, cache.stats().hits), ("database", 1, 1));
}

#[tokio::test(start_paused = true)]
async fn concurrent_callers_share_one_load() {
    let cache: Cache<String, u32> = Cache::new(10).ttl(TTL);
    let loads = Arc::new(AtomicU32::new(0));
    for round in 1..=2 {
        let calls: Vec<_> = (0..10)
            .map(|_| {
                let (cache, loads) = (cache.clone(), loads.clone());
                tokio::spawn(async move {
                    let load = async {
                        tokio::time::sleep(Duration::from_secs(1)).await;
                        loads.fetch_add(1, Ordering::SeqCst) + 1
                    };
                    cache.get_or_insert_with("key", load).await
                })
            })
            .collect();
        for call in calls {
            assert_eq!(call.await.unwrap(), round);
        }
        assert_eq!(loads.load(Ordering::SeqCst), round);
        advance(TTL).await; // and once more for the expired value
    }
    assert_eq!((cache.stats().loads, cache.stats().misses, cache.stats().hits), (2, 2, 18));
}

#[tokio::test(start_paused = true)]
async fn loads_of_different_keys_run_concurrently() {
    let cache: Cache<u32, u32> = Cache::new(10);
    let both = Barrier::new(2);
    let load = async |key| {
        both.wait().await;
        key
    };
    let calls = async { tokio::join!(cache.get_or_insert_with(&1, load(1)), cache.get_or_insert_with(&2, load(2))) };
    assert_eq!(timeout(TTL, calls).await.expect("both loads run"), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn none_is_cached_and_negative_caching_is_a_choice() {
    let kept: Cache<u32, Option<u32>> = Cache::new(10);
    assert_eq!(kept.get_or_insert_with(&1, ready(None)).await, None);
    assert_eq!(kept.get(&1), Some(None));
    assert_eq!(kept.get_or_insert_with(&1, ready(Some(1))).await, None, "it is not loaded again");

    let second = Duration::from_secs(1);
    let short = Cache::new(10).ttl_with(move |_: &u32, value: &Option<u32>| if value.is_some() { TTL } else { second });
    short.insert(1, None);
    short.insert(2, Some(2));
    advance(second).await;
    assert_eq!((short.get(&1), short.get(&2)), (None, Some(Some(2))));

    let never =
        Cache::new(10).ttl_with(|_: &u32, value: &Option<u32>| if value.is_some() { TTL } else { Duration::ZERO });
    never.insert(1, Some(1));
    never.insert(1, None);
    assert_eq!(never.get(&1), None, "a value that is not kept replaces the old one nevertheless");
    assert_eq!(never.get_or_insert_with(&1, ready(None)).await, None);
    assert_eq!(never.get_or_insert_with(&1, ready(Some(3))).await, Some(3));
}

#[tokio::test(start_paused = true)]
async fn an_error_goes_to_its_caller_and_the_next_caller_loads() {
    let cache: Cache<u32, u32> = Cache::new(10);
    let gate = Notify::new();
    let fails = cache.get_or_try_insert_with(&1, async {
        gate.notified().await;
        Err("down")
    });
    let works = async {
        settle().await;
        let waits = cache.get_or_try_insert_with(&1, async { Ok::<_, &str>(5) });
        gate.notify_one();
        waits.await
    };
    assert_eq!(tokio::join!(fails, works), (Err("down"), Ok(5)));
    assert_eq!((cache.get(&1), cache.stats().loads), (Some(5), 2));
}

#[tokio::test(start_paused = true)]
async fn a_load_that_is_dropped_lets_the_next_caller_load() {
    let cache: Cache<u32, u32> = Cache::new(10);
    let dropped = tokio::spawn({
        let cache = cache.clone();
        async move { cache.get_or_insert_with(&1, pending()).await }
    });
    settle().await;
    let next = tokio::spawn({
        let cache = cache.clone();
        async move { cache.get_or_insert_with(&1, ready(2)).await }
    });
    settle().await;
    assert!(!next.is_finished(), "it waits for the load");
    dropped.abort();
    assert_eq!(timeout(TTL, next).await.expect("it loads itself").unwrap(), 2);
    assert_eq!(cache.stats().loads, 2);
}

#[tokio::test(start_paused = true)]
async fn a_load_that_panics_lets_the_next_caller_load() {
    let cache: Cache<u32, u32> = Cache::new(10);
    let panics = tokio::spawn({
        let cache = cache.clone();
        let load = async {
            settle().await;
            panic!("no database")
        };
        async move { cache.get_or_insert_with(&1, load).await }
    });
    tokio::task::yield_now().await;
    assert_eq!(timeout(TTL, cache.get_or_insert_with(&1, ready(2))).await.expect("it loads itself"), 2);
    assert!(panics.await.unwrap_err().is_panic());
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_stops_waiting_does_not_disturb_the_load() {
    let cache: Cache<u32, u32> = Cache::new(10);
    let load = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        1
    };
    let gives_up = async {
        settle().await;
        timeout(Duration::from_secs(1), cache.get_or_insert_with(&1, pending())).await
    };
    let (value, gave_up) = tokio::join!(cache.get_or_insert_with(&1, load), gives_up);
    assert!(gave_up.is_err());
    assert_eq!((value, cache.get(&1)), (1, Some(1)));
}

#[tokio::test(start_paused = true)]
async fn a_value_that_is_invalidated_or_inserted_during_its_load_is_not_overwritten() {
    let cache: Cache<u32, u32> = Cache::new(10);
    let load = async {
        settle().await;
        cache.invalidate(&1);
        1
    };
    assert_eq!(cache.get_or_insert_with(&1, load).await, 1);
    assert_eq!(cache.get(&1), None, "the load began before the change that invalidated the key");
    let load = async {
        settle().await;
        cache.insert(1, 7);
        2
    };
    assert_eq!(cache.get_or_insert_with(&1, load).await, 2);
    assert_eq!(cache.get(&1), Some(7));
}

#[tokio::test(start_paused = true)]
async fn invalidate_removes_one_and_invalidate_all_removes_all() {
    let cache = Cache::new(10).ttl(TTL);
    (0..3).for_each(|key| cache.insert(key, key));
    assert!(cache.invalidate(&1));
    assert!(!cache.invalidate(&1));
    assert_eq!((cache.get(&0), cache.get(&1), cache.len()), (Some(0), None, 2));
    advance(TTL).await;
    assert!(!cache.invalidate(&0), "it has expired");
    cache.invalidate_all();
    assert!(cache.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_size_is_never_exceeded_and_evictions_are_counted() {
    for size in [0, 1, 2, 7, 100] {
        let cache = Cache::new(size);
        for key in 0..1000 {
            cache.insert(key, key);
            assert!(cache.len() <= size, "{} values in a cache for {size}", cache.len());
        }
        assert_eq!(cache.stats().evictions as usize, 1000 - cache.len(), "size {size}");
    }
}

#[tokio::test(start_paused = true)]
async fn extreme_sizes_and_times_work() {
    let cache: Cache<u32, u32> = Cache::new(usize::MAX).ttl(Duration::MAX);
    cache.insert(1, 1);
    advance(TTL * 1_000_000).await;
    assert_eq!(cache.get(&1), Some(1));
    for nothing in [Cache::new(0), Cache::new(10).ttl(Duration::ZERO)] {
        assert_eq!(nothing.get_or_insert_with(&1, ready(1)).await, 1);
        assert_eq!((nothing.get(&1), nothing.len()), (None, 0));
    }
}

/// Looks into its cache when it is dropped.
#[derive(Clone)]
struct Looks(Arc<std::sync::OnceLock<Cache<u32, Looks>>>);

impl Drop for Looks {
    fn drop(&mut self) {
        if let Some(cache) = self.0.get() {
            let _ = cache.len();
        }
    }
}

/// On another thread, because it would hang.
#[test]
fn the_drop_of_a_value_may_use_the_cache() {
    let (sender, done) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let cell = Arc::<std::sync::OnceLock<_>>::default();
        assert!(cell.set(Cache::new(2)).is_ok());
        let (cache, value) = (cell.get().unwrap(), || Looks(cell.clone()));
        for round in ["insert", "replace"] {
            cache.insert(1, value());
            sender.send(round).unwrap();
        }
        (0..9).for_each(|key| cache.insert(key, value()));
        sender.send("evict").unwrap();
        cache.invalidate(&8);
        sender.send("invalidate").unwrap();
        (0..9).for_each(|key| cache.insert(key, value()));
        cache.invalidate_all();
        sender.send("invalidate all").unwrap();
    });
    let steps = std::iter::from_fn(|| done.recv_timeout(Duration::from_secs(10)).ok()).collect::<Vec<_>>();
    assert_eq!(steps, ["insert", "replace", "evict", "invalidate", "invalidate all"]);
}

#[tokio::test(start_paused = true)]
async fn a_load_that_runs_while_everything_is_invalidated_is_not_kept() {
    let cache: Cache<u32, u32> = Cache::new(10);
    cache.insert(2, 2);
    let old = cache.get_or_insert_with(&1, async {
        cache.invalidate_all();
        1
    });
    assert_eq!((old.await, cache.get(&1), cache.get(&2), cache.len()), (1, None, None, 0));
    assert_eq!(cache.get_or_insert_with(&1, ready(3)).await, 3);
    assert_eq!(cache.get(&1), Some(3));
}

#[test]
fn a_time_to_live_makes_another_cache() {
    let cache: Cache<u32, u32> = Cache::new(10);
    let other = cache.clone().ttl(TTL);
    cache.insert(1, 1);
    assert_eq!((cache.len(), other.len()), (1, 0));
}
