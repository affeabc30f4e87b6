//! Work that ends at the very instant of its deadline is in time, for every budget, although several tasks have to run at that
//! instant before it ends.

use std::sync::Arc;
use std::time::Duration;

use service_core::{Context, Definition, Health, Lifecycle, NotReady, Result, guarded, service};
use tests::{isolated, ms};
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep};

/// The budget of each test.
const BUDGET: Duration = ms(1_000);

/// How many tasks wake each other at the last instant.
const TASKS: usize = 12;

/// Ends after this time, by way of many tasks that wake each other.
async fn relay(time: Duration) {
    let (first, mut last) = oneshot::channel();
    tokio::spawn(async move {
        sleep(time).await;
        let _ = first.send(());
    });
    for _ in 0..TASKS {
        let (send, next) = oneshot::channel();
        let before = std::mem::replace(&mut last, next);
        tokio::spawn(async move {
            let _ = before.await;
            tokio::task::yield_now().await;
            let _ = send.send(());
        });
    }
    let _ = last.await;
}

#[tokio::test(start_paused = true)]
async fn an_init_a_start_and_a_first_health_that_end_at_their_deadline_are_in_time() -> Result<()> {
    let a = Definition::new("a").init_timeout(BUDGET).init(async |_| {
        relay(BUDGET).await;
        Ok(())
    });
    let b = Definition::new("b").init_timeout(BUDGET).start(async |_, _| {
        relay(BUDGET).await;
        Ok(())
    });
    let c = Definition::new("c").init_timeout(BUDGET).start(async |_, _| {
        relay(BUDGET / 2).await;
        Ok(())
    });
    let c = c.health(async |_| {
        relay(BUDGET / 2).await;
        Health::Healthy
    });
    let registry = isolated().define(a).define(b).define(c).boot().await?;
    assert_eq!(registry.report().services.iter().take(3).map(|it| it.own).collect::<Vec<_>>(), [BUDGET; 3]);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_boot_that_ends_at_its_deadline_is_in_time() -> Result<()> {
    let half = async |_: Context<()>| {
        relay(BUDGET / 2).await;
        Ok(())
    };
    let registry = isolated()
        .boot_timeout(BUDGET)
        .define(Definition::new("a").init(half))
        .define(Definition::new("b").requires(["a"]).init(half))
        .define(Definition::new("c").requires(["b"]).init(async |_| Ok(())))
        .boot()
        .await?;
    assert_eq!(registry.report().total, BUDGET);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_and_a_cleanup_that_end_at_their_deadline_are_in_time() -> Result<()> {
    let a = Definition::new("a").shutdown_timeout(BUDGET).shutdown(async |_, _| {
        relay(BUDGET).await;
        Ok(())
    });
    let b = Definition::new("b").shutdown_timeout(BUDGET).init(async |cx: Context<()>| {
        cx.defer(async { relay(BUDGET).await });
        Ok(())
    });
    let registry = isolated().define(a).define(b).boot().await?;
    let report = registry.shutdown().await?;
    assert_eq!(report.services.iter().map(|it| it.own).collect::<Vec<_>>(), [BUDGET; 2]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_of_everything_that_ends_at_its_deadline_is_in_time() -> Result<()> {
    let a = Definition::new("a").shutdown(async |_, _| {
        relay(BUDGET).await;
        Ok(())
    });
    let registry = isolated().shutdown_timeout(BUDGET).define(a).boot().await?;
    assert_eq!(registry.shutdown().await?.total, BUDGET);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_cleanup_of_a_failed_start_that_ends_at_the_deadline_of_the_rollback_is_in_time() {
    let a = Definition::new("a").init(async |cx: Context<()>| {
        cx.defer(async { relay(BUDGET).await });
        Err::<(), _>("no".into())
    });
    let error = isolated().rollback_timeout(BUDGET).define(a).boot().await.expect_err("it fails");
    assert!(error.rollback().is_some_and(|rollback| rollback.is_clean() && rollback.total == BUDGET), "{error}");
}

#[tokio::test(start_paused = true)]
async fn tasks_that_end_at_the_deadline_of_the_drain_are_in_time() -> Result<()> {
    let a = Definition::new("a").drain_timeout(BUDGET).init(async |cx: Context<()>| {
        let stopping = cx.stopping();
        cx.spawn("flush", async move {
            stopping.cancelled().await;
            relay(BUDGET).await;
        });
        Ok(())
    });
    let registry = isolated().define(a).boot().await?;
    assert_eq!(registry.shutdown().await?.services[0].drain, BUDGET);
    Ok(())
}

/// A service that is ready after this time, and whose calls take as long as they are told.
#[service(lazy, drain_timeout = "1s")]
struct Ferry {
    left: Notify,
}

impl Lifecycle for Ferry {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        relay(BUDGET).await;
        Ok(Self { left: Notify::new() })
    }
}

impl Ferry {
    #[guarded(wait = "1s")]
    async fn board() -> Result<(), NotReady> {
        Ok(())
    }

    #[guarded]
    async fn cross(self: &Arc<Self>) -> Result<(), NotReady> {
        self.left.notify_one();
        relay(BUDGET).await;
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_guarded_call_whose_service_is_ready_at_the_end_of_its_wait_runs() -> Result<()> {
    let registry = isolated().boot().await?;
    let began = Instant::now();
    registry.scope(Ferry::board()).await?;
    assert_eq!(began.elapsed(), BUDGET);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_guarded_call_that_ends_at_the_deadline_of_the_drain_is_in_time() -> Result<()> {
    let registry = isolated().with::<Ferry>().boot().await?;
    let ferry = registry.get::<Ferry>()?;
    let shutdown = async {
        ferry.left.notified().await;
        registry.shutdown().await
    };
    let (call, report) = tokio::join!(ferry.cross(), shutdown);
    call?;
    assert_eq!(report?.services[0].drain, BUDGET);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_health_check_that_ends_at_its_deadline_is_in_time() -> Result<()> {
    let a = Definition::new("a").health_timeout(BUDGET).health(async |_| {
        relay(BUDGET).await;
        Health::Healthy
    });
    let registry = isolated().define(a).boot().await?;
    let report = registry.health().await;
    assert_eq!((&report.services[0].health, report.services[0].latency), (&Health::Healthy, BUDGET));
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn tasks_that_end_at_the_end_of_a_wait_for_them_are_in_time() -> Result<()> {
    let (registry, cx) = tests::worker(|cx| {
        cx.spawn("one", async { relay(BUDGET).await });
    })
    .await?;
    assert_eq!(cx.tasks().wait_all(BUDGET).await, 0);
    let stopping = cx.stopping();
    cx.spawn("two", async move {
        stopping.cancelled().await;
        relay(BUDGET).await;
    });
    let asked = cx.clone();
    cx.spawn("three", async move {
        while asked.sleep(BUDGET * 9).await {}
        relay(BUDGET).await;
    });
    assert_eq!(cx.tasks().stop("three", BUDGET).await, 0);
    registry.shutdown().await?;
    Ok(())
}
