//! The cache, in generated sequences of operations beside a model, and with callers that are aborted.
#![cfg(feature = "cache")]
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

mod host;

use std::collections::HashMap;
use std::future::{Future, pending};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;

use host::{Seed, settle};
use service_toolkit::cache::Cache;
use tokio::time::{Instant, advance, timeout};

const TTL: Duration = Duration::from_secs(60);

/// Gets, inserts, invalidates, loads, gives loads up, and lets time pass, against a map of values with their expiry.
async fn generated(seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let cache: Cache<u32, u32> = Cache::new(1000).ttl(TTL);
    let mut model: HashMap<u32, (u32, Instant)> = HashMap::new();
    let (mut hits, mut misses, mut loads) = (0, 0, 0);
    for value in 0..300 {
        let key = random.u32(0..4);
        let live = model.get(&key).filter(|(_, expires)| Instant::now() < *expires).map(|(value, _)| *value);
        match random.u32(0..6) {
            0 => {
                assert_eq!(cache.get(&key), live);
                *if live.is_some() { &mut hits } else { &mut misses } += 1;
            }
            1 => {
                cache.insert(key, value);
                model.insert(key, (value, Instant::now() + TTL));
            }
            2 => {
                assert_eq!(cache.invalidate(&key), live.is_some());
                model.remove(&key);
            }
            3 => {
                let load = async {
                    settle().await;
                    if random.bool() { Ok(value) } else { Err(value) }
                };
                let result = cache.get_or_try_insert_with(&key, load).await;
                match live {
                    Some(live) => {
                        assert_eq!(result, Ok(live));
                        hits += 1;
                    }
                    None => {
                        assert_eq!(result.unwrap_or_else(|error| error), value);
                        misses += 1;
                        loads += 1;
                        model.remove(&key);
                        if result.is_ok() {
                            model.insert(key, (value, Instant::now() + TTL));
                        }
                    }
                }
            }
            4 => {
                // Given up at its first await.
                let call = pin!(cache.get_or_insert_with(&key, pending()));
                let poll = call.poll(&mut Context::from_waker(Waker::noop()));
                assert_eq!(poll.is_ready(), live.is_some());
                if live.is_some() {
                    hits += 1;
                } else {
                    misses += 1;
                    loads += 1;
                    model.remove(&key);
                }
            }
            _ => advance(Duration::from_secs(random.u64(0..40))).await,
        }
        let stats = cache.stats();
        assert_eq!((stats.hits, stats.misses, stats.loads, stats.evictions), (hits, misses, loads, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn generated_sequences_agree_with_a_model() {
    for seed in 0..50 {
        let _seed = Seed(seed);
        generated(seed).await;
    }
}

/// Many tasks on few keys, some of which are aborted: there is never more than one load of a key at a time, and each caller
/// that is not aborted gets a value of its key.
#[tokio::test(start_paused = true)]
async fn single_flight_holds_when_callers_are_aborted() {
    for seed in 0..30 {
        let _seed = Seed(seed);
        let mut random = fastrand::Rng::with_seed(seed);
        let cache: Cache<u32, u32> = Cache::new(10).ttl(Duration::from_millis(20));
        let running: Arc<[AtomicU32; 3]> = Arc::default();
        let mut calls = Vec::new();
        for _ in 0..60 {
            let (cache, running, key) = (cache.clone(), running.clone(), random.u32(0..3));
            let time = Duration::from_millis(random.u64(0..10));
            let call = tokio::spawn(async move {
                let load = async {
                    let _running = Running::start(&running[key as usize]);
                    tokio::time::sleep(time).await;
                    key
                };
                assert_eq!(cache.get_or_insert_with(&key, load).await, key);
            });
            tokio::time::sleep(Duration::from_millis(random.u64(0..3))).await;
            if random.u32(0..3) == 0 {
                call.abort();
            }
            calls.push(call);
        }
        for call in calls {
            let ended = timeout(TTL, call).await.expect("no caller waits for ever");
            assert!(ended.is_ok() || ended.unwrap_err().is_cancelled());
        }
    }
}

struct Running<'a>(&'a AtomicU32);

impl<'a> Running<'a> {
    fn start(count: &'a AtomicU32) -> Self {
        assert_eq!(count.fetch_add(1, Ordering::SeqCst), 0, "two loads of one key run");
        Self(count)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
