//! The blocking pool, on the real clock: its threads block. What happens first is decided by latches.
#![cfg(feature = "blocking_pool")]
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

mod harness;

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use futures_util::future::join_all;
use harness::{ms, poll_once};
use service_core::{Context, Definition, Health, Registry, Result};
use service_toolkit::blocking_pool::BlockingError;
use service_toolkit::{BlockingPool, Bridge};
use tokio::runtime::Handle;

struct Started {
    pool: BlockingPool,
    cx: Context<Started>,
}

async fn start(threads: usize, queue: usize) -> Result<(Registry, Arc<Started>)> {
    let service = Definition::new("files")
        .shutdown_timeout(ms(200))
        .init(move |cx| async move { Ok(Started { pool: BlockingPool::start(&cx, "files", threads, queue)?, cx }) });
    let registry = Registry::builder().isolated().define(service).only_named("files").boot().await?;
    let started = registry.get_named::<Started>("files")?;
    Ok((registry, started))
}

/// Runs a closure that blocks its thread until the sender is dropped. Returns when it has begun.
async fn block(pool: &BlockingPool) -> (Sender<()>, impl Future<Output = Result<(), BlockingError>> + use<>) {
    let (goes_on, go_on) = channel();
    let (begins, begun) = tokio::sync::oneshot::channel();
    let work = move || {
        begins.send(()).unwrap();
        assert!(go_on.recv().is_err());
    };
    let pool = pool.clone();
    let run = tokio::spawn(async move { pool.run(work).await });
    begun.await.unwrap();
    (goes_on, async move { run.await.unwrap() })
}

#[tokio::test]
async fn work_runs_on_as_many_named_threads_as_allowed() -> Result<()> {
    let (registry, started) = start(3, 9).await?;
    let (barrier, running, peak) =
        (Arc::new(Barrier::new(3)), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let names = join_all((0..12).map(|_| {
        let (barrier, running, peak) = (barrier.clone(), running.clone(), peak.clone());
        started.pool.run(move || {
            peak.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            // Only if three run at the same time does one of them go on.
            barrier.wait();
            running.fetch_sub(1, Ordering::SeqCst);
            thread::current().name().unwrap().to_owned()
        })
    }));
    let names: BTreeSet<_> = names.await.into_iter().collect::<Result<_, _>>()?;
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["files-0", "files-1", "files-2"]);
    assert_eq!(peak.load(Ordering::SeqCst), 3);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn run_waits_while_the_queue_is_full() -> Result<()> {
    let (registry, started) = start(0, 0).await?;
    let pool = &started.pool;
    let (goes_on, first) = block(pool).await;
    assert_eq!(pool.health(), Health::Healthy, "there is room in the queue");
    let (mut second, mut third) = (pin!(pool.run(|| 2)), pin!(pool.run(|| 3)));
    assert!(poll_once(second.as_mut()).is_pending());
    assert_eq!((pool.metrics().running, pool.metrics().queued), (1, 1), "zero threads and places are one");
    assert!(poll_once(third.as_mut()).is_pending());
    assert_eq!(pool.metrics().queued, 1, "it waits before the queue");
    assert_eq!(pool.health(), Health::degraded("the pool files is full: 1 closures run, and 1 wait"));
    drop(goes_on);
    first.await?;
    assert_eq!((second.await?, third.await?, pool.health()), (2, 3, Health::Healthy));
    registry.shutdown().await?;
    assert_eq!(pool.metrics().ended, 3);
    Ok(())
}

#[tokio::test]
async fn an_error_and_a_panic_reach_the_caller_and_the_thread_goes_on() -> Result<()> {
    let (registry, started) = start(1, 1).await?;
    let error = started.pool.run(|| std::fs::read_to_string("no such file")).await?;
    assert_eq!(error.unwrap_err().kind(), std::io::ErrorKind::NotFound);
    let error = started.pool.run(|| panic!("seeded") as ()).await.unwrap_err();
    assert_eq!(error.to_string(), "work of the pool files panicked: seeded");
    assert_eq!(started.pool.run(|| 7).await?, 7);
    assert_eq!(started.pool.metrics().panicked, 1);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn a_destructor_that_panics_ends_no_thread() -> Result<()> {
    struct PanicsInDrop;
    impl Drop for PanicsInDrop {
        fn drop(&mut self) {
            panic!("seeded");
        }
    }
    let (registry, started) = start(1, 2).await?;
    let (goes_on, go_on) = channel::<()>();
    let (begins, begun) = tokio::sync::oneshot::channel();
    // The caller is gone, so the result is dropped in the thread.
    let pool = started.pool.clone();
    let run = tokio::spawn(async move {
        pool.run(move || {
            begins.send(()).unwrap();
            assert!(go_on.recv().is_err());
            PanicsInDrop
        })
        .await
        .map(std::mem::forget)
    });
    begun.await?;
    run.abort();
    assert!(run.await.is_err());
    drop(goes_on);
    assert_eq!(started.pool.run(|| 7).await?, 7);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn work_whose_caller_has_gone_before_it_began_does_not_run() -> Result<()> {
    let (registry, started) = start(1, 9).await?;
    let (goes_on, first) = block(&started.pool).await;
    let ran = Arc::new(AtomicUsize::new(0));
    for _ in 0..3 {
        let ran = ran.clone();
        let mut run = Box::pin(started.pool.run(move || ran.fetch_add(1, Ordering::SeqCst)));
        assert!(poll_once(run.as_mut()).is_pending());
    }
    drop(goes_on);
    first.await?;
    started.pool.run(|| ()).await?;
    assert_eq!(ran.load(Ordering::SeqCst), 0);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn work_runs_in_the_scope_of_the_registry_and_outside_of_the_runtime() -> Result<()> {
    let (registry, started) = start(1, 1).await?;
    let work = || (Registry::current().is_some(), Handle::try_current().is_err());
    assert_eq!(started.pool.run(work).await?, (true, true));
    let bridge = Bridge::new(&started.cx);
    let asks = started.pool.clone();
    let work = move || bridge.block_on(async move { asks.metrics().running });
    assert_eq!(started.pool.run(work).await??, 1, "it asks the runtime, whose only thread waits for it");
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn a_shutdown_finishes_what_there_is_and_takes_nothing_new() -> Result<()> {
    let (registry, started) = start(1, 1).await?;
    let pool = started.pool.clone();
    let (goes_on, first) = block(&pool).await;
    let (mut queued, mut waits) = (pin!(pool.run(|| 2)), pin!(pool.run(|| 3)));
    assert!(poll_once(queued.as_mut()).is_pending() && poll_once(waits.as_mut()).is_pending());
    // The tasks of the service can use it until they have ended.
    let (cx, uses) = (started.cx.clone(), pool.clone());
    let last = started.cx.spawn_job("last", async move {
        cx.stopping().cancelled().await;
        drop(goes_on);
        uses.run(|| 4).await
    });
    drop(started);
    let shutdown = tokio::spawn(async move { registry.shutdown().await.is_ok() });
    let (queued, waits, last) = tokio::join!(queued, waits, last);
    assert_eq!((queued?, waits?, last?), (2, 3, 4));
    first.await?;
    assert!(shutdown.await?);
    let text = "the pool files takes no more work, because its service has stopped";
    assert_eq!(pool.run(|| 5).await.unwrap_err().to_string(), text);
    Ok(())
}

#[tokio::test]
async fn a_thread_that_never_ends_is_named_and_the_shutdown_ends() -> Result<()> {
    let (registry, started) = start(2, 9).await?;
    let pool = started.pool.clone();
    drop(started);
    let (first, _first) = block(&pool).await;
    let (second, _second) = block(&pool).await;
    let (mut queued, ran) = (Vec::new(), Arc::new(AtomicUsize::new(0)));
    for _ in 0..10 {
        let ran = ran.clone();
        let mut run = Box::pin(pool.run(move || ran.fetch_add(1, Ordering::SeqCst)));
        assert!(poll_once(run.as_mut()).is_pending());
        queued.push(run);
    }
    let report = registry.shutdown().await.unwrap_err().to_string();
    let text = "the pool files waits for its threads files-0, files-1, and 9 more closures wait for them";
    assert!(report.contains(text), "{report}");
    for run in queued {
        assert!(matches!(run.await, Err(BlockingError::Closed { .. })), "none waits for ever");
    }
    drop((first, second));
    assert_eq!(ran.load(Ordering::SeqCst), 0);
    Ok(())
}

#[tokio::test]
async fn a_pool_of_a_service_that_has_stopped_is_closed() -> Result<()> {
    let (registry, started) = start(1, 1).await?;
    let cx = started.cx.clone();
    drop(started);
    registry.shutdown().await?;
    let pool = BlockingPool::start(&cx, "late", 1, 1)?;
    assert!(matches!(pool.run(|| ()).await, Err(BlockingError::Closed { .. })));
    Ok(())
}

#[tokio::test]
async fn work_begins_in_the_order_in_which_it_was_submitted() -> Result<()> {
    let (registry, started) = start(1, 3).await?;
    let (goes_on, first) = block(&started.pool).await;
    let order = Arc::new(Mutex::new(Vec::new()));
    let runs = join_all((0..9).map(|number| {
        let order = order.clone();
        started.pool.run(move || order.lock().unwrap().push(number))
    }));
    drop(goes_on);
    runs.await;
    first.await?;
    assert_eq!(*order.lock().unwrap(), (0..9).collect::<Vec<_>>());
    registry.shutdown().await?;
    Ok(())
}

/// Callers on several threads meet the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn at_the_very_end_each_caller_is_served_or_refused() -> Result<()> {
    for _ in 0..100 {
        let (registry, started) = start(2, 1).await?;
        let callers: Vec<_> = (0..4)
            .map(|_| {
                let pool = started.pool.clone();
                tokio::spawn(async move { while pool.run(|| ()).await.is_ok() {} })
            })
            .collect();
        drop(started);
        tokio::task::yield_now().await;
        registry.shutdown().await?;
        for caller in callers {
            caller.await?;
        }
    }
    Ok(())
}

/// Callers on several threads that give up at random polls: each closure runs at most once, and none is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_work_is_lost_or_done_twice() -> Result<()> {
    let (registry, started) = start(3, 2).await?;
    let ran: Arc<Vec<_>> = Arc::new((0..2000).map(|_| AtomicUsize::new(0)).collect());
    let callers: Vec<_> = (0..8)
        .map(|caller| {
            let (pool, ran) = (started.pool.clone(), ran.clone());
            tokio::spawn(async move {
                let mut random = fastrand::Rng::with_seed(caller);
                for number in (caller as usize..2000).step_by(8) {
                    let ran = ran.clone();
                    let mut run = Box::pin(pool.run(move || ran[number].fetch_add(1, Ordering::SeqCst)));
                    if random.u8(0..3) == 0 {
                        for _ in 0..random.u8(0..3) {
                            if poll_once(run.as_mut()).is_ready() {
                                break;
                            }
                            tokio::task::yield_now().await;
                        }
                        continue;
                    }
                    assert_eq!(run.await.unwrap(), 0, "it has not run before");
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await?;
    }
    let pool = started.pool.clone();
    drop(started);
    registry.shutdown().await?;
    assert!(ran.iter().all(|ran| ran.load(Ordering::SeqCst) <= 1));
    assert_eq!((pool.metrics().running, pool.metrics().queued), (0, 0));
    Ok(())
}
