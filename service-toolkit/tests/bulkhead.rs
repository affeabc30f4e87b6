//! The bulkhead: places, queue, waiting time, cancellation, and generated sequences against a model.
#![cfg(feature = "bulkhead")]

mod harness;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::{Future, pending};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use harness::{ms, paused, poll_once, seeds, settle};
use service_toolkit::Bulkhead;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

#[tokio::test(start_paused = true)]
async fn calls_beyond_the_limit_wait_in_order_and_beyond_the_queue_are_refused() {
    let bulkhead = Arc::new(Bulkhead::new("search", 2).queue(3));
    let began = Instant::now();
    let calls: Vec<_> = (0..7)
        .map(|_| {
            let bulkhead = bulkhead.clone();
            tokio::spawn(async move {
                let call = bulkhead.call(async {
                    sleep(ms(10)).await;
                    began.elapsed().as_millis()
                });
                call.await
            })
        })
        .collect();
    settle().await;
    assert_eq!((bulkhead.running(), bulkhead.waiting()), (2, 3));
    let mut ended = Vec::new();
    for call in calls {
        ended.push(call.await.unwrap());
    }
    let refused = ended.split_off(5);
    assert_eq!(ended, [Ok(10), Ok(10), Ok(20), Ok(20), Ok(30)]);
    for refused in refused {
        let text = "the bulkhead search is full: 2 calls run and 3 wait; call again later";
        assert_eq!(refused.unwrap_err().to_string(), text);
    }
    assert_eq!((bulkhead.running(), bulkhead.waiting()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_has_waited_too_long_is_refused() {
    let bulkhead = Bulkhead::new("search", 1).queue(9).max_wait(ms(50));
    let place = bulkhead.acquire().await.unwrap();
    let began = Instant::now();
    let error = bulkhead.call(async {}).await.unwrap_err();
    assert_eq!((began.elapsed(), error.waited), (ms(50), ms(50)));
    assert!(error.to_string().ends_with("this call has waited 50ms for a place"), "{error}");
    assert_eq!(bulkhead.waiting(), 0);
    drop(place);
    assert_eq!(bulkhead.call(async { 1 }).await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn a_refused_call_does_not_run_and_a_panic_frees_its_place() {
    let bulkhead = Arc::new(Bulkhead::new("a", 1));
    let it = bulkhead.clone();
    let task = tokio::spawn(async move { it.call(async { panic!("seeded") }).await });
    assert!(task.await.unwrap_err().is_panic());
    let _place = bulkhead.acquire().await.unwrap();
    let mut ran = false;
    assert!(bulkhead.call(async { ran = true }).await.is_err());
    assert!(!ran);
}

#[tokio::test(start_paused = true)]
async fn unusual_numbers_have_an_outcome() {
    let zero = Bulkhead::new("a", 0).queue(1).max_wait(Duration::ZERO);
    assert_eq!(zero.call(async { 1 }).await, Ok(1), "zero places are one");
    let _place = zero.acquire().await.unwrap();
    assert!(zero.call(async {}).await.is_err());
    let endless = Bulkhead::new("b", usize::MAX).queue(usize::MAX).max_wait(Duration::MAX);
    assert_eq!(endless.call(async { 1 }).await, Ok(1));
    let one = Bulkhead::new("c", 1).queue(usize::MAX).max_wait(Duration::MAX);
    let _place = one.acquire().await.unwrap();
    assert!(poll_once(std::pin::pin!(one.acquire())).is_pending());
}

#[test]
fn generated_sequences_agree_with_a_queue() {
    seeds(300, |seed| paused(sequence(seed)));
}

/// The model: calls that run, and calls that wait in order.
async fn sequence(seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let (concurrent, queue) = (random.usize(1..4), random.usize(0..4));
    let bulkhead = Rc::new(Bulkhead::new("a", concurrent).queue(queue));
    let (mut running, mut waiting) = (Vec::new(), VecDeque::new());
    let began = Rc::new(RefCell::new(Vec::new()));
    type Call = Pin<Box<dyn Future<Output = bool>>>;
    let mut calls: Vec<(usize, oneshot::Sender<()>, Call)> = Vec::new();
    let mut expected = Vec::new();
    for step in 0..200 {
        // Else tokio's budget of a task ends, and what is ready says that it is not.
        tokio::task::yield_now().await;
        if random.bool() {
            let (send, receive) = oneshot::channel::<()>();
            let (it, begins) = (bulkhead.clone(), began.clone());
            let mut call: Call = Box::pin(async move {
                let call = async {
                    begins.borrow_mut().push(step);
                    if receive.await.is_err() {
                        pending::<()>().await;
                    }
                };
                it.call(call).await.is_ok()
            });
            let polled = poll_once(call.as_mut());
            if running.len() < concurrent {
                running.push(step);
                expected.push(step);
            } else if waiting.len() < queue {
                waiting.push_back(step);
            } else {
                assert_eq!(polled, std::task::Poll::Ready(false), "step {step}: refused");
                continue;
            }
            assert!(polled.is_pending(), "step {step}");
            calls.push((step, send, call));
        } else if !calls.is_empty() {
            let (number, send, mut call) = calls.swap_remove(random.usize(0..calls.len()));
            if running.contains(&number) && random.bool() {
                assert!(send.send(()).is_ok());
                assert_eq!(poll_once(call.as_mut()), std::task::Poll::Ready(true), "step {step}");
            }
            drop(call);
            running.retain(|other| *other != number);
            waiting.retain(|other| *other != number);
            // The drop of a running call gives its place to the first that waits.
            while running.len() < concurrent && !waiting.is_empty() {
                let next = waiting.pop_front().expect("one waits");
                running.push(next);
                expected.push(next);
            }
            // Sometimes, the call that was given the place is dropped before it is polled.
            if random.u8(0..4) > 0 {
                for (_, _, call) in &mut calls {
                    assert!(poll_once(call.as_mut()).is_pending(), "step {step}");
                }
                assert!(running.iter().all(|number| began.borrow().contains(number)), "step {step}: {running:?}");
            }
        }
        let begun = began.borrow();
        assert!(begun.iter().all(|number| expected.contains(number)), "step {step}: {begun:?}");
        assert_eq!((bulkhead.running(), bulkhead.waiting()), (running.len(), waiting.len()), "step {step}");
    }
    drop(calls);
    assert_eq!((bulkhead.running(), bulkhead.waiting()), (0, 0));
    assert!(bulkhead.call(async {}).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_threads_keep_the_limit() {
    let bulkhead = Arc::new(Bulkhead::new("a", 3).queue(1000));
    let (running, peak) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let calls: Vec<_> = (0..500)
        .map(|_| {
            let (bulkhead, running, peak) = (bulkhead.clone(), running.clone(), peak.clone());
            tokio::spawn(async move {
                let call = async {
                    peak.fetch_max(running.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
                    tokio::task::yield_now().await;
                    running.fetch_sub(1, Ordering::Relaxed);
                };
                bulkhead.call(call).await
            })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap(), Ok(()));
    }
    assert!(peak.load(Ordering::Relaxed) <= 3);
    assert_eq!((bulkhead.running(), bulkhead.waiting()), (0, 0));
}
