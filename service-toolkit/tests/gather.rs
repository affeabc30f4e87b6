//! Gather: order, limit, progress, split, cancellation, and generated gathers against a schedule.
#![cfg(feature = "gather")]

mod harness;

use std::cell::{Cell, RefCell};
use std::future::{Future, Ready, pending, ready};
use std::pin::Pin;
use std::rc::Rc;

use futures_util::{Stream, StreamExt};
use harness::{Events, ms, paused, poll_once, seeds};
use service_core::CancellationToken;
use service_toolkit::{Outcome, Split, gather};
use tokio::time::{Instant, advance, sleep};

/// A future of this duration that returns it.
async fn takes(time: u64) -> u64 {
    sleep(ms(time)).await;
    time
}

#[tokio::test(start_paused = true)]
async fn results_are_in_the_order_of_the_arguments() {
    let began = Instant::now();
    assert_eq!(gather([30, 10, 20].map(takes)).await, [30, 10, 20]);
    assert_eq!(began.elapsed(), ms(30), "they run concurrently");
    assert_eq!(gather(Vec::<Ready<u8>>::new()).await, [0; 0]);
    let text = &String::from("text");
    assert_eq!(gather((0..2).map(|n| async move { text.len() + n })).await, [4, 5], "they may borrow");
}

#[tokio::test(start_paused = true)]
async fn no_more_futures_run_than_the_limit_allows() {
    let (running, peak, begun) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let items = (0..10_u32).map(|n| {
        begun.set(begun.get() + 1);
        let (running, peak) = (&running, &peak);
        async move {
            running.set(running.get() + 1);
            peak.set(peak.get().max(running.get()));
            sleep(ms(10)).await;
            running.set(running.get() - 1);
            n
        }
    });
    let began = Instant::now();
    let mut all = Box::pin(async { gather(items).limit(3).await });
    assert!(poll_once(all.as_mut()).is_pending());
    assert_eq!(begun.get(), 3, "an item is taken when its future begins");
    assert_eq!(all.await, (0..10).collect::<Vec<_>>());
    assert_eq!((peak.get(), began.elapsed()), (3, ms(40)));
}

#[tokio::test(start_paused = true)]
async fn progress_is_reported_as_each_completes() {
    let began = Instant::now();
    let seen = RefCell::new(Vec::new());
    let all = gather([30, 10, 20].map(takes));
    let all = all.on_progress(|p| seen.borrow_mut().push((p.completed, p.total, began.elapsed().as_millis())));
    assert_eq!(all.await.len(), 3);
    assert_eq!(seen.into_inner(), [(1, 3, 10), (2, 3, 20), (3, 3, 30)]);
}

#[tokio::test(start_paused = true)]
async fn outputs_can_be_taken_as_each_completes() {
    let mut all = gather([30, 10, 20].map(takes)).limit(2);
    assert_eq!(all.next().await, Some((1, 10)));
    assert_eq!(Stream::size_hint(&all), (2, Some(2)));
    let waiting = tokio::time::timeout(ms(5), all.next()).await;
    assert!(waiting.is_err(), "a dropped wait loses nothing");
    assert_eq!(all.collect::<Vec<_>>().await, [(0, 30), (2, 20)], "it is a stream");
}

#[tokio::test(start_paused = true)]
async fn a_split_counts_panics_and_cancelled_futures_apart() {
    let events = Events::record();
    let token = CancellationToken::new();
    let items = (0..8).map(|n| {
        let token = token.clone();
        async move {
            sleep(ms(10)).await;
            match n {
                1 => Err("one"),
                2 => panic!("number {n}"),
                4 => {
                    token.cancel();
                    sleep(ms(10)).await;
                    Ok(n)
                }
                _ => Ok(n),
            }
        }
    });
    let split = gather(items).limit(2).split_until(&token).await;
    assert_eq!((split.successes.as_slice(), split.errors.as_slice()), ([0, 3, 4, 5].as_slice(), ["one"].as_slice()));
    assert_eq!((split.panics.as_slice(), split.cancelled), (["number 2".to_owned()].as_slice(), 2));
    assert!(!split.is_success());
    assert_eq!(
        events.with(""),
        [
            "WARN not all gathered futures succeeded domain=\"gather\" action=\"split\" status=\"warning\" successes=4 errors=1 panicked=1 cancelled=2"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_token_wakes_a_gather_and_lets_its_futures_end() {
    let token = CancellationToken::new();
    let begun = Cell::new(0);
    let items = (0..4).map(|_| {
        begun.set(begun.get() + 1);
        async {
            sleep(ms(10)).await;
            Ok::<_, ()>(())
        }
    });
    let cancel = async {
        sleep(ms(5)).await;
        token.cancel();
    };
    let (split, ()) = tokio::join!(gather(items).limit(3).split_until(&token), cancel);
    assert_eq!((split.successes.len(), split.cancelled, begun.get()), (3, 1, 3));
    let split = gather([ready(Ok::<u8, u8>(1))]).split_until(&token).await;
    assert_eq!(split, [Outcome::Cancelled].into_iter().collect::<Split<u8, u8>>(), "nothing begins");
}

#[tokio::test(start_paused = true)]
async fn all_successes_are_no_warning() {
    let events = Events::record();
    let split = gather([ready(Ok::<u8, u8>(1)), ready(Ok(2))]).split().await;
    assert!(split.is_success() && split.successes == [1, 2]);
    assert_eq!(
        events.with(""),
        ["DEBUG all gathered futures succeeded domain=\"gather\" action=\"split\" status=\"success\" successes=2"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_panic_unwinds_into_the_caller_without_split() {
    let task = tokio::spawn(async { gather([0].map(|_| async { panic!("seeded") as u8 })).await });
    let payload = task.await.unwrap_err().into_panic();
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"seeded"));
}

#[tokio::test(start_paused = true)]
async fn zero_and_huge_limits_have_an_outcome() {
    let began = Instant::now();
    assert_eq!(gather([10, 10].map(takes)).limit(0).await, [10, 10]);
    assert_eq!(began.elapsed(), ms(20), "zero is one");
    assert_eq!(gather([10, 10].map(takes)).limit(usize::MAX).await, [10, 10]);
}

#[test]
fn a_drop_at_any_await_drops_every_future() {
    for polls in 0..5_usize {
        paused(async {
            let held = Rc::new(());
            let items: Vec<_> = (0..4)
                .map(|_| {
                    let held = held.clone();
                    async move {
                        sleep(ms(10)).await;
                        drop(held);
                    }
                })
                .collect();
            let mut all: Pin<Box<dyn Future<Output = Vec<()>>>> = Box::pin(async { gather(items).limit(1).await });
            for _ in 0..polls {
                assert!(poll_once(all.as_mut()).is_pending());
                advance(ms(10)).await;
            }
            assert_eq!(Rc::strong_count(&held), 5 - polls.saturating_sub(1), "some have ended");
            drop(all);
            assert_eq!(Rc::strong_count(&held), 1);
        });
    }
}

#[tokio::test(start_paused = true)]
async fn a_future_that_never_ends_stops_no_other() {
    let mut all = gather((0..100).map(|n| async move {
        if n == 0 {
            pending::<()>().await;
        }
        n
    }))
    .limit(2);
    for expected in 1..100 {
        assert_eq!(all.next().await.map(|(index, _)| index), Some(expected));
    }
    assert!(tokio::time::timeout(ms(1000), all.next()).await.is_err());
}

#[test]
fn generated_gathers_agree_with_a_schedule() {
    seeds(300, |seed| {
        let mut random = fastrand::Rng::with_seed(seed);
        let limit = random.usize(1..6);
        let times: Vec<_> = (0..random.usize(0..20)).map(|_| random.u64(1..50)).collect();
        // The model: each item begins when the first of `limit` workers is free.
        let mut free = vec![0; limit];
        let mut expected = Vec::new();
        for time in &times {
            let first = free.iter_mut().min().expect("the limit is not zero");
            expected.push(u128::from(*first));
            *first += time;
        }
        let end = if times.is_empty() { 0 } else { *free.iter().max().expect("there are some") };
        paused(async {
            let began = Instant::now();
            let items = times.iter().map(|time| async move {
                let begin = began.elapsed().as_millis();
                sleep(ms(*time)).await;
                begin
            });
            assert_eq!(gather(items).limit(limit).await, expected);
            assert_eq!(began.elapsed(), ms(end));
        });
    });
}

#[tokio::test(start_paused = true)]
async fn an_output_that_was_taken_before_a_split_is_not_cancelled() {
    let mut gathered = gather((0..4).map(|n| async move { if n == 2 { Err(n) } else { Ok(n) } })).limit(1);
    assert_eq!(gathered.next().await, Some((0, Ok(0))));
    let split = gathered.split().await;
    assert_eq!((split.successes, split.errors, split.cancelled), (vec![1, 3], vec![2], 0));
}
