//! The rate limit: tokens, bursts, order, cancellation, and generated sequences against a model.
#![cfg(feature = "rate_limit")]

mod harness;

use std::sync::Arc;
use std::time::Duration;

use harness::{ms, paused, poll_once, seeds, settle};
use service_toolkit::RateLimit;
use tokio::time::{Instant, advance};

/// When each of several calls begins, in milliseconds.
async fn begins(limit: RateLimit, calls: usize) -> Vec<u128> {
    let (began, mut begins) = (Instant::now(), Vec::new());
    for _ in 0..calls {
        begins.push(limit.call(async { began.elapsed().as_millis() }).await);
    }
    begins
}

#[tokio::test(start_paused = true)]
async fn a_burst_runs_at_once_and_then_tokens_return_evenly() {
    assert_eq!(begins(RateLimit::new("a", 4, ms(100)), 7).await, [0, 0, 0, 0, 25, 50, 75]);
    assert_eq!(begins(RateLimit::new("a", 4, ms(100)).burst(1), 4).await, [0, 25, 50, 75]);
    assert_eq!(begins(RateLimit::new("a", 4, ms(100)).burst(2), 4).await, [0, 0, 25, 50]);
}

#[tokio::test(start_paused = true)]
async fn the_bucket_does_not_grow_beyond_its_size() {
    let limit = RateLimit::new("a", 2, ms(100));
    advance(ms(100_000)).await;
    assert_eq!(begins(limit, 4).await, [0, 0, 50, 100]);
}

#[tokio::test(start_paused = true)]
async fn without_a_token_the_error_says_when_to_call_again() {
    let limit = RateLimit::new("github", 2, ms(100));
    assert!(limit.try_acquire().is_ok());
    advance(ms(10)).await;
    assert!(limit.try_acquire().is_ok());
    let error = limit.try_acquire().unwrap_err();
    assert_eq!(error.to_string(), "the rate limit github of 2 calls per 100ms is reached; call again in 40ms");
    advance(ms(39)).await;
    assert!(limit.try_acquire().is_err());
    advance(ms(1)).await;
    assert!(limit.try_acquire().is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_time_of_a_token_is_rounded_up() {
    let limit = RateLimit::new("a", 3, ms(1000)).burst(1);
    assert!(limit.try_acquire().is_ok());
    assert_eq!(limit.try_acquire().unwrap_err().retry_after, Duration::from_nanos(333_333_334));
}

#[tokio::test(start_paused = true)]
async fn waiting_calls_are_served_in_order_and_not_overtaken() {
    let limit = Arc::new(RateLimit::new("a", 1, ms(10)));
    limit.acquire().await;
    let began = Instant::now();
    let waiting: Vec<_> = (0..3)
        .map(|_| {
            let limit = limit.clone();
            tokio::spawn(async move { limit.call(async { began.elapsed() }).await })
        })
        .collect();
    settle().await;
    assert_eq!(limit.try_acquire().unwrap_err().retry_after, ms(20), "the first token is for a call that waits");
    let mut served = Vec::new();
    for call in waiting {
        served.push(call.await.unwrap());
    }
    assert_eq!(served, [ms(10), ms(20), ms(30)]);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_call_takes_no_token() {
    let limit = RateLimit::new("a", 1, ms(10));
    limit.acquire().await;
    let (mut first, mut second) = (Box::pin(limit.acquire()), Box::pin(limit.acquire()));
    assert!(poll_once(first.as_mut()).is_pending() && poll_once(second.as_mut()).is_pending());
    advance(ms(10)).await;
    drop(first);
    assert!(poll_once(second.as_mut()).is_ready(), "the token is for the next in the queue");
    assert!(limit.try_acquire().is_err());
}

#[tokio::test(start_paused = true)]
async fn unusual_numbers_have_an_outcome() {
    assert_eq!(begins(RateLimit::new("a", 0, ms(10)).burst(0), 3).await, [0, 10, 20]);
    assert_eq!(begins(RateLimit::new("a", 3, Duration::ZERO), 9).await, [0; 9]);
    assert_eq!(begins(RateLimit::new("a", u32::MAX, ms(1)).burst(u32::MAX), 9).await, [0; 9]);
    let endless = RateLimit::new("a", 1, Duration::MAX);
    assert!(endless.try_acquire().is_ok());
    advance(Duration::from_secs(1_000_000)).await;
    assert!(endless.try_acquire().is_err());
    assert!(poll_once(std::pin::pin!(endless.acquire())).is_pending());
    assert!(RateLimit::new("a", 2, Duration::MAX).burst(u32::MAX).try_acquire().is_ok());
}

#[test]
fn generated_sequences_agree_with_a_bucket() {
    seeds(300, |seed| {
        paused(async {
            let mut random = fastrand::Rng::with_seed(seed);
            let (interval, calls, burst) = (random.u64(1..30), random.u32(1..6), random.u32(1..8));
            let limit = RateLimit::new("a", calls, ms(interval * u64::from(calls))).burst(burst);
            // The model counts the parts of a token: `interval` of them are one.
            let full = interval * u64::from(burst);
            let mut bucket = full;
            for step in 0..200 {
                tokio::task::yield_now().await;
                match random.u8(0..3) {
                    0 => {
                        let time = random.u64(0..40);
                        advance(ms(time)).await;
                        bucket = (bucket + time).min(full);
                    }
                    1 => {
                        let taken = limit.try_acquire().map_err(|error| error.retry_after);
                        let expected = if bucket >= interval { Ok(()) } else { Err(ms(interval - bucket)) };
                        assert_eq!(taken, expected, "step {step}");
                        bucket -= if taken.is_ok() { interval } else { 0 };
                    }
                    _ => {
                        let mut acquire = Box::pin(limit.acquire());
                        let is_ready = poll_once(acquire.as_mut()).is_ready();
                        assert_eq!(is_ready, bucket >= interval, "step {step}");
                        bucket -= if is_ready { interval } else { 0 };
                    }
                }
            }
        });
    });
}

#[test]
fn a_huge_period_with_a_burst_is_a_limit() {
    paused(async {
        for (calls, burst) in [(1, 2), (1, u32::MAX / 2), (3, 2), (u32::MAX, 3)] {
            let limit = RateLimit::new("api", calls, Duration::MAX).burst(burst.min(1000));
            let admitted = (0..2000).filter(|_| limit.try_acquire().is_ok()).count();
            assert_eq!(admitted, burst.min(1000) as usize, "{limit:?}");
        }
        let limit = RateLimit::new("api", 1, Duration::MAX).burst(u32::MAX);
        assert!((0..2000).all(|_| limit.try_acquire().is_ok()));
    });
}
