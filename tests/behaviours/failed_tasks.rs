//! Tasks that have failed: they degrade their service until they run again, and the report contains every failure.

use std::future::pending;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use service_core::{Context, Definition, Health, Registry, Restart, Result, ShutdownReport};
use tests::{Latch, Recorder, event_lines, fail_when_open, isolated, ms, secs, worker};
use tokio::time::sleep;

async fn health_of_worker(registry: &Registry) -> Health {
    registry.health().await.services[0].health.clone()
}

fn phases(report: &ShutdownReport) -> Vec<String> {
    report.failures().map(|failure| failure.phase().to_string()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_loop_that_dies_degrades_its_service_until_it_runs_again() -> Result<()> {
    let (registry, cx) = worker(|_| {}).await?;
    let dies = Latch::new();
    let dying = dies.clone();
    cx.spawn("poll", async move {
        dying.opened().await;
        Err::<(), _>("connection reset")
    });
    assert_eq!(health_of_worker(&registry).await, Health::Healthy);
    dies.open();
    sleep(ms(1)).await;
    let health = health_of_worker(&registry).await;
    let why = health.why().expect("it is degraded").to_owned();
    assert_eq!(health.status(), "degraded");
    assert!(why.starts_with("task poll of worker failed after ") && why.contains("connection reset"), "{why}");
    assert!(event_lines(&registry).contains(&"task failed worker".to_owned()));
    assert!(registry.readiness().await.is_up(), "a degraded service is still ready");
    cx.spawn("poll", pending::<()>());
    sleep(ms(1)).await;
    assert_eq!(health_of_worker(&registry).await, Health::Healthy);
    cx.tasks().stop("poll", Duration::ZERO).await;
    assert!(registry.shutdown().await?.is_clean(), "nothing is broken any more");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_supervised_loop_degrades_its_service_between_two_runs() -> Result<()> {
    let (registry, _cx) = worker(|cx| {
        let runs = AtomicU32::new(0);
        let restart = Restart::transient().backoff(secs(10), secs(10));
        cx.tasks().supervised("poll", restart, move || {
            let is_first = runs.fetch_add(1, Ordering::Relaxed) == 0;
            async move { if is_first { Err("reset") } else { pending().await } }
        });
    })
    .await?;
    sleep(secs(1)).await;
    assert_eq!(health_of_worker(&registry).await.status(), "degraded");
    sleep(secs(10)).await;
    assert_eq!(health_of_worker(&registry).await, Health::Healthy);
    registry.request_shutdown("test");
    registry.stopped().await.expect_err("the loop does not end by itself");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_loop_that_is_given_up_degrades_an_optional_service_and_is_reported() -> Result<()> {
    let dies = Latch::new();
    let dying = dies.clone();
    let definition = Definition::new("a").optional().init(move |cx| {
        fail_when_open(&cx, &dying);
        async { Ok(()) }
    });
    let registry = isolated().define(definition).boot().await?;
    dies.open();
    sleep(ms(1)).await;
    assert_eq!(registry.health().await.health().status(), "degraded");
    let error = registry.shutdown().await.expect_err("the loop had died");
    assert_eq!(phases(error.report().expect("it was waited for")), ["task pump"]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_restarted_service_is_not_degraded_by_the_loops_of_the_former_instance() -> Result<()> {
    let dies = Latch::new();
    let (dying, lives) = (dies.clone(), AtomicU32::new(0));
    let definition = Definition::new("a").restart(Restart::transient()).init(move |cx: Context<()>| {
        if lives.fetch_add(1, Ordering::Relaxed) == 0 {
            cx.spawn("side", async { Err::<(), _>("side") });
            fail_when_open(&cx, &dying);
        }
        async { Ok(()) }
    });
    let registry = isolated().define(definition).boot().await?;
    sleep(ms(1)).await;
    assert_eq!(registry.health().await.health().status(), "degraded");
    dies.open();
    sleep(secs(1)).await;
    assert_eq!(registry.health().await.health(), Health::Healthy);
    assert!(registry.shutdown().await?.is_clean());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_temporary_loop_neither_runs_again_nor_restarts_its_service() -> Result<()> {
    let recorder = Recorder::new();
    let made = recorder.clone();
    let definition = Definition::new("a").restart(Restart::permanent()).init(move |cx: Context<()>| {
        made.record("init");
        let runs = made.clone();
        cx.tasks().supervised("once", Restart::temporary(), move || {
            runs.record("run");
            async { Err::<(), _>("no") }
        });
        async { Ok(()) }
    });
    let registry = isolated().define(definition).boot().await?;
    sleep(secs(60)).await;
    assert_eq!(recorder.entries(), ["init", "run"]);
    assert_eq!(registry.health().await.health().status(), "degraded");
    registry.shutdown().await.expect_err("the loop had died");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_report_contains_every_failure_of_a_service() -> Result<()> {
    let definition = Definition::new("a")
        .drain_timeout(secs(1))
        .init(|cx: Context<()>| async move {
            cx.spawn("poll", async { Err::<(), _>("poll") });
            cx.spawn("deaf", pending::<()>());
            cx.defer(async { Err::<(), _>("first cleanup") });
            cx.defer(async { Err::<(), _>("second cleanup") });
            Ok(())
        })
        .shutdown(async |_, _| Err("shutdown".into()));
    let registry = isolated().define(definition).boot().await?;
    sleep(ms(1)).await;
    let error = registry.shutdown().await.expect_err("a lot fails");
    let report = error.report().expect("it was waited for");
    assert_eq!(phases(report), ["joining the tasks", "task poll", "shutdown", "a cleanup", "a cleanup"]);
    let text = report.to_string();
    for failure in report.failures() {
        assert_eq!(text.matches(&failure.to_string()).count(), 1, "{failure} is in {text}");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_service_without_something_that_it_wants_is_degraded_and_says_so() -> Result<()> {
    let wanting = || Definition::new("a").wants(["b"]).init(async |_| Ok(()));
    let ready = || Definition::new("b").init(async |_| Ok(()));
    let fails = Definition::new("b").optional().init(async |_| Err::<(), _>("no".into()));
    let cases = [
        (isolated().define(wanting()), Some("it wants b, which is not in this registry")),
        (isolated().define(wanting()).define(fails), Some("it wants b, which is failed")),
        (isolated().define(wanting()).define(ready().lazy()), Some("it wants b, which is not booted")),
        (isolated().define(wanting()).define(ready()), None),
    ];
    for (builder, why) in cases {
        let registry = builder.boot().await?;
        let report = registry.health().await;
        let a = report.services.iter().find(|it| it.name == "a").expect("it is ready");
        assert_eq!(a.health.why(), why);
        assert!(a.health.is_up());
        registry.shutdown().await?;
    }
    Ok(())
}
