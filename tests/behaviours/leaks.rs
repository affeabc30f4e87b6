//! No task and no value of a service outlives the registry.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use service_core::{Context, Definition, Result};
use tests::{isolated, ms};
use tokio::runtime::Handle;
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

/// Counts the values that are alive.
#[derive(Clone, Default)]
struct Held(Arc<AtomicUsize>);

struct Value(Held);

impl Held {
    fn take(&self) -> Value {
        self.0.fetch_add(1, Ordering::SeqCst);
        Value(self.clone())
    }

    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A service with several awaits that holds a value across each of them, in a task and in a cleanup.
fn greedy(name: &str, held: &Held) -> Definition<Value> {
    let held = held.clone();
    Definition::new(name).init(move |cx: Context<Value>| {
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
        .unwrap_or_else(|_| panic!("after {polls} polls, {} values are alive", held.count()));
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
            // Many attempts, because another thread may run the first ones before they are refused.
            for _ in 0..1_000 {
                let late = registry.spawn(async {});
                assert!(late.await.is_err_and(|error| error.is_cancelled()), "a task is refused after the shutdown");
            }
            assert_eq!(held.count(), 0);
            Result::<_>::Ok(())
        })?;
        // The thread that ran a task removes it from the list after it has ended.
        while runtime.metrics().num_alive_tasks() > 0 {
            std::thread::yield_now();
        }
    }
    Ok(())
}
