//! The circuit breaker: its states, its probe, cancellation, and several threads.
#![cfg(feature = "breaker")]

mod harness;

use std::future::{pending, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use std::time::Duration;

use harness::{Events, ms, poll_once, settle};
use service_core::{Definition, Health, Registry};
use service_toolkit::Breaker;
use service_toolkit::breaker::{BreakerError, BreakerState};
use tokio::sync::{Notify, oneshot};
use tokio::time::advance;

type Outcome = Result<(), BreakerError<&'static str>>;

async fn fails(breaker: &Breaker) -> Outcome {
    breaker.call(ready(Err("no"))).await
}

async fn succeeds(breaker: &Breaker) -> Outcome {
    breaker.call(ready(Ok(()))).await
}

fn is_open(outcome: &Outcome) -> bool {
    matches!(outcome, Err(BreakerError::Open { .. }))
}

#[tokio::test(start_paused = true)]
async fn it_does_not_open_at_its_first_call() {
    let defaults = Breaker::new("a");
    assert_eq!(succeeds(&defaults).await, Ok(()));
    for _ in 0..4 {
        assert_eq!(fails(&defaults).await, Err(BreakerError::Failed("no")));
        assert_eq!(defaults.state(), BreakerState::Closed);
    }
    assert_eq!(fails(&defaults).await, Err(BreakerError::Failed("no")));
    assert_eq!(defaults.state(), BreakerState::Open, "at the fifth failure");
    let rate = Breaker::new("b").failure_rate(0.0, ms(100), 0);
    assert_eq!(succeeds(&rate).await, Ok(()));
    assert_eq!(rate.state(), BreakerState::Closed, "a success opens no breaker");
}

#[tokio::test(start_paused = true)]
async fn a_success_ends_a_row_of_failures() {
    let breaker = Breaker::new("a").consecutive_failures(2);
    for _ in 0..3 {
        assert!(fails(&breaker).await.is_err());
        assert!(succeeds(&breaker).await.is_ok());
    }
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn an_open_breaker_refuses_until_its_time_and_then_probes() {
    let breaker = Breaker::new("a").consecutive_failures(1).open_for(ms(100));
    assert!(fails(&breaker).await.is_err());
    advance(ms(40)).await;
    let refused = succeeds(&breaker).await.unwrap_err();
    assert_eq!(refused, BreakerError::Open { breaker: "a".into(), retry_after: ms(60) });
    assert_eq!(refused.to_string(), "the circuit breaker a is open, so the call was refused; call again in 60ms");
    advance(ms(60)).await;
    assert_eq!(fails(&breaker).await, Err(BreakerError::Failed("no")), "the probe runs");
    assert!(is_open(&succeeds(&breaker).await), "and opens it again");
    advance(ms(100)).await;
    assert!(succeeds(&breaker).await.is_ok());
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_refused_call_does_not_run() {
    let breaker = Breaker::new("a").consecutive_failures(1);
    assert!(fails(&breaker).await.is_err());
    let mut ran = false;
    let refused = breaker.call(async {
        ran = true;
        Ok::<_, &str>(())
    });
    assert!(is_open(&refused.await));
    assert!(!ran);
}

#[tokio::test(start_paused = true)]
async fn one_call_probes_at_a_time() {
    let breaker = Arc::new(Breaker::new("a").consecutive_failures(1).open_for(ms(100)).probes(2));
    assert!(fails(&breaker).await.is_err());
    advance(ms(100)).await;
    let (go, ran) = (Arc::new(Notify::new()), Arc::new(AtomicU32::new(0)));
    for round in 1..=2 {
        let calls: Vec<_> = (0..20)
            .map(|_| {
                let (breaker, go, ran) = (breaker.clone(), go.clone(), ran.clone());
                tokio::spawn(async move {
                    let call = async {
                        ran.fetch_add(1, Ordering::Relaxed);
                        go.notified().await;
                        Ok::<_, &str>(())
                    };
                    breaker.call(call).await
                })
            })
            .collect();
        settle().await;
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        go.notify_waiters();
        let mut refused = 0;
        for call in calls {
            refused += u32::from(is_open(&call.await.unwrap()));
        }
        assert_eq!((refused, ran.load(Ordering::Relaxed)), (19, round));
    }
    assert_eq!(breaker.state(), BreakerState::Closed, "after the second probe");
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_probe_makes_place_for_another() {
    let breaker = Breaker::new("a").consecutive_failures(1).open_for(ms(100));
    assert!(fails(&breaker).await.is_err());
    advance(ms(100)).await;
    let mut probe = Box::pin(breaker.call(pending::<Result<(), &str>>()));
    assert!(poll_once(probe.as_mut()).is_pending());
    assert!(is_open(&succeeds(&breaker).await));
    drop(probe);
    assert_eq!(breaker.state(), BreakerState::HalfOpen, "a cancelled probe decides nothing");
    assert!(succeeds(&breaker).await.is_ok());
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_hangs_is_given_up_and_its_late_result_does_not_count() {
    let breaker = Breaker::new("a").consecutive_failures(1).open_for(ms(100)).probes(2);
    assert!(fails(&breaker).await.is_err());
    advance(ms(100)).await;
    let (send, late) = oneshot::channel::<()>();
    let mut hangs = Box::pin(breaker.call(async { late.await.map_err(|_| "late") }));
    assert!(poll_once(hangs.as_mut()).is_pending());
    advance(ms(99)).await;
    assert!(is_open(&succeeds(&breaker).await));
    advance(ms(1)).await;
    assert!(succeeds(&breaker).await.is_ok(), "another call probes");
    drop(send);
    assert!(poll_once(hangs.as_mut()).is_ready());
    assert_eq!(breaker.state(), BreakerState::HalfOpen, "the late failure does not open it");
    assert!(succeeds(&breaker).await.is_ok());
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_result_of_an_earlier_period_does_not_count() {
    let breaker = Breaker::new("a").consecutive_failures(1).open_for(ms(100));
    let (send, late) = oneshot::channel::<()>();
    let mut slow = Box::pin(breaker.call(async { late.await.map_err(|_| "late") }));
    assert!(poll_once(slow.as_mut()).is_pending());
    assert!(fails(&breaker).await.is_err());
    advance(ms(100)).await;
    assert!(succeeds(&breaker).await.is_ok());
    drop(send);
    assert!(matches!(poll_once(slow.as_mut()), Poll::Ready(Err(BreakerError::Failed("late")))));
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn the_failure_rate_counts_the_calls_in_its_window() {
    let breaker = Breaker::new("a").failure_rate(0.5, ms(1000), 4);
    assert!(succeeds(&breaker).await.is_ok());
    assert!(fails(&breaker).await.is_err());
    assert!(fails(&breaker).await.is_err());
    assert_eq!(breaker.state(), BreakerState::Closed, "three calls are too few");
    advance(ms(1000)).await;
    for _ in 0..2 {
        assert!(succeeds(&breaker).await.is_ok());
        assert!(succeeds(&breaker).await.is_ok());
        assert!(fails(&breaker).await.is_err());
    }
    assert_eq!(breaker.state(), BreakerState::Closed, "earlier failures have left the window");
    assert!(fails(&breaker).await.is_err());
    assert_eq!(breaker.state(), BreakerState::Closed, "3 of 7");
    assert!(fails(&breaker).await.is_err());
    assert_eq!(breaker.state(), BreakerState::Open, "4 of 8");
    assert!(breaker.health().why().unwrap().contains("4 failures of 8 calls within 1s"), "{:?}", breaker.health());
}

#[tokio::test(start_paused = true)]
async fn an_error_that_is_no_failure_counts_as_a_success() {
    let breaker = Breaker::new("a").consecutive_failures(2);
    for _ in 0..3 {
        assert!(breaker.call_with(ready(Err::<(), _>(500)), |status| *status >= 500).await.is_err());
        let result = breaker.call_with(ready(Err::<(), _>(404)), |status| *status >= 500).await;
        assert_eq!(result, Err(BreakerError::Failed(404)));
    }
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_failure_and_poisons_nothing() {
    let breaker = Arc::new(Breaker::new("a").consecutive_failures(1).open_for(ms(10)));
    let it = breaker.clone();
    let task = tokio::spawn(async move { it.call(async { panic!("seeded") as Result<(), &str> }).await });
    assert!(task.await.unwrap_err().is_panic());
    assert_eq!(breaker.state(), BreakerState::Open);
    advance(ms(10)).await;
    assert!(succeeds(&breaker).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn each_change_is_an_event_and_is_watched() {
    let events = Events::record();
    let breaker = Breaker::new("payments").consecutive_failures(1).open_for(ms(100));
    let mut states = breaker.watch();
    assert!(fails(&breaker).await.is_err());
    assert!(states.has_changed().unwrap());
    assert_eq!(*states.borrow_and_update(), BreakerState::Open);
    advance(ms(100)).await;
    assert!(succeeds(&breaker).await.is_ok());
    assert_eq!(*states.borrow_and_update(), BreakerState::Closed);
    assert_eq!(
        events.with("circuit breaker"),
        [
            "WARN the circuit breaker opens domain=\"breaker\" action=\"open\" status=\"warning\" breaker=\"payments\" from=Closed to=Open why=\"1 consecutive failures\"",
            "INFO the circuit breaker changes its state domain=\"breaker\" action=\"change\" status=\"success\" breaker=\"payments\" from=Open to=HalfOpen why=\"a call probes\"",
            "INFO the circuit breaker changes its state domain=\"breaker\" action=\"change\" status=\"success\" breaker=\"payments\" from=HalfOpen to=Closed why=\"the probes succeeded\"",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_service_returns_it_as_its_health() -> service_core::Result<()> {
    let breaker = Arc::new(Breaker::new("payments").consecutive_failures(1).open_for(ms(100)));
    let checked = breaker.clone();
    let shop = Definition::new("shop").health(move |_| {
        let health = checked.health();
        async move { health }
    });
    let registry = Registry::builder().isolated().define(shop).only_named("shop").health_cache(Duration::ZERO);
    let registry = registry.boot().await?;
    assert_eq!(registry.readiness().await, Health::Healthy);
    assert!(fails(&breaker).await.is_err());
    let why = "the circuit breaker payments is open after 1 consecutive failures; it allows a probe in 100ms";
    assert!(registry.readiness().await.why().is_some_and(|text| text.contains(why)), "{}", registry.health().await);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn unusual_numbers_have_an_outcome() {
    let zero = Breaker::new("a").consecutive_failures(0).probes(0).open_for(Duration::ZERO);
    assert!(fails(&zero).await.is_err());
    assert_eq!(zero.state(), BreakerState::Open);
    assert!(succeeds(&zero).await.is_ok());
    assert_eq!(zero.state(), BreakerState::Closed);
    let endless = Breaker::new("b").failure_rate(f64::NAN, Duration::MAX, 1).open_for(Duration::MAX);
    assert!(fails(&endless).await.is_err());
    advance(Duration::from_secs(1_000_000)).await;
    assert!(is_open(&succeeds(&endless).await));
    let moment = Breaker::new("c").failure_rate(1.0, Duration::ZERO, 2);
    for _ in 0..9 {
        assert!(fails(&moment).await.is_err());
    }
    assert_eq!(moment.state(), BreakerState::Closed, "a window without length never has two calls");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn on_several_threads_one_call_probes_at_a_time() {
    let breaker = Arc::new(Breaker::new("a").consecutive_failures(1).open_for(ms(500)).probes(u32::MAX));
    assert!(fails(&breaker).await.is_err());
    tokio::time::sleep(ms(510)).await;
    let (running, peak) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let calls: Vec<_> = (0..500)
        .map(|_| {
            let (breaker, running, peak) = (breaker.clone(), running.clone(), peak.clone());
            tokio::spawn(async move {
                let call = async {
                    peak.fetch_max(running.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
                    tokio::task::yield_now().await;
                    running.fetch_sub(1, Ordering::Relaxed);
                    Ok::<_, &str>(())
                };
                breaker.call(call).await
            })
        })
        .collect();
    for call in calls {
        let _ = call.await.unwrap();
    }
    assert_eq!((peak.load(Ordering::Relaxed), breaker.state()), (1, BreakerState::HalfOpen));
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_the_function_that_judges_an_error_counts_as_a_failure() {
    let breaker = Arc::new(Breaker::new("a").consecutive_failures(1));
    let calls = breaker.clone();
    let call = tokio::spawn(async move { calls.call_with(ready(Err::<(), _>("no")), |_| panic!("seeded")).await });
    assert!(call.await.unwrap_err().is_panic());
    assert_eq!(breaker.state(), BreakerState::Open);
}

#[tokio::test(start_paused = true)]
async fn the_health_of_a_half_open_breaker_counts_the_probes() {
    let breaker = Breaker::new("a").consecutive_failures(1).probes(2).open_for(ms(1000));
    assert!(fails(&breaker).await.is_err());
    advance(ms(1000)).await;
    assert_eq!(succeeds(&breaker).await, Ok(()));
    let text = "the circuit breaker a is half-open: 1 of 2 probes have succeeded";
    assert_eq!(breaker.health(), Health::degraded(text));
}
