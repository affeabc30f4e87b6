//! Events: their order, when listeners receive them, and that listeners do not slow the registry down.

use std::sync::{Arc, Mutex, PoisonError};

use service_core::{Definition, EventKind, Registry, Result, State};
use tests::{EventCollector, Recorder, event_lines, failing, isolated, ms};

// shows: F14
#[test]
fn a_listener_that_blocks_does_not_block_the_shutdown() {
    let (unblock, blocked) = std::sync::mpsc::channel::<()>();
    let blocked = Mutex::new(blocked);
    let listener = move |_: &_| {
        let blocked = blocked.lock().unwrap_or_else(PoisonError::into_inner);
        // This blocks until the sender is dropped.
        let _ = blocked.recv();
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let registry = isolated().on_event(listener).define(Definition::new("a")).boot().await.expect("it boots");
        registry.shutdown().await.expect("it shuts down");
    });
    drop(unblock);
}

// shows: F16
#[tokio::test(start_paused = true)]
async fn the_state_changes_before_its_event_is_delivered() -> Result<()> {
    let registry: Arc<Mutex<Option<Registry>>> = Arc::default();
    let seen: Arc<Mutex<Vec<(&str, State)>>> = Arc::default();
    let (handle, states) = (registry.clone(), seen.clone());
    let booted = isolated()
        .on_event(move |event| {
            let word = match event.kind {
                EventKind::Draining { .. } => "draining",
                EventKind::Stopping { .. } => "stopping",
                EventKind::Stopped { .. } => "stopped",
                _ => return,
            };
            let registry = handle.lock().unwrap_or_else(PoisonError::into_inner);
            let state = registry.as_ref().expect("it is booted").report().services[0].state;
            states.lock().unwrap_or_else(PoisonError::into_inner).push((word, state));
        })
        .define(Recorder::new().service("a", ms(0), ms(10)))
        .boot()
        .await?;
    *registry.lock().unwrap_or_else(PoisonError::into_inner) = Some(booted.clone());
    booted.shutdown().await?;
    registry.lock().unwrap_or_else(PoisonError::into_inner).take();
    let seen = seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let at_least = [("draining", State::Draining), ("stopping", State::Stopping), ("stopped", State::Stopped)];
    assert_eq!(seen.len(), at_least.len());
    for ((word, seen), (expected, at_least)) in seen.into_iter().zip(at_least) {
        assert!(word == expected && seen >= at_least, "{word} was delivered in state {seen}");
    }
    Ok(())
}

// shows: F17
#[tokio::test(start_paused = true)]
async fn booted_is_not_reported_if_a_required_service_failed() {
    let collector = EventCollector::new();
    isolated()
        .on_event(collector.listener())
        .define(Definition::new("a"))
        .define(failing("b", "no").requires(["a"]))
        .boot()
        .await
        .expect_err("b fails");
    let lines = collector.lines();
    assert!(lines.contains(&"ready a".to_owned()), "{lines:?}");
    assert!(!lines.contains(&"booted".to_owned()), "{lines:?}");
}

// shows: F18
#[tokio::test(start_paused = true)]
async fn a_shutdown_after_a_failure_is_reported_to_its_end() -> Result<()> {
    let registry = isolated().define(failing("a", "no").optional()).boot().await?;
    registry.shutdown().await?;
    let lines = event_lines(&registry);
    assert_eq!(lines, ["booting", "starting a", "failed a", "booted", "shutting down", "shut down"]);
    Ok(())
}

// shows: S21
#[tokio::test(start_paused = true)]
async fn shutdown_returns_after_its_last_event() -> Result<()> {
    let collector = EventCollector::new();
    let registry = isolated()
        .on_event(collector.listener())
        .define(Definition::new("a"))
        .define(Definition::new("b").requires(["a"]))
        .boot()
        .await?;
    registry.shutdown().await?;
    let lines = collector.lines();
    let down = lines.iter().skip_while(|line| *line != "booted").skip(1).collect::<Vec<_>>();
    let expected = [
        "shutting down",
        "draining b",
        "stopping b",
        "stopped b",
        "draining a",
        "stopping a",
        "stopped a",
        "shut down",
    ];
    assert_eq!(down, expected, "all events are delivered before shutdown() returns");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn listeners_and_the_registry_have_the_same_events_without_a_gap() -> Result<()> {
    let collector = EventCollector::new();
    let recorder = Recorder::new();
    let registry = isolated()
        .on_event(collector.listener())
        .define(recorder.service("a", ms(7), ms(3)))
        .define(recorder.service("b", ms(2), ms(1)).requires(["a"]))
        .boot()
        .await?;
    registry.shutdown().await?;
    assert_eq!(collector.lines(), event_lines(&registry));
    assert!(collector.events().iter().map(|event| event.number).eq(0..collector.events().len() as u64));
    assert!(collector.events().is_sorted_by_key(|event| event.at));
    Ok(())
}
