//! Patterns around one call.

use std::hint::black_box;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use service_toolkit::{Breaker, Cache, RetryPolicy};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep};

use crate::case::Way;

/// A call that waits once, as a call to something outside does.
async fn call(number: u64) -> Result<u64, u64> {
    yield_now().await;
    if number == 0 { Err(number) } else { Ok(number) }
}

pub(crate) async fn retry(way: Way, operations: u64) {
    let policy = RetryPolicy::fixed(3, Duration::from_secs(1));
    for number in 1..=operations {
        let called = match way {
            Way::Toolkit => service_toolkit::retry(policy, || call(number)).await.is_ok(),
            _ => {
                let (began, mut attempt) = (Instant::now(), 1);
                loop {
                    match call(number).await {
                        Ok(_) => break true,
                        Err(_) if attempt == 3 => break began.elapsed().is_zero(),
                        Err(error) => tracing::warn!(attempt, error, "failed, and is retried"),
                    }
                    sleep(Duration::from_secs(1)).await;
                    attempt += 1;
                }
            }
        };
        assert!(called);
    }
}

/// A breaker by hand. It has no half-open state.
#[derive(Default)]
struct Failures {
    in_a_row: u32,
    open_until: Option<Instant>,
}

/// A call through it, which fails if it panics.
struct Counted<'a> {
    failures: &'a Mutex<Failures>,
    failed: bool,
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if self.failed {
            failures.in_a_row += 1;
            failures.open_until = (failures.in_a_row >= 5).then(|| Instant::now() + Duration::from_secs(60));
        } else {
            *failures = Failures::default();
        }
    }
}

pub(crate) async fn breaker(way: Way, operations: u64) {
    let (breaker, failures) = (Breaker::new("bench"), Mutex::new(Failures::default()));
    for _ in 0..operations {
        let called = match way {
            Way::Toolkit => breaker.call(call(1)).await.is_ok(),
            _ => {
                let open_until = failures.lock().unwrap_or_else(PoisonError::into_inner).open_until;
                let is_open = open_until.is_some_and(|until| Instant::now() < until);
                let mut counted = Counted { failures: &failures, failed: true };
                let result = if is_open { Err(0) } else { call(1).await };
                counted.failed = result.is_err();
                result.is_ok()
            }
        };
        assert!(called);
    }
}

const KEYS: u64 = 1_000;

pub(crate) fn cache(way: Way, operations: u64) {
    let ttl = Duration::from_secs(3600);
    let value: Arc<str> = "a value".into();
    match way {
        Way::Toolkit => {
            let cache = Cache::new(2 * KEYS as usize).ttl(ttl);
            (0..KEYS).for_each(|key| cache.insert(key, value.clone()));
            repeat(operations, |key| cache.get(&key));
        }
        Way::Crate => {
            let cache = quick_cache::sync::Cache::new(2 * KEYS as usize);
            (0..KEYS).for_each(|key| cache.insert(key, (Instant::now() + ttl, value.clone())));
            repeat(operations, |key| {
                cache.get(&key).filter(|(until, _)| Instant::now() < *until).map(|(_, value)| value)
            });
        }
        Way::ByHand => {
            let until = Instant::now() + ttl;
            let map: std::collections::HashMap<_, _> = (0..KEYS).map(|key| (key, (until, value.clone()))).collect();
            let map = std::sync::RwLock::new(map);
            repeat(operations, |key| {
                let map = map.read().unwrap_or_else(PoisonError::into_inner);
                map.get(&key).filter(|(until, _)| Instant::now() < *until).map(|(_, value)| value.clone())
            });
        }
    }
}

fn repeat(operations: u64, get: impl Fn(u64) -> Option<Arc<str>>) {
    for operation in 0..operations {
        assert!(black_box(get(black_box(operation % KEYS))).is_some());
    }
}
