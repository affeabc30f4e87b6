//! Failures in a tight loop, and listeners that cannot keep up with the events.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use service_core::{Context, Definition, Event, Restart, Result, ShutdownReason};
use tests::{EventCollector, Latch, Recorder, isolated, ms};
use tokio::time::timeout;

/// How many events a registry keeps.
const KEPT: usize = 4_096;

/// A service with a task that fails as soon as it starts and restarts without a delay, and the number of its runs.
fn storm(restarts: u32) -> (Definition<()>, Arc<AtomicU32>) {
    let runs = Arc::new(AtomicU32::new(0));
    let count = runs.clone();
    let policy = Restart::transient().intensity(restarts, Duration::from_secs(600)).backoff(ms(0), ms(0));
    let definition = Definition::new("storm").init(move |cx: Context<()>| {
        let count = count.clone();
        cx.tasks().supervised("pump", policy, move || {
            count.fetch_add(1, Ordering::SeqCst);
            async { Err::<(), _>("the pump is stuck") }
        });
        async { Ok(()) }
    });
    (definition, runs)
}

// shows: R10
#[tokio::test(start_paused = true)]
async fn a_storm_of_failures_ends_at_its_intensity_and_uses_bounded_memory() -> Result<()> {
    let ((definition, runs), recorder) = (storm(10_000), Recorder::new());
    let registry = isolated().define(definition).define(recorder.quick("beside")).boot().await?;
    let error = registry.stopped().await.expect_err("the task fails permanently");
    assert_eq!(runs.load(Ordering::SeqCst), 10_001);
    let report = error.report().expect("the registry is shut down");
    assert!(matches!(&report.reason, ShutdownReason::Failed(error) if error.contains("the pump is stuck")), "{report}");
    assert_eq!(recorder.of("shutdown"), ["beside"]);
    assert_eq!(registry.events().len(), KEPT);
    assert!(registry.events().last().is_some_and(|last| last.number > 20_000));
    Ok(())
}

#[tokio::test]
async fn an_endless_storm_of_failures_blocks_neither_other_services_nor_the_shutdown() -> Result<()> {
    let ((definition, runs), ticks) = (storm(u32::MAX), Latch::new());
    let tick = ticks.clone();
    let beside = Definition::new("beside").init(move |cx: Context<()>| {
        let ticks = tick.clone();
        cx.tasks().delayed("tick", ms(1), async move { ticks.open() });
        async { Ok(()) }
    });
    let received = Arc::new(AtomicU64::new(0));
    let count = received.clone();
    let listener = move |event: &Event| assert_eq!(event.number, count.fetch_add(1, Ordering::SeqCst));
    let registry = isolated().define(definition).define(beside).on_event(listener).boot().await?;
    ticks.opened().await;
    // Each run causes two events.
    while (runs.load(Ordering::SeqCst) as usize) < KEPT / 2 + 100 {
        tokio::task::yield_now().await;
    }
    let shutdown = timeout(Duration::from_secs(5), registry.shutdown()).await?;
    shutdown.map_or_else(|error| assert!(error.to_string().contains("the pump is stuck"), "{error}"), drop);
    let events = registry.events();
    assert_eq!(events.len(), KEPT);
    let all = events.last().map(|last| last.number + 1);
    assert_eq!(Some(received.load(Ordering::SeqCst)), all, "a listener that keeps up misses no event");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_listener_that_cannot_keep_up_sees_a_gap_and_then_the_latest_events() -> Result<()> {
    let collector = EventCollector::new();
    let chatty = Definition::new("chatty").init(|cx: Context<()>| async move {
        // It does not yield, so the listener receives no event meanwhile.
        (0..3 * KEPT).for_each(|step| cx.progress(format!("step {step}")));
        Ok(())
    });
    let registry = isolated().define(chatty).on_event(collector.listener()).boot().await?;
    registry.shutdown().await?;
    let numbers: Vec<_> = collector.events().iter().map(|event| event.number).collect();
    assert!(numbers.is_sorted() && numbers.first() == Some(&0), "{:?}", numbers.first());
    assert_eq!(numbers.last(), registry.events().last().map(|last| last.number).as_ref());
    assert!((KEPT..2 * KEPT).contains(&numbers.len()), "{} of {} were received", numbers.len(), 3 * KEPT);
    Ok(())
}
