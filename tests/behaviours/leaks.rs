//! Nothing of ours, and nothing of a service that was given up, outlives the registry.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use service_core::{Context, Definition, Result};
use tests::{isolated, ms};
use tokio::runtime::Handle;
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

/// How many things are held right now.
#[derive(Clone, Default)]
struct Held(Arc<AtomicUsize>);

struct Thing(Held);

impl Held {
    fn take(&self) -> Thing {
        self.0.fetch_add(1, Ordering::SeqCst);
        Thing(self.clone())
    }

    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Drop for Thing {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A service with several awaits, that holds something across each, in a task and in a cleanup.
fn greedy(name: &str, held: &Held) -> Definition<Thing> {
    let held = held.clone();
    Definition::new(name).init(move |cx: Context<Thing>| {
        let held = held.clone();
        async move {
            let (instance, cleanup, task) = (held.take(), held.take(), held.take());
            yield_now().await;
            cx.defer(async move {
                yield_now().await;
                drop(cleanup);
            });
            sleep(ms(1)).await;
            let stopping = cx.stopping();
            cx.spawn("task", async move {
                stopping.cancelled().await;
                drop(task);
            });
            sleep(ms(1)).await;
            Ok(instance)
        }
    })
}

// shows: T12
#[tokio::test(start_paused = true)]
async fn a_boot_that_is_dropped_at_any_of_its_awaits_leaks_nothing() -> Result<()> {
    let mut polls = 0;
    loop {
        let held = Held::default();
        let boot = isolated()
            .define(greedy("a", &held))
            .define(greedy("b", &held).requires(["a"]))
            .define(greedy("c", &held).requires(["b"]))
            .boot();
        let mut boot = Box::pin(boot);
        let mut left = polls;
        let ended = std::future::poll_fn(|cx| {
            if left == 0 {
                return Poll::Ready(None);
            }
            left -= 1;
            let polled = boot.as_mut().poll(cx).map(Some);
            if polled.is_pending() {
                cx.waker().wake_by_ref();
            }
            polled
        })
        .await;
        drop(boot);
        if let Some(registry) = ended {
            registry?.shutdown().await?;
        }
        timeout(ms(10_000), async {
            while held.count() > 0 || Handle::current().metrics().num_alive_tasks() > 0 {
                sleep(ms(1)).await;
            }
        })
        .await
        .unwrap_or_else(|_| panic!("after {polls} polls, {} things are held", held.count()));
        if polls > 2_000 {
            return Ok(());
        }
        polls = if polls < 40 { polls + 1 } else { polls * 2 };
    }
}

// shows: X06
#[test]
fn no_task_outlives_the_shutdown_on_either_runtime_flavor() -> Result<()> {
    let runtimes = [
        tokio::runtime::Builder::new_current_thread().enable_all().build()?,
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?,
    ];
    for runtime in runtimes {
        let held = Held::default();
        runtime.block_on(async {
            let registry = isolated()
                .define(greedy("a", &held))
                .define(greedy("b", &held).requires(["a"]))
                .on_event(|_| {})
                .boot()
                .await?;
            registry.spawn(std::future::pending::<()>());
            registry.shutdown().await?;
            // Many, because another thread may be quick.
            for _ in 0..1_000 {
                let late = registry.spawn(async {});
                assert!(late.await.is_err_and(|error| error.is_cancelled()), "it came too late, on any runtime");
            }
            assert_eq!(held.count(), 0);
            Result::<_>::Ok(())
        })?;
        // A task that has just ended is taken off the list by whichever thread ran it.
        while runtime.metrics().num_alive_tasks() > 0 {
            std::thread::yield_now();
        }
    }
    Ok(())
}
