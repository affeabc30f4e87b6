//! Retries: attempts, pauses, filters, limits and cancellation.
#![cfg(feature = "retry")]

mod harness;

use std::cell::{Cell, RefCell};
use std::future::{pending, ready};
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use harness::{Events, ms, paused, poll_once, seeds};
use service_core::Retry;
use service_toolkit::retry::GaveUp;
use service_toolkit::{RetryPolicy, retry};
use tokio::time::{Instant, sleep};

/// When each attempt of an operation that always fails began, in milliseconds.
async fn begins(policy: impl Into<RetryPolicy>) -> Vec<u128> {
    let (began, begins) = (Instant::now(), RefCell::new(Vec::new()));
    let result = retry(policy, || {
        begins.borrow_mut().push(began.elapsed().as_millis());
        ready(Err::<(), _>("no"))
    });
    assert!(result.await.is_err());
    begins.into_inner()
}

#[tokio::test(start_paused = true)]
async fn the_pauses_follow_the_policy() {
    assert_eq!(begins(RetryPolicy::exponential(5, ms(100), ms(300))).await, [0, 100, 300, 600, 900]);
    assert_eq!(begins(RetryPolicy::multiplied(4, ms(100), 1.5, ms(200))).await, [0, 100, 250, 450]);
    assert_eq!(begins(RetryPolicy::linear(5, ms(100), ms(300))).await, [0, 100, 300, 600, 900]);
    assert_eq!(begins(RetryPolicy::linear(4, ms(10), ms(1000))).await, [0, 10, 30, 60]);
    assert_eq!(begins(RetryPolicy::fixed(3, ms(50))).await, [0, 50, 100]);
    assert_eq!(begins(Retry::new(4, ms(100), ms(1000))).await, [0, 100, 300, 700]);
}

#[tokio::test(start_paused = true)]
async fn the_error_counts_attempts_and_retries_and_carries_the_last_error() {
    let attempt = Cell::new(0);
    let result = retry(RetryPolicy::fixed(3, ms(50)), || {
        attempt.set(attempt.get() + 1);
        let number = attempt.get();
        async move {
            sleep(ms(10)).await;
            Err::<(), _>(format!("error {number}"))
        }
    });
    let error = result.named("fetching the list").await.unwrap_err();
    assert_eq!((error.attempts(), error.retries(), error.elapsed()), (3, 2, ms(130)));
    assert_eq!((error.reason(), error.last().map(String::as_str)), (GaveUp::Attempts, Some("error 3")));
    assert_eq!(error.to_string(), "fetching the list failed after 3 attempts in 130ms: error 3");
    assert_eq!(error.into_last().as_deref(), Some("error 3"));
}

#[tokio::test(start_paused = true)]
async fn an_error_that_the_filter_rejects_is_not_retried() {
    let left = RefCell::new(vec!["fatal", "busy", "busy"]);
    let operation = || ready(Err::<(), _>(left.borrow_mut().pop().unwrap_or("none left")));
    let error = retry(RetryPolicy::fixed(9, ms(1)), operation).when(|error| *error == "busy").await.unwrap_err();
    assert_eq!((error.attempts(), error.reason(), error.last()), (3, GaveUp::NotRetried, Some(&"fatal")));
    assert!(error.to_string().ends_with("with an error that is not retried: fatal"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn the_total_time_cuts_a_running_attempt() {
    let (began, held, attempts) = (Instant::now(), Rc::new(()), Cell::new(0));
    let result = retry(RetryPolicy::fixed(9, ms(10)).total_time(ms(100)), || {
        attempts.set(attempts.get() + 1);
        let (held, attempt) = (held.clone(), attempts.get());
        async move {
            let _held = held;
            if attempt == 2 {
                pending::<()>().await;
            }
            Err::<(), _>("busy")
        }
    });
    let error = result.await.unwrap_err();
    assert_eq!((began.elapsed(), error.elapsed()), (ms(100), ms(100)));
    assert_eq!((error.attempts(), error.reason(), error.last()), (2, GaveUp::TotalTime, Some(&"busy")));
    assert_eq!(Rc::strong_count(&held), 1, "the attempt is dropped");
}

#[tokio::test(start_paused = true)]
async fn an_operation_that_never_ends_has_no_last_error() {
    let result = retry(RetryPolicy::fixed(9, ms(10)).total_time(ms(100)), pending::<Result<(), String>>);
    let error = result.await.unwrap_err();
    assert_eq!((error.attempts(), error.last()), (1, None));
    assert!(error.to_string().contains("no attempt ended in that time"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_pause_beyond_the_total_time_does_not_begin() {
    let began = Instant::now();
    let policy = RetryPolicy::fixed(9, ms(60)).total_time(ms(100));
    let error = retry(policy, || ready(Err::<(), _>("busy"))).await.unwrap_err();
    assert_eq!((began.elapsed(), error.attempts(), error.reason()), (ms(60), 2, GaveUp::TotalTime));
}

#[tokio::test(start_paused = true)]
async fn unusual_numbers_have_an_outcome() {
    assert_eq!(begins(RetryPolicy::fixed(0, ms(1))).await.len(), 1, "zero attempts are one");
    assert_eq!(begins(RetryPolicy::linear(0, ms(1), ms(1))).await.len(), 1);
    assert_eq!(begins(RetryPolicy::multiplied(0, ms(1), 2.0, ms(1))).await.len(), 1);
    assert_eq!(begins(RetryPolicy::fixed(1000, Duration::ZERO)).await.len(), 1000);
    for factor in [f64::NAN, -3.0, 0.0] {
        assert_eq!(begins(RetryPolicy::multiplied(3, ms(5), factor, ms(100))).await, [0, 5, 10]);
    }
    let endless = RetryPolicy::multiplied(u32::MAX, Duration::ZERO, f64::INFINITY, Duration::MAX).jitter(f64::NAN);
    assert_eq!(endless.delay_after(u32::MAX - 1), Some(Duration::ZERO));
    let endless = RetryPolicy::multiplied(u32::MAX, Duration::MAX, 2.0, Duration::MAX).jitter(f64::INFINITY);
    assert_eq!(endless.delay_after(u32::MAX - 1), Some(Duration::MAX));
    assert_eq!(RetryPolicy::linear(9, Duration::MAX, Duration::MAX).delay_after(0), Some(Duration::MAX));
    let now = retry(RetryPolicy::fixed(3, ms(1)).total_time(Duration::ZERO), || ready(Ok::<_, String>(1)));
    assert_eq!(now.await.unwrap(), 1);
    let mut waits = pin!(retry(endless, || ready(Err::<(), _>("busy"))));
    assert!(poll_once(waits.as_mut()).is_pending(), "an endless pause is a pause");
}

#[test]
fn jitter_adds_at_most_its_part() {
    seeds(50, |seed| {
        fastrand::seed(seed);
        let begins = paused(begins(RetryPolicy::fixed(2, ms(1000)).jitter(0.5)));
        assert!((1000..=1501).contains(&begins[1]), "{begins:?}");
    });
    let all =
        |part| -> Vec<_> { (0..20).map(|_| paused(begins(RetryPolicy::fixed(2, ms(1000)).jitter(part)))).collect() };
    assert!(all(0.5).iter().any(|begins| begins[1] > 1250));
    assert!(all(0.5).iter().any(|begins| begins[1] < 1250));
    assert!(all(-1.0).iter().all(|begins| begins[1] == 1000));
}

#[tokio::test(start_paused = true)]
async fn each_retry_is_an_event_and_a_call() {
    let events = Events::record();
    let calls = RefCell::new(Vec::new());
    let result = retry(RetryPolicy::linear(3, ms(10), ms(100)), || ready(Err::<(), _>("busy"))).named("the fetch");
    let result = result.on_retry(|failed| calls.borrow_mut().push((failed.attempt, failed.pause, *failed.error)));
    assert!(result.await.is_err());
    assert_eq!(calls.into_inner(), [(1, ms(10), "busy"), (2, ms(20), "busy")]);
    let lines = events.with("is retried");
    assert_eq!(lines.len(), 2, "the last failure is the returned error: {lines:?}");
    assert_eq!(
        lines[0],
        "WARN failed, and is retried domain=\"retry\" action=\"attempt\" status=\"warning\" operation=the fetch attempt=1 error=busy pause=10ms"
    );
}

#[test]
fn a_drop_at_any_await_drops_the_attempt() {
    for polls in 0..10 {
        paused(async {
            let (held, begun) = (Rc::new(()), Cell::new(0_u32));
            let mut future = Box::pin(retry(RetryPolicy::fixed(3, ms(10)), || {
                begun.set(begun.get() + 1);
                let held = held.clone();
                async move {
                    let _held = held;
                    sleep(ms(5)).await;
                    Err::<(), _>("busy")
                }
            }));
            let mut ended = false;
            for _ in 0..polls {
                // A future that has ended is not polled again.
                ended = ended || poll_once(future.as_mut()).is_ready();
                tokio::time::advance(ms(6)).await;
            }
            let so_far = begun.get();
            drop(future);
            sleep(ms(100)).await;
            assert_eq!((Rc::strong_count(&held), begun.get()), (1, so_far));
            assert_eq!(ended, polls >= 8, "35 ms take eight polls: {polls}");
        });
    }
}

#[test]
fn generated_policies_agree_with_a_sum_of_pauses() {
    seeds(300, |seed| {
        let mut random = fastrand::Rng::with_seed(seed);
        let (attempts, delay, max) = (random.u32(1..8), random.u64(0..50), random.u64(0..200));
        let (kind, run, succeeds_at) = (random.u8(0..3), random.u64(0..20), random.u32(1..10));
        let limit = random.bool().then(|| random.u64(0..300));
        let mut policy = match kind {
            0 => RetryPolicy::exponential(attempts, ms(delay), ms(max)),
            1 => RetryPolicy::linear(attempts, ms(delay), ms(max)),
            _ => RetryPolicy::fixed(attempts, ms(delay)),
        };
        if let Some(limit) = limit {
            policy = policy.total_time(ms(limit));
        }
        // The model: (attempts, elapsed, whether it succeeds).
        let (mut clock, mut attempt, limit) = (0, 0, limit.unwrap_or(u64::MAX));
        let expected = loop {
            attempt += 1;
            // Tokio polls the future before it checks the time.
            if clock + run > limit {
                break (attempt, limit, false);
            }
            clock += run;
            let pause = match kind {
                0 => (delay << (attempt - 1)).min(max),
                1 => (delay * u64::from(attempt)).min(max),
                _ => delay,
            };
            if attempt == succeeds_at {
                break (attempt, clock, true);
            }
            if attempt == attempts || clock + pause > limit {
                break (attempt, clock, false);
            }
            clock += pause;
        };
        let found = paused(async {
            let (began, begun) = (Instant::now(), Cell::new(0));
            let result = retry(policy, || {
                begun.set(begun.get() + 1);
                let succeeds = begun.get() == succeeds_at;
                async move {
                    if run > 0 {
                        sleep(ms(run)).await;
                    }
                    if succeeds { Ok(()) } else { Err("busy") }
                }
            });
            let result = result.await;
            (begun.get(), began.elapsed().as_millis() as u64, result.is_ok())
        });
        assert_eq!(found, expected, "{policy:?}, run {run}, succeeds at {succeeds_at}");
    });
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_fits_the_total_time_exactly_is_followed_by_an_attempt() {
    let policy = RetryPolicy::fixed(5, ms(1000)).total_time(ms(1000));
    let error = retry(policy, || ready(Err::<(), _>("busy"))).await.unwrap_err();
    let text = "failed after 2 attempts in 1s, because its total time allows no further one: busy";
    assert!(error.to_string().ends_with(text), "{error}");
}

/// An error without a text.
struct Textless;

impl std::fmt::Display for Textless {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("seeded in Display")
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_whose_text_panics_is_retried() {
    let events = Events::record();
    let mut attempts = 0;
    let result = retry(RetryPolicy::fixed(2, ms(1)), || {
        attempts += 1;
        ready(if attempts == 1 { Err(Textless) } else { Ok(attempts) })
    });
    assert_eq!(result.await.ok(), Some(2));
    assert!(events.with("failed, and is retried")[0].contains("no text, because it panicked: seeded in Display"));
}
