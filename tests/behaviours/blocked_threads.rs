//! Budgets hold although user code blocks a thread, wherever it does. A runtime with several threads gives the code up in time;
//! with one thread, the outcome is the same after the block.

use std::error::Error;
use std::fmt;
use std::future::pending;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use service_core::{BootFailure, Context, Definition, EventKind, Health, Phase, Result, ShutdownReport};
use tests::{isolated, ms, secs};
use tokio::runtime::Builder;
use tokio::time::sleep;

/// Blocks threads until it is opened. It opens by itself after a time in which the test has long failed.
#[derive(Clone, Default)]
struct Block(Arc<(Mutex<bool>, Condvar)>);

impl Block {
    fn block(&self) {
        let (is_open, opened) = &*self.0;
        let closed = is_open.lock().expect("no holder panics");
        drop(opened.wait_timeout_while(closed, secs(20), |open| !*open).expect("no holder panics"));
    }

    /// Blocks after an `await`, on whatever thread that continues.
    async fn later(&self) {
        sleep(ms(20)).await;
        self.block();
    }

    fn open(&self) {
        *self.0.0.lock().expect("no holder panics") = true;
        self.0.1.notify_all();
    }
}

impl Drop for OpenOnDrop {
    fn drop(&mut self) {
        self.0.open();
    }
}

/// Opens a block at the end of a test, because the runtime waits for blocked threads.
struct OpenOnDrop(Block);

/// The thread that waits for timers is the one that ran last before all slept; with many, any may be it.
/// There are more threads than a test blocks.
fn on_many_threads<T>(test: impl Future<Output = Result<T>>) -> Result<T> {
    Builder::new_multi_thread().worker_threads(24).enable_all().build()?.block_on(test)
}

/// A value whose destructor blocks.
struct BlockingDrop(Block);

impl Drop for BlockingDrop {
    fn drop(&mut self) {
        self.0.block();
    }
}

#[test]
fn a_boot_ends_in_time_whatever_hook_blocks_after_an_await() -> Result<()> {
    for place in ["init", "start", "health", "drop of init", "display"] {
        let block = Block::default();
        let _opened = OpenOnDrop(block.clone());
        let at = |here: &str| (here == place).then(|| block.clone());
        let (init, start, health) = (at("init"), at("start"), at("health"));
        let (dropped, display) = (at("drop of init"), at("display"));
        let definition = Definition::new("a")
            .init_timeout(ms(300))
            .init(move |_| {
                let (init, dropped, display) = (init.clone(), dropped.clone(), display.clone());
                async move {
                    if let Some(block) = init {
                        block.later().await;
                    }
                    if let Some(block) = dropped {
                        let _held = BlockingDrop(block);
                        pending::<()>().await;
                    }
                    if let Some(block) = display {
                        sleep(ms(20)).await;
                        return Err(Box::new(BlockingDisplay(block)) as _);
                    }
                    Ok(())
                }
            })
            .start(move |_, _| {
                let start = start.clone();
                async move {
                    if let Some(block) = start {
                        block.later().await;
                    }
                    Ok(())
                }
            })
            .health(move |_| {
                let health = health.clone();
                async move {
                    if let Some(block) = health {
                        block.later().await;
                    }
                    Health::Healthy
                }
            });
        let began = Instant::now();
        let error = on_many_threads(async {
            let booted = isolated().define(definition).boot().await;
            block.open();
            Ok(booted.expect_err(place))
        })?;
        assert!(began.elapsed() < secs(10), "{place}: {:?}, {error}", began.elapsed());
        assert!(error.failures()[0].is_timeout(), "{place}: {error}");
    }
    Ok(())
}

#[derive(Debug)]
struct BlockingDisplay(Block);

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Block")
    }
}

impl fmt::Display for BlockingDisplay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.block();
        f.write_str("late")
    }
}

impl Error for BlockingDisplay {}

#[test]
fn the_budget_of_a_boot_ends_it_although_a_hook_blocks() -> Result<()> {
    let block = Block::default();
    let _opened = OpenOnDrop(block.clone());
    let blocks = block.clone();
    let definition = Definition::new("a").init(move |_| {
        let block = blocks.clone();
        async move {
            block.later().await;
            Ok(())
        }
    });
    let began = Instant::now();
    let error = on_many_threads(async {
        let limited = isolated().define(definition).boot_timeout(ms(300)).rollback_timeout(ms(300));
        let error = limited.boot().await.expect_err("it blocks");
        block.open();
        Ok(error)
    })?;
    assert!(began.elapsed() < secs(10), "{:?}", began.elapsed());
    assert!(matches!(error.failure(), BootFailure::TimedOut { .. }), "{error}");
    Ok(())
}

#[test]
fn a_shutdown_ends_in_time_whatever_blocks_after_an_await() -> Result<()> {
    for (place, phase) in [
        ("task", Phase::Tasks),
        ("shutdown", Phase::Shutdown),
        ("cleanup", Phase::Cleanup),
        ("destructor", Phase::Cleanup),
        ("display", Phase::Shutdown),
    ] {
        let block = Block::default();
        let _opened = OpenOnDrop(block.clone());
        let at = |here: &str| (here == place).then(|| block.clone());
        let (task, shutdown, cleanup) = (at("task"), at("shutdown"), at("cleanup"));
        let (destructor, display) = (at("destructor"), at("display"));
        let definition = Definition::new("a")
            .drain_timeout(ms(300))
            .shutdown_timeout(ms(300))
            .init(move |cx: Context<Option<BlockingDrop>>| {
                if let Some(block) = task.clone() {
                    let stopping = cx.stopping();
                    cx.spawn("task", async move {
                        stopping.cancelled().await;
                        block.later().await;
                    });
                }
                if let Some(block) = cleanup.clone() {
                    cx.defer(async move { block.later().await });
                }
                let held = destructor.clone().map(BlockingDrop);
                async move { Ok(held) }
            })
            .shutdown(move |_, _| {
                let (shutdown, display) = (shutdown.clone(), display.clone());
                async move {
                    if let Some(block) = shutdown {
                        block.later().await;
                    }
                    if let Some(block) = display {
                        return Err(Box::new(BlockingDisplay(block)) as _);
                    }
                    Ok(())
                }
            });
        let began = Instant::now();
        let error = on_many_threads(async {
            let registry = isolated().define(definition).boot().await?;
            let stopped = registry.shutdown().await;
            block.open();
            Ok(stopped.expect_err(place))
        })?;
        assert!(began.elapsed() < secs(10), "{place}: {:?}, {error}", began.elapsed());
        let report = error.report().expect("it was waited for");
        let failures: Vec<_> =
            report.failures().map(|failure| (failure.phase().clone(), failure.is_timeout())).collect();
        assert_eq!(failures, [(phase, true)], "{place}: {error}");
    }
    Ok(())
}

/// The same outcome on one thread, once the block is over.
#[tokio::test]
async fn a_hook_that_blocks_the_only_thread_beyond_its_budget_has_not_ended_in_time() -> Result<()> {
    let block = || std::thread::sleep(ms(600));
    let late = Definition::new("a").init_timeout(ms(100)).init(move |_| {
        block();
        async { Ok(()) }
    });
    let error = isolated().define(late).boot().await.expect_err("it blocks for too long");
    assert!(error.failures()[0].is_timeout() && error.to_string().contains("it blocked its thread for"), "{error}");

    let late = Definition::new("a").shutdown_timeout(ms(100)).init(async |_| Ok(())).shutdown(move |_, _| {
        block();
        async { Ok(()) }
    });
    let registry = isolated().define(late).boot().await?;
    let error = registry.shutdown().await.expect_err("it blocks for too long");
    assert!(error.to_string().contains("abandoned: shutdown of a did not end within"), "{error}");

    let slow = Definition::new("a").init(move |_| {
        block();
        async { Ok(()) }
    });
    let next = Definition::new("b").requires(["a"]).init(async |_| Ok(()));
    let error = isolated().define(slow).define(next).boot_timeout(ms(50)).boot().await.expect_err("it is late");
    assert!(matches!(error.failure(), BootFailure::TimedOut { .. }), "{error}");
    Ok(())
}

#[test]
fn the_total_budget_is_a_limit_although_every_shutdown_blocks() -> Result<()> {
    let block = Block::default();
    let _opened = OpenOnDrop(block.clone());
    let report: ShutdownReport = on_many_threads(async {
        let mut builder = isolated().shutdown_timeout(secs(1));
        for service in 0..12 {
            let block = block.clone();
            let definition = Definition::new(format!("s{service}")).init(async |_| Ok(())).shutdown(move |_, _| {
                let block = block.clone();
                async move {
                    block.later().await;
                    Ok(())
                }
            });
            let below = (0..service).last().map(|below| format!("s{below}"));
            builder = builder.define(definition.requires(below));
        }
        let registry = builder.boot().await?;
        let error = registry.shutdown().await.expect_err("they block");
        block.open();
        Ok(error.report().expect("it was waited for").clone())
    })?;
    // Each on its own would take half a second more.
    assert!(report.total < secs(3), "{report}");
    assert_eq!(report.failures().count(), 12, "{report}");
    Ok(())
}

#[test]
fn blocking_tasks_of_a_registry_are_waited_for_together() -> Result<()> {
    let block = Block::default();
    let _opened = OpenOnDrop(block.clone());
    let began = Instant::now();
    on_many_threads(async {
        let registry = isolated().boot().await?;
        for _ in 0..20 {
            let block = block.clone();
            registry.spawn(async move { block.later().await });
        }
        sleep(ms(100)).await;
        registry.shutdown().await?;
        block.open();
        Ok(())
    })?;
    // One after another, they would be waited for half a second each.
    assert!(began.elapsed() < secs(5), "{:?}", began.elapsed());
    Ok(())
}

/// Shorter than a poll that counts as blocking: late by so little is in time, if the thread was not blocked.
#[tokio::test(start_paused = true)]
async fn a_hook_that_ends_at_the_instant_of_its_budget_is_in_time() -> Result<()> {
    let at = |time: Duration| {
        Definition::new("a").init_timeout(secs(1)).init(move |_| async move {
            sleep(time).await;
            Ok(())
        })
    };
    isolated().define(at(secs(1))).boot().await?.shutdown().await?;
    isolated().define(at(ms(1_001))).boot().await.expect_err("it is late");
    Ok(())
}

#[test]
fn a_service_that_keeps_io_going_is_served_although_a_task_blocks_the_thread_that_waits_for_it() -> Result<()> {
    // Whether the thread that blocks is the one that waits for I/O is up to the runtime, so once may not be enough.
    for _ in 0..4 {
        let block = Block::default();
        let _opened = OpenOnDrop(block.clone());
        let server = Definition::new("server").init(move |cx| async move { Ok(cx.keep_io()) });
        let was_served = on_many_threads(async {
            let registry = isolated().define(server).boot().await?;
            // Nothing is busy any more: what the boot kept going has ended.
            sleep(ms(100)).await;
            let blocks = block.clone();
            registry.spawn(async move { blocks.later().await });
            sleep(ms(100)).await;
            // A thread that is blocked for a second is reported, and the report moves I/O to another thread.
            let is_reported =
                registry.events().iter().any(|event| matches!(event.kind, EventKind::BlockedThreads { .. }));
            block.open();
            registry.shutdown().await?;
            Ok(!is_reported)
        })?;
        assert!(was_served);
    }
    Ok(())
}
