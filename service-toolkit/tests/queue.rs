//! The queue: producers, consumers, metrics, the end of its service, and what is left of it.
#![cfg(feature = "queue")]

mod harness;

use std::convert::Infallible;
use std::future::{pending, ready};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use harness::{Events, ms, settle};
use service_core::{Definition, Health, Registry, Result};
use service_toolkit::Queue;
use service_toolkit::queue::PushError;
use tokio::time::{Instant, advance, sleep};

async fn boot<T: Send + Sync + 'static>(definition: Definition<T>) -> Result<Registry> {
    Ok(Registry::builder().isolated().define(definition).only_named("orders").boot().await?)
}

#[tokio::test(start_paused = true)]
async fn a_producer_and_consumers_lose_nothing_at_a_shutdown() -> Result<()> {
    let (fetched, processed) = (Arc::new(AtomicU32::new(0)), Arc::new(Mutex::new(Vec::new())));
    let (next, done) = (fetched.clone(), processed.clone());
    let orders = Definition::new("orders").init(move |cx| {
        let (queue, next, done) = (Queue::new("orders", 5), next.clone(), done.clone());
        queue.consume(&cx, 2, move |order: u32| {
            let done = done.clone();
            async move {
                sleep(ms(7)).await;
                done.lock().expect("no holder panics").push(order);
                Ok::<_, Infallible>(())
            }
        });
        queue.produce(&cx, move || {
            let next = next.clone();
            async move {
                sleep(ms(1)).await;
                Ok::<_, Infallible>(Some(next.fetch_add(1, Ordering::Relaxed)))
            }
        });
        ready(Ok(queue))
    });
    let registry = boot(orders).await?;
    let queue = registry.get_named::<Queue<u32>>("orders")?;
    sleep(ms(100)).await;
    registry.shutdown().await?;
    let mut processed = processed.lock().expect("no holder panics").clone();
    processed.sort_unstable();
    assert!(processed.len() > 20);
    assert_eq!(processed, (0..fetched.load(Ordering::Relaxed)).collect::<Vec<_>>());
    let metrics = queue.metrics();
    assert_eq!((metrics.depth, metrics.processing, metrics.dropped), (0, 0, 0));
    assert_eq!((metrics.pushed, metrics.processed), (processed.len() as u64, processed.len() as u64));
    assert_eq!(queue.push(1).await, Err(PushError::Closed(1)));
    assert_eq!(queue.try_push(1).unwrap_err().to_string(), "the queue is closed and takes no more items");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_is_left_at_the_end_is_in_the_shutdown_report() -> Result<()> {
    let orders = Definition::new("orders").drain_timeout(ms(50)).init(async |cx| {
        let queue = Queue::new("orders", 9);
        queue.consume(&cx, 2, |_: u32| pending::<Result<(), Infallible>>());
        Ok(queue)
    });
    let registry = boot(orders).await?;
    let queue = registry.get_named::<Queue<u32>>("orders")?;
    for order in 0..6 {
        queue.push(order).await?;
    }
    settle().await;
    let began = Instant::now();
    let report = registry.shutdown().await.unwrap_err().to_string();
    let text = "the queue orders ended with 4 items in it, and the processing of 2 others was cancelled";
    assert!(report.contains(text), "{report}");
    assert!(began.elapsed() < ms(1000), "it does not hang: {:?}", began.elapsed());
    assert_eq!((queue.metrics().depth, queue.metrics().dropped, queue.pop().await), (0, 6, None));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_admitted_can_still_push_while_the_service_drains() -> Result<()> {
    let orders = Definition::new("orders").init(async |cx| {
        let queue = Queue::new("orders", 9);
        queue.consume(&cx, 1, |_: u32| async { Ok::<_, Infallible>(()) });
        let (draining, pushes) = (cx.draining(), queue.clone());
        cx.spawn("last", async move {
            draining.cancelled().await;
            pushes.push(1).await
        });
        Ok(queue)
    });
    let registry = boot(orders).await?;
    let queue = registry.get_named::<Queue<u32>>("orders")?;
    registry.shutdown().await?;
    assert_eq!((queue.metrics().processed, queue.metrics().depth), (1, 0));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_producer_pauses_when_there_is_nothing_and_after_an_error() -> Result<()> {
    let events = Events::record();
    let fetches = Arc::new(Mutex::new(Vec::new()));
    let (seen, began) = (fetches.clone(), Instant::now());
    let orders = Definition::new("orders").init(move |cx| {
        let queue = Queue::<u32>::new("orders", 9).idle(ms(10)).error_pause(ms(1000));
        let seen = seen.clone();
        queue.produce(&cx, move || {
            let mut seen = seen.lock().expect("no holder panics");
            seen.push(began.elapsed().as_millis());
            let fetch = seen.len();
            async move {
                match fetch {
                    1 => Ok(None),
                    2 => Err("no connection"),
                    3 => panic!("seeded"),
                    4 => Ok(Some(7)),
                    _ => pending().await,
                }
            }
        });
        ready(Ok(queue))
    });
    let registry = boot(orders).await?;
    let queue = registry.get_named::<Queue<u32>>("orders")?;
    assert_eq!(queue.pop().await, Some(7));
    settle().await;
    assert_eq!(*fetches.lock().expect("no holder panics"), [0, 10, 1010, 2010, 2010]);
    let failed = "ERROR a producer failed domain=\"queue\" action=\"produce\" status=\"error\" queue=\"orders\" error=no connection pause=1s";
    assert_eq!(events.with("a producer failed"), [failed]);
    assert_eq!(events.with("a producer panicked").len(), 1);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_holds_the_producer_back_or_drops_by_choice() -> Result<()> {
    for drops in [false, true] {
        let events = Events::record();
        let orders = Definition::new("orders").init(move |cx| {
            let mut queue = Queue::<u32>::new("orders", 2);
            if drops {
                queue = queue.drop_when_full();
            }
            let mut next = 0;
            queue.produce(&cx, move || {
                next += 1;
                async move {
                    if next > 5 {
                        pending::<()>().await;
                    }
                    Ok::<_, Infallible>(Some(next))
                }
            });
            ready(Ok(queue))
        });
        let registry = boot(orders).await?;
        let queue = registry.get_named::<Queue<u32>>("orders")?;
        settle().await;
        assert_eq!(queue.metrics().depth, 2);
        assert_eq!(events.with("a producer meets a full queue").len(), 1, "one warning, not one for each item");
        let mut got = Vec::new();
        while let Ok(Some(order)) = tokio::time::timeout(ms(10), queue.pop()).await {
            got.push(order);
        }
        match drops {
            false => assert_eq!((got.as_slice(), queue.metrics().dropped), ([1, 2, 3, 4, 5].as_slice(), 0)),
            true => assert_eq!((got.as_slice(), queue.metrics().dropped), ([1, 2].as_slice(), 3)),
        }
        registry.shutdown().await?;
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_stays_full_warns_once_and_again_after_half_of_it_was_empty() -> Result<()> {
    let events = Events::record();
    let orders = Definition::new("orders").init(async |cx| {
        let queue = Queue::<u32>::new("orders", 4);
        queue.produce(&cx, || sleep(ms(1)).map(|()| Ok::<_, Infallible>(Some(7))));
        Ok(queue)
    });
    let registry = boot(orders).await?;
    let queue = registry.get_named::<Queue<u32>>("orders")?;
    let warnings = || events.with("a producer meets a full queue").len();
    for _ in 0..10 {
        tokio::join!(sleep(ms(10)), queue.pop());
    }
    assert_eq!(warnings(), 1);
    tokio::join!(queue.pop(), queue.pop(), queue.pop(), queue.pop());
    sleep(ms(10)).await;
    assert_eq!((warnings(), queue.metrics().depth), (2, 4));
    queue.close();
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_item_that_fails_or_panics_is_counted_and_stops_nothing() -> Result<()> {
    let events = Events::record();
    let orders = Definition::new("orders").init(async |cx| {
        let queue = Queue::new("orders", 9);
        queue.consume(&cx, 1, |order: u32| {
            assert_ne!(order, 1, "seeded in the call");
            async move {
                sleep(ms(1)).await;
                match order {
                    0 => Err("no"),
                    2 => panic!("seeded in the future"),
                    _ => Ok(()),
                }
            }
        });
        Ok(queue)
    });
    let registry = boot(orders).await?;
    let queue = registry.get_named::<Queue<u32>>("orders")?;
    for order in 0..4 {
        queue.push(order).await?;
    }
    sleep(ms(10)).await;
    registry.shutdown().await?;
    assert_eq!((queue.metrics().processed, queue.metrics().failed), (1, 3));
    assert_eq!(
        events.with("an item failed"),
        ["ERROR an item failed domain=\"queue\" action=\"consume\" status=\"error\" queue=\"orders\" error=no"]
    );
    assert_eq!(events.with("an item panicked").len(), 2);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn items_are_processed_by_several_consumers() -> Result<()> {
    let orders = Definition::new("orders").init(async |cx| {
        let queue = Queue::new("orders", 100);
        queue.consume(&cx, 3, |_: u32| async {
            sleep(ms(10)).await;
            Ok::<_, Infallible>(())
        });
        Ok(queue)
    });
    let registry = boot(orders).await?;
    let queue = registry.get_named::<Queue<u32>>("orders")?;
    for order in 0..10 {
        queue.push(order).await?;
    }
    sleep(ms(5)).await;
    assert_eq!((queue.metrics().processing, queue.metrics().depth), (3, 7));
    sleep(ms(36)).await;
    assert_eq!((queue.metrics().processing, queue.metrics().processed), (0, 10));
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn metrics_count_items_and_measure_their_delay() {
    let queue = Queue::new("orders", 9);
    queue.push('a').await.unwrap();
    advance(ms(10)).await;
    queue.push('b').await.unwrap();
    advance(ms(5)).await;
    assert_eq!(queue.pop().await, Some('a'));
    let metrics = queue.metrics();
    assert_eq!((metrics.depth, metrics.pushed, metrics.last_delay, metrics.max_delay), (1, 2, ms(15), ms(15)));
    assert_eq!(queue.pop().await, Some('b'));
    let metrics = queue.metrics();
    assert_eq!((metrics.depth, metrics.pushed, metrics.last_delay, metrics.max_delay), (0, 2, ms(5), ms(15)));
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_is_degraded() {
    let queue = Queue::new("orders", 2);
    queue.push(1).await.unwrap();
    assert_eq!(queue.health(), Health::Healthy);
    queue.push(2).await.unwrap();
    let why = "the queue orders is full with 2 items; the last was in it for 0ns";
    assert_eq!(queue.health(), Health::degraded(why));
    let full = queue.try_push(3).unwrap_err();
    assert_eq!(full.to_string(), "the queue is full; wait for room with `push`, or try again later");
    assert_eq!(full.into_item(), 3);
}

#[tokio::test(start_paused = true)]
async fn zero_and_huge_numbers_have_an_outcome() -> Result<()> {
    let orders = Definition::new("orders").init(async |cx| {
        let queue = Queue::new("orders", 0);
        queue.consume(&cx, 0, |_: u32| async { Ok::<_, Infallible>(()) });
        let huge = Queue::new("huge", usize::MAX).idle(Duration::MAX).error_pause(Duration::MAX);
        huge.produce(&cx, || async { Ok::<Option<u32>, Infallible>(None) });
        Ok(queue)
    });
    let registry = boot(orders).await?;
    let queue = registry.get_named::<Queue<u32>>("orders")?;
    for order in 0..5 {
        queue.push(order).await?;
    }
    registry.shutdown().await?;
    assert_eq!(queue.metrics().processed, 5);
    Ok(())
}
