//! What ends a queue, what does not, and what hostile code cannot do to it.
#![cfg(all(feature = "queue", feature = "worker_pool"))]
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

mod harness;
mod host;

use std::convert::Infallible;
use std::fmt;
use std::future::pending;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use harness::{Events, poll_once};
use host::settle;
use service_core::{Context, Definition, Lifecycle, NotReady, Registry, Restart, Result, guarded, service};
use service_toolkit::queue::PushError;
use service_toolkit::{Queue, WorkerPool};
use tokio::time::{sleep, timeout};

const SECOND: Duration = Duration::from_secs(1);

#[service(lazy, drain_timeout = "20s")]
pub(crate) struct Late {
    cx: Context<Late>,
    queue: Queue<u32>,
}

impl Lifecycle for Late {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        Ok(Self { cx: cx.clone(), queue: Queue::new("late", 10) })
    }
}

#[guarded]
impl Late {
    pub(crate) async fn begin(&self) -> Result<bool, NotReady> {
        Ok(self.queue.consume(&self.cx, 1, |_| async { Ok::<_, Infallible>(()) }))
    }
    pub(crate) async fn push_late(&self) -> Result<bool, NotReady> {
        sleep(SECOND).await;
        Ok(self.queue.push(1).await.is_ok())
    }
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_a_guarded_call_consumes_is_open_for_the_admitted_calls() {
    let registry = Registry::builder().isolated().only::<Late>().boot().await.unwrap();
    let late = registry.get::<Late>().unwrap();
    assert!(late.begin().await.unwrap());
    let it = late.clone();
    let call = tokio::spawn(async move { it.push_late().await });
    settle().await;
    registry.shutdown().await.unwrap();
    assert!(call.await.unwrap().unwrap(), "an admitted call can push");
    assert_eq!(late.queue.metrics().processed, 1);
}

#[tokio::test(start_paused = true)]
async fn the_stop_of_the_task_that_started_a_queue_or_a_pool_closes_neither() {
    let (registry, cx, _) = host::boot().await;
    let queue = Queue::new("orders", 9);
    let (of_task, consumed) = (cx.clone(), queue.clone());
    let (sender, pool) = tokio::sync::oneshot::channel();
    cx.spawn("starter", async move {
        consumed.consume(&of_task, 1, |_: u32| async { Ok::<_, Infallible>(()) });
        sender.send(WorkerPool::start(&of_task, "work", 1, 9)).unwrap();
        while of_task.sleep(SECOND).await {}
    });
    let pool = pool.await.unwrap();
    cx.tasks().stop("starter", SECOND).await;
    settle().await;
    assert_eq!(queue.push(1).await, Ok(()));
    assert!(pool.submit(async { Ok::<u8, Infallible>(1) }).await.is_ok());
    registry.shutdown().await.unwrap();
}

#[test]
fn a_producer_that_is_always_ready_lets_others_run() {
    let (ended, end) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        // On the real clock: a paused one stands still while a task is ready.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (registry, cx, _) = host::boot().await;
            let queue = Queue::<u32>::new("orders", 2).drop_when_full();
            queue.consume(&cx, 1, |_| async { Ok::<_, Infallible>(()) });
            queue.produce(&cx, || async { Ok::<_, Infallible>(Some(1)) });
            settle().await;
            registry.shutdown().await.unwrap();
        });
        ended.send(())
    });
    assert!(end.recv_timeout(10 * SECOND).is_ok(), "the producer takes the whole runtime");
}

/// An error without a text.
struct Textless;

impl fmt::Display for Textless {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("seeded in Display")
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_whose_text_panics_ends_neither_a_consumer_nor_a_producer() {
    let _events = Events::record();
    let (_registry, cx, _) = host::boot().await;
    let queue = Queue::new("orders", 1).error_pause(Duration::from_millis(1));
    queue.consume(&cx, 1, |item: u32| async move { if item == 2 { Err(Textless) } else { Ok(()) } });
    let mut next = 0;
    queue.produce(&cx, move || {
        next += 1;
        async move {
            match next {
                1 => Err(Textless),
                2..=5 => Ok(Some(next)),
                _ => pending().await,
            }
        }
    });
    sleep(SECOND).await;
    assert_eq!((queue.metrics().failed, queue.metrics().processed), (1, 3));
}

#[tokio::test(start_paused = true)]
async fn a_queue_without_consumers_is_closed_when_its_last_producer_ends_in_a_shutdown() {
    let (registry, cx, _) = host::boot().await;
    let (queue, mut next) = (Queue::<u32>::new("orders", 2), 0);
    queue.produce(&cx, move || {
        next += 1;
        async move {
            sleep(Duration::from_millis(10)).await;
            Ok::<_, Infallible>(Some(next))
        }
    });
    let pops = queue.clone();
    let popper = tokio::spawn(async move {
        let mut popped = 0;
        while pops.pop().await.is_some() {
            popped += 1;
        }
        popped
    });
    sleep(Duration::from_millis(55)).await;
    registry.shutdown().await.unwrap();
    assert_eq!(timeout(SECOND, popper).await.expect("the queue is closed").unwrap(), 5);
    assert_eq!(queue.push(1).await, Err(PushError::Closed(1)));
}

#[tokio::test(start_paused = true)]
async fn a_restart_of_its_consumer_closes_a_shared_queue_and_is_told_so() {
    let queue = Queue::<u32>::new("shared", 9);
    let (shared, consumed) = (queue.clone(), Arc::new(Mutex::new(Vec::new())));
    let (seen, made) = (consumed.clone(), Arc::new(AtomicU32::new(0)));
    let consumer = Definition::new("consumer").restart(Restart::permanent()).init(move |cx| {
        let started = shared.consume(&cx, 1, |_| async { Ok::<_, Infallible>(()) });
        seen.lock().unwrap().push(started);
        if made.fetch_add(1, Ordering::Relaxed) == 0 {
            tokio::spawn(async move { cx.fail("seeded") });
        }
        std::future::ready(Ok(()))
    });
    let registry = Registry::builder().isolated().define(consumer).only_named("consumer").boot().await.unwrap();
    sleep(100 * SECOND).await;
    assert_eq!(*consumed.lock().unwrap(), [true, false]);
    registry.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn items_behind_a_pop_that_is_kept_are_counted_and_reported() {
    let (registry, cx, _) = host::boot().await;
    let queue = Queue::<u32>::new("orders", 10);
    let mut kept = pin!(queue.pop());
    assert!(poll_once(kept.as_mut()).is_pending());
    queue.consume(&cx, 2, |_| async { Ok::<_, Infallible>(()) });
    for item in 0..5 {
        queue.push(item).await.unwrap();
    }
    let error = registry.shutdown().await.unwrap_err().to_string();
    assert!(error.contains("the queue orders ended with 5 items in it"), "{error}");
    assert_eq!((queue.metrics().dropped, queue.metrics().depth), (5, 0));
    assert_eq!(kept.await, None, "it was counted as dropped");
    assert_eq!(queue.metrics().depth, 0);
}

#[tokio::test(start_paused = true)]
async fn the_report_of_a_pool_speaks_of_work_and_one_is_singular() {
    let (registry, cx, _) = host::boot().await;
    let pool = WorkerPool::start(&cx, "work", 1, 9);
    let hangs = pool.submit(pending::<Result<(), Infallible>>()).await.unwrap();
    settle().await;
    let waits = pool.submit(async { Ok::<_, Infallible>(()) }).await.unwrap();
    let error = registry.shutdown().await.unwrap_err().to_string();
    let text = "the worker pool work ended with 1 piece of work in it, and the processing of 1 other was cancelled";
    assert!(error.contains(text), "{error}");
    drop((hangs, waits));
}

#[tokio::test(start_paused = true)]
async fn a_push_that_is_kept_does_not_hold_up_the_end() {
    let (registry, cx, _) = host::boot().await;
    let queue = Queue::new("orders", 1);
    queue.push(1).await.unwrap();
    let mut kept = pin!(queue.push(2));
    assert!(poll_once(kept.as_mut()).is_pending());
    queue.consume(&cx, 1, |_: u32| async { Ok::<_, Infallible>(()) });
    settle().await;
    registry.shutdown().await.unwrap();
    assert_eq!(kept.await, Err(PushError::Closed(2)));
    assert_eq!((queue.metrics().pushed, queue.metrics().processed), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_close_wakes_waiting_producers_and_consumers() {
    let queue = Queue::new("orders", 1);
    queue.push(1).await.unwrap();
    let (pushes, pops) = (queue.clone(), Queue::<u32>::new("empty", 1));
    let waits = pops.clone();
    let push = tokio::spawn(async move { pushes.push(2).await });
    let pop = tokio::spawn(async move { waits.pop().await });
    settle().await;
    queue.close();
    pops.close();
    assert_eq!((push.await.unwrap(), pop.await.unwrap()), (Err(PushError::Closed(2)), None));
    assert_eq!((queue.pop().await, queue.pop().await), (Some(1), None), "what it holds is returned first");
}
