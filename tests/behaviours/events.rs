//! Events: their order, when listeners receive them, and that listeners do not slow the registry down.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;

use service_core::{Context, Definition, EventKind, Registry, Result, State};
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

/// A service that does nothing, and its context.
fn emitter() -> (Definition<()>, Arc<OnceLock<Context<()>>>) {
    let context = Arc::<OnceLock<_>>::default();
    let place = context.clone();
    let init = move |cx: Context<()>| {
        let _ = place.set(cx);
        async { Ok(()) }
    };
    (Definition::new("emitter").init(init), context)
}

/// Asserts that these are all the events of the registry, each once and in order.
fn assert_complete(collector: &EventCollector, registry: &Registry) {
    let numbers: Vec<_> = collector.events().iter().map(|event| event.number).collect();
    assert!(numbers.iter().copied().eq(0..numbers.len() as u64), "{numbers:?}");
    assert_eq!(collector.lines(), event_lines(registry));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn observers_get_each_event_of_many_threads_once_and_in_order() -> Result<()> {
    const THREADS: usize = 4;
    const EVENTS: usize = 500;
    let (definition, context) = emitter();
    let (first, second) = (EventCollector::new(), EventCollector::new());
    let is_running = AtomicBool::new(false);
    let observe = first.listener();
    let observer = move |event: &_| {
        assert!(!is_running.swap(true, Ordering::SeqCst), "it runs on two threads at once");
        observe(event);
        thread::yield_now();
        is_running.store(false, Ordering::SeqCst);
    };
    let registry = isolated().observe(observer).observe(second.listener()).define(definition).boot().await?;
    let context = context.get().expect("init has run");
    thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || (0..EVENTS).for_each(|event| context.progress(format!("{thread}: {event}"))));
        }
    });
    registry.shutdown().await?;
    assert!(first.events().len() > THREADS * EVENTS);
    assert_complete(&first, &registry);
    assert_complete(&second, &registry);
    // What one thread has emitted stays in the order in which it emitted it.
    for thread in 0..THREADS {
        let events = first.events();
        let of = events.iter().filter_map(|event| match &event.kind {
            EventKind::Progress { words, .. } => words.strip_prefix(&format!("{thread}: "))?.parse::<usize>().ok(),
            _ => None,
        });
        assert!(of.eq(0..EVENTS));
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_observer_may_emit_and_ask_the_registry() -> Result<()> {
    let (definition, context) = emitter();
    let registry: Arc<OnceLock<Registry>> = Arc::default();
    let collector = EventCollector::new();
    let (emit, ask) = (context.clone(), registry.clone());
    let observer = move |event: &service_core::Event| {
        let EventKind::Progress { words, .. } = &event.kind else { return };
        assert!(ask.get().expect("it is set").events().iter().any(|known| known.number == event.number));
        if words.len() < 4 {
            emit.get().expect("init has run").progress(format!("{words}+"));
        }
    };
    let booted = isolated().observe(observer).observe(collector.listener()).define(definition).boot().await?;
    assert!(registry.set(booted.clone()).is_ok());
    context.get().expect("init has run").progress("+");
    let words: Vec<_> =
        collector.events().iter().map(ToString::to_string).filter(|it| it.starts_with("progress")).collect();
    let expected = ["+", "++", "+++", "++++"].map(|words| format!("progress service=emitter progress={words}"));
    assert_eq!(words, expected, "all of them before progress() has returned");
    booted.shutdown().await?;
    assert_complete(&collector, &booted);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_observer_that_panics_keeps_no_event_from_anybody() -> Result<()> {
    let (panicked, collector) = (EventCollector::new(), EventCollector::new());
    let observe = panicked.listener();
    let observer = move |event: &_| {
        observe(event);
        panic!("an observer has a bug");
    };
    let registry =
        isolated().observe(observer).observe(collector.listener()).define(Definition::new("a")).boot().await?;
    registry.shutdown().await?;
    assert_complete(&panicked, &registry);
    assert_complete(&collector, &registry);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_observer_delays_no_other_thread_and_is_waited_for_at_the_end() -> Result<()> {
    let (definition, context) = emitter();
    let registry: Arc<OnceLock<Registry>> = Arc::default();
    let collector = EventCollector::new();
    let (ask, observe) = (registry.clone(), collector.listener());
    let observer = move |event: &service_core::Event| {
        if let EventKind::Progress { .. } = event.kind {
            // Until the registry has shut down, which it does on other threads.
            let registry = ask.get().expect("it is set");
            while !registry.events().iter().any(|event| matches!(event.kind, EventKind::ShutDown { .. })) {
                thread::yield_now();
            }
        }
        observe(event);
    };
    let booted = isolated().observe(observer).define(definition).boot().await?;
    assert!(registry.set(booted.clone()).is_ok());
    let emitting = thread::spawn(move || context.get().expect("init has run").progress("half way"));
    while !event_lines(&booted).contains(&"progress emitter".to_owned()) {
        tokio::task::yield_now().await;
    }
    booted.shutdown().await?;
    assert_complete(&collector, &booted);
    emitting.join().expect("the thread ends");
    Ok(())
}
