//! Restart policies: how often and after which delay a service restarts, and what follows when it fails permanently.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use service_core::{Context, Definition, EventKind, Restart, Result, ShutdownReason};
use tests::{EventCollector, Latch, Recorder, event_lines, fail_when_open, isolated, ms, secs};
use tokio::time::{sleep, timeout};

/// Up to two restarts in a minute, each after a second.
const RESTART: Restart = Restart::transient().intensity(2, secs(60)).backoff(secs(1), secs(1));

// shows: R11
#[tokio::test(start_paused = true)]
async fn a_failure_during_a_restart_counts_and_is_retried_under_the_same_policy() -> Result<()> {
    let (broken, collector) = (Latch::new(), EventCollector::new());
    let starts = Arc::new(AtomicU32::new(0));
    let (pump, count) = (broken.clone(), starts.clone());
    let definition = Definition::new("it").restart(RESTART).init(move |cx: Context<()>| {
        let life = count.fetch_add(1, Ordering::SeqCst);
        if life == 0 {
            fail_when_open(&cx, &pump);
        }
        async move { if life == 1 { Err("not yet".into()) } else { Ok(()) } }
    });
    let above = Definition::new("above").requires(["it"]).init(async |_| Ok(()));
    let registry = isolated().define(definition).define(above).on_event(collector.listener()).boot().await?;
    broken.open();
    sleep(secs(5)).await;
    assert_eq!(starts.load(Ordering::SeqCst), 3);
    assert_eq!(collector.of("restarting"), ["it", "it"]);
    assert_eq!(collector.of("failed"), tests::NONE);
    assert!(registry.is_ready() && event_lines(&registry).iter().filter(|it| *it == "ready above").count() == 2);
    registry.shutdown().await?;
    Ok(())
}

// shows: R10
#[tokio::test(start_paused = true)]
async fn a_restart_that_fails_too_often_shuts_the_registry_down_with_its_reason() -> Result<()> {
    let (broken, starts) = (Latch::new(), Arc::new(AtomicU32::new(0)));
    let (pump, count) = (broken.clone(), starts.clone());
    let definition = Definition::new("it").restart(RESTART).init(move |cx: Context<()>| {
        let life = count.fetch_add(1, Ordering::SeqCst);
        if life == 0 {
            fail_when_open(&cx, &pump);
        }
        async move { if life > 0 { Err("the pump has burst".into()) } else { Ok(()) } }
    });
    let recorder = Recorder::new();
    let registry = isolated().define(definition).define(recorder.quick("beside")).boot().await?;
    broken.open();
    let error = registry.stopped().await.expect_err("the service fails permanently");
    let report = error.report().expect("the registry is shut down");
    assert!(
        matches!(&report.reason, ShutdownReason::Failed(words) if words.contains("the pump has burst")),
        "{report}"
    );
    assert_eq!(starts.load(Ordering::SeqCst), 1 + 2, "two restarts, as many as the intensity allows");
    assert_eq!(recorder.of("shutdown"), ["beside"]);
    Ok(())
}

/// The restart delays of a service that fails as soon as it is ready, and those of its failing task.
async fn delays(seed: u64) -> Result<Vec<Duration>> {
    let policy = Restart::transient().intensity(4, secs(60)).backoff(secs(1), secs(1)).jitter(0.5).seed(seed);
    let definition = Definition::new("it").restart(policy).init(move |cx: Context<()>| {
        cx.tasks().supervised("pump", policy, || async { Err::<(), _>("the pump is stuck") });
        async { Ok(()) }
    });
    let registry = isolated().define(definition).boot().await?;
    registry.stopped().await.expect_err("the service fails permanently");
    let events = registry.events();
    let delays = events.iter().filter_map(|event| match event.kind {
        EventKind::Restarting { delay, .. } | EventKind::TaskRestarting { delay, .. } => Some(delay),
        _ => None,
    });
    Ok(delays.collect())
}

// shows: R12
#[tokio::test(start_paused = true)]
async fn the_jitter_of_restart_delays_depends_on_the_seed() -> Result<()> {
    let one = delays(1).await?;
    assert_eq!(one.len(), 4 + 4 * 5, "those of the service, and those of the task in each of its five instances");
    assert!(one.iter().all(|delay| (ms(1000)..ms(1500)).contains(delay)), "{one:?}");
    assert_ne!(one[0], one[1], "each delay has its own jitter");
    assert_eq!(one, delays(1).await?);
    assert_ne!(one, delays(2).await?);
    Ok(())
}

// shows: R12
#[tokio::test(start_paused = true)]
async fn a_quiet_period_resets_the_restart_delay_once() -> Result<()> {
    let policy = Restart::transient().intensity(9, secs(60)).backoff(secs(1), secs(30)).quiet(secs(60));
    let (broken, starts) = (Latch::new(), Arc::new(AtomicU32::new(0)));
    let (pump, count) = (broken.clone(), starts.clone());
    let definition = Definition::new("it").restart(policy).init(move |cx: Context<()>| {
        let life = count.fetch_add(1, Ordering::SeqCst);
        if life == 0 {
            fail_when_open(&cx, &pump);
        }
        async move { if (1..4).contains(&life) { Err("not yet".into()) } else { Ok(()) } }
    });
    let registry = isolated().define(definition).boot().await?;
    sleep(secs(100)).await;
    broken.open();
    sleep(secs(30)).await;
    assert!(registry.is_ready());
    let delays = registry.events().into_iter().filter_map(|event| match event.kind {
        EventKind::Restarting { delay, .. } => Some(delay),
        _ => None,
    });
    assert_eq!(delays.collect::<Vec<_>>(), [1, 2, 4, 8].map(secs));
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_optional_service_that_fails_permanently_does_not_affect_the_rest() -> Result<()> {
    let broken = Latch::new();
    let pump = broken.clone();
    let definition = Definition::new("it").optional().init(move |cx: Context<()>| {
        fail_when_open(&cx, &pump);
        async { Ok(()) }
    });
    let registry = isolated().define(definition).boot().await?;
    broken.open();
    sleep(secs(60)).await;
    assert!(registry.is_ready());
    let error = registry.shutdown().await.expect_err("the failed task is in the report");
    assert!(error.to_string().contains("the pump is stuck"), "{error}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_optional_service_that_does_not_recover_shuts_the_registry_down_if_it_blocks_a_mandatory_one() -> Result<()>
{
    let (broken, starts, recorder) = (Latch::new(), Arc::new(AtomicU32::new(0)), Recorder::new());
    let pump = broken.clone();
    let definition = Definition::new("it").optional().restart(RESTART).init(move |cx: Context<()>| {
        let life = starts.fetch_add(1, Ordering::SeqCst);
        fail_when_open(&cx, &pump);
        async move { if life > 0 { Err("the pump has burst".into()) } else { Ok(()) } }
    });
    let registry = isolated().define(definition).define(recorder.quick("above").requires(["it"])).boot().await?;
    broken.open();
    let stopped = timeout(secs(600), registry.stopped()).await?;
    let error = stopped.expect_err("above is not optional");
    let reason = error.report().map(|report| report.reason.clone());
    assert!(matches!(reason, Some(ShutdownReason::Failed(words)) if words.contains("the pump has burst")), "{error}");
    Ok(())
}
