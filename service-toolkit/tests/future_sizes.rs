//! How large the futures of the patterns are: each `async fn` that takes a future stores it twice, so layers of them double it.
#![cfg(all(feature = "boundary", feature = "cache", feature = "operation", feature = "retry"))]

use std::hint::black_box;
use std::mem::size_of_val;
use std::time::Duration;

use service_toolkit::{Boundary, Cache, Operation, RetryPolicy, cached, error_boundary, operation, retry};

async fn large() -> Result<u8, String> {
    let bytes = black_box([1_u8; 4096]);
    std::future::ready(()).await;
    Ok(bytes[0])
}

#[operation]
async fn as_operation() -> Result<u8, String> {
    large().await
}

#[retry]
async fn retried() -> Result<u8, String> {
    large().await
}

#[error_boundary]
async fn contained() -> Result<u8, String> {
    large().await
}

#[error_boundary(retries = 1)]
async fn contained_again() -> Result<u8, String> {
    large().await
}

#[cached]
async fn kept() -> Result<u8, String> {
    large().await
}

#[test]
fn a_future_is_stored_once_and_by_a_cache_twice() {
    let once = size_of_val(&large());
    let boundary = Boundary::<u8, String>::new("a");
    let cache = Cache::<u8, u8>::new(1);
    for (name, size, times) in [
        ("Operation::run", size_of_val(&Operation::new("a").run(|_| large())), 1),
        ("#[operation]", size_of_val(&as_operation()), 1),
        ("retry", size_of_val(&retry(RetryPolicy::fixed(1, Duration::ZERO), large)), 1),
        ("#[retry]", size_of_val(&retried()), 1),
        ("Boundary::run", size_of_val(&boundary.run(large)), 1),
        ("Boundary::scope", size_of_val(&boundary.scope(large())), 1),
        ("#[error_boundary]", size_of_val(&contained()), 1),
        ("#[error_boundary(retries = 1)]", size_of_val(&contained_again()), 1),
        ("Cache::get_or_try_insert_with", size_of_val(&cache.get_or_try_insert_with(&1, large())), 2),
        ("#[cached]", size_of_val(&kept()), 2),
    ] {
        assert!(size < times * once + 1024, "{name}: {size} bytes for a future of {once}");
    }
}
