//! The error boundary: errors, panics, retries, fallbacks and logs.
#![cfg(feature = "boundary")]

mod harness;

use std::cell::Cell;
use std::future::{pending, ready};
use std::rc::Rc;

use harness::{Events, ms, paused, poll_once};
use service_toolkit::boundary::BoundaryError;
use service_toolkit::{Boundary, RetryPolicy};
use tokio::time::{Instant, advance, sleep};

#[tokio::test(start_paused = true)]
async fn it_retries_then_logs_then_falls_back() {
    let events = Events::record();
    let attempts = Cell::new(0);
    let boundary = Boundary::new("reading the port").retries(2).fallback(80_u16);
    let port = boundary.run(|| {
        attempts.set(attempts.get() + 1);
        ready("none".parse::<u16>())
    });
    assert_eq!((port.await, attempts.get()), (Ok(80), 3));
    assert_eq!(events.with("is retried").len(), 2);
    assert_eq!(
        events.with("fallback"),
        [
            "WARN failed, and the fallback is used domain=\"boundary\" action=\"run\" status=\"warning\" operation=\"reading the port\" error=invalid digit found in string \
          error_type=\"core::num::error::ParseIntError\" attempts=3"
        ]
    );
    assert_eq!(events.with("").len(), 3);
}

#[tokio::test(start_paused = true)]
async fn without_a_fallback_the_error_is_logged_and_returned() {
    let events = Events::record();
    let boundary = Boundary::<(), &str>::new("saving");
    assert_eq!(boundary.run(|| ready(Err("disk full"))).await, Err(BoundaryError::Failed("disk full")));
    assert_eq!(
        events.with(""),
        [
            "ERROR failed domain=\"boundary\" action=\"run\" status=\"error\" operation=\"saving\" error=disk full error_type=\"&str\" attempts=1"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_success_is_returned_and_not_logged() {
    let events = Events::record();
    let boundary = Boundary::<_, &str>::new("a").retries(1).fallback(0);
    let attempts = Cell::new(0);
    let second = boundary.run(|| {
        attempts.set(attempts.get() + 1);
        ready(if attempts.get() == 2 { Ok(7) } else { Err("no") })
    });
    assert_eq!(second.await, Ok(7));
    assert_eq!((boundary.scope(ready(Ok(8))).await, boundary.handle(Ok(9))), (Ok(8), Ok(9)));
    assert_eq!((events.with("is retried").len(), events.with("").len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_contained_and_retried() {
    let events = Events::record();
    let attempts = Cell::new(0);
    let boundary = Boundary::<u32, &str>::new("a").retries(2);
    let third = boundary.run(|| {
        attempts.set(attempts.get() + 1);
        let attempt = attempts.get();
        assert_ne!(attempt, 1, "the closure panics");
        async move {
            sleep(ms(1)).await;
            assert_ne!(attempt, 2, "the future panics");
            Ok(attempt)
        }
    });
    assert_eq!(third.await, Ok(3));
    assert!(events.with("is retried")[0].contains("the closure panics"));
    assert!(events.with("is retried")[1].contains("the future panics"));
    let error = boundary.scope(async { panic!("block {}", 1) }).await.unwrap_err();
    assert_eq!((error.to_string().as_str(), error.error_type()), ("panicked: block 1", "panic"));
    let error = boundary.scope(async { std::panic::panic_any(5) }).await.unwrap_err();
    assert_eq!(error, BoundaryError::Panicked("a payload that is not text".into()));
}

#[tokio::test(start_paused = true)]
async fn an_error_that_is_not_recoverable_is_neither_retried_nor_replaced() {
    let attempts = Cell::new(0);
    let boundary = Boundary::new("a").retries(5).fallback(0);
    let boundary = boundary.recoverable(|error| matches!(error, BoundaryError::Failed("busy")));
    let failed = boundary.run(|| {
        attempts.set(attempts.get() + 1);
        ready(Err(if attempts.get() < 3 { "busy" } else { "broken" }))
    });
    assert_eq!((failed.await, attempts.get()), (Err(BoundaryError::Failed("broken")), 3));
    assert_eq!(boundary.handle(Err("busy")), Ok(0));
    assert_eq!(boundary.handle(Err("broken")), Err(BoundaryError::Failed("broken")));
}

#[tokio::test(start_paused = true)]
async fn a_scope_runs_once_and_a_result_is_handled() {
    let events = Events::record();
    let boundary = Boundary::<u16>::new("reading").retries(3).fallback_with(|error| error.to_string().len() as u16);
    let ran = Cell::new(0);
    let clone = boundary.clone();
    let length = clone.scope(async {
        ran.set(ran.get() + 1);
        Ok("none".parse::<u16>()?)
    });
    assert_eq!((length.await.unwrap(), ran.get()), (29, 1));
    assert_eq!(boundary.handle(Err("four".into())).unwrap(), 4);
    assert_eq!(events.with("the fallback is used").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_the_fallback_or_the_predicate_returns_the_error() {
    let events = Events::record();
    let fallback = Boundary::<(), _>::new("a").fallback_with(|_| panic!("seeded"));
    assert_eq!(fallback.handle(Err("no")), Err(BoundaryError::Failed("no")));
    assert_eq!(events.with("the fallback panicked").len(), 1);
    let predicate = Boundary::new("a").fallback(()).recoverable(|_| panic!("seeded"));
    assert_eq!(predicate.handle(Err("no")), Err(BoundaryError::Failed("no")));
}

#[tokio::test(start_paused = true)]
async fn the_total_time_of_the_policy_applies() {
    let began = Instant::now();
    let policy = RetryPolicy::fixed(9, ms(10)).total_time(ms(100));
    let boundary = Boundary::<(), &str>::new("a").retry(policy);
    assert_eq!(boundary.run(pending).await, Err(BoundaryError::TimedOut(ms(100))));
    assert_eq!(began.elapsed(), ms(100));
    assert_eq!(boundary.fallback(()).run(pending).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn all_retries_are_allowed() {
    let attempts = Cell::new(0_u32);
    let boundary = Boundary::<_, &str>::new("a").retries(u32::MAX);
    let result = boundary.run(|| {
        attempts.set(attempts.get() + 1);
        ready(if attempts.get() == 5000 { Ok(()) } else { Err("no") })
    });
    assert_eq!(result.await, Ok(()));
}

#[test]
fn a_drop_at_any_await_cancels_the_operation_and_logs_nothing() {
    for polls in 0..4 {
        paused(async {
            let events = Events::record();
            let (held, boundary) = (Rc::new(()), Boundary::<(), &str>::new("a").fallback(()));
            let mut run = Box::pin(boundary.run(|| {
                let held = held.clone();
                async move {
                    let _held = held;
                    for _ in 0..3 {
                        sleep(ms(5)).await;
                    }
                    Err("no")
                }
            }));
            for _ in 0..polls {
                assert!(poll_once(run.as_mut()).is_pending());
                advance(ms(5)).await;
            }
            drop(run);
            assert_eq!((Rc::strong_count(&held), events.with("").len()), (1, 0));
        });
    }
}

struct Textless;

impl std::fmt::Display for Textless {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("no text");
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_whose_text_panics_is_replaced_and_returned_like_any_other() {
    let events = Events::record();
    let boundary = Boundary::<u16, Textless>::new("reading the port");
    assert_eq!(boundary.clone().fallback(80).run(|| ready(Err(Textless))).await.ok(), Some(80));
    assert!(matches!(boundary.handle(Err(Textless)), Err(BoundaryError::Failed(Textless))));
    let error = "error=no text, because it panicked: no text";
    assert_eq!((events.with("WARN failed, and the fallback is used").len(), events.with(error).len()), (1, 2));
}
