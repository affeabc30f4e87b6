//! The event bus, on the paused clock.
#![cfg(feature = "event_bus")]
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

mod host;

use std::collections::VecDeque;
use std::future::{Future, pending};
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::Duration;

use host::{Log, Seed, User, settle};
use service_core::{Context, Registry};
use service_toolkit::event_bus::EventBus;
use tokio::sync::{Notify, Semaphore};
use tokio::time::{Instant, timeout};

struct Ping(u32);
struct Pong;

async fn boot(capacity: usize) -> (Registry, EventBus, Context<User>) {
    let (registry, owner, user) = host::boot().await;
    (registry, EventBus::with_capacity(&owner, capacity), user)
}

type Seen = Arc<Mutex<Vec<u32>>>;

fn record(bus: &EventBus, cx: &Context<User>, name: &'static str) -> Seen {
    let seen = Seen::default();
    let record = seen.clone();
    assert!(bus.subscribe(cx, name, move |event: Arc<Ping>| {
        record.lock().unwrap().push(event.0);
        async {}
    }));
    seen
}

#[tokio::test(start_paused = true)]
async fn an_event_reaches_each_listener_of_its_type_in_order() {
    let (registry, bus, cx) = boot(10).await;
    let (first, second) = (record(&bus, &cx, "first"), record(&bus, &cx, "second"));
    for number in 0..5 {
        assert_eq!(bus.emit(Ping(number)).await, 2);
    }
    assert_eq!(bus.listeners::<Ping>(), 2);
    assert_eq!(bus.emit(Pong).await, 0, "nobody listens to this type");
    settle().await;
    assert_eq!(*first.lock().unwrap(), [0, 1, 2, 3, 4]);
    assert_eq!(*second.lock().unwrap(), [0, 1, 2, 3, 4]);
    assert_eq!((bus.stats().emitted, bus.stats().handled, bus.stats().unheard), (6, 10, 1));
    registry.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_event_reaches_a_listener_within_100_ms_with_its_data() {
    let (_registry, bus, cx) = boot(10).await;
    let (seen, arrived) = (Arc::new(AtomicU32::new(0)), Arc::new(Notify::new()));
    let (data, latch) = (seen.clone(), arrived.clone());
    bus.subscribe(&cx, "test", move |event: Arc<Ping>| {
        data.store(event.0, Ordering::SeqCst);
        latch.notify_one();
        async {}
    });
    bus.emit(Ping(42)).await;
    timeout(Duration::from_millis(100), arrived.notified()).await.expect("the event arrives");
    assert_eq!(seen.load(Ordering::SeqCst), 42);
}

#[tokio::test(start_paused = true)]
async fn listeners_of_one_event_run_concurrently() {
    let (registry, bus, cx) = boot(10).await;
    for name in ["a", "b", "c"] {
        bus.subscribe(&cx, name, |_: Arc<Ping>| tokio::time::sleep(Duration::from_secs(1)));
    }
    let begin = Instant::now();
    bus.emit(Ping(0)).await;
    registry.shutdown().await.unwrap();
    assert_eq!(bus.stats().handled, 3);
    assert!(begin.elapsed() < Duration::from_secs(2), "three listeners took {:?}", begin.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_listener_that_fails_or_panics_affects_neither_the_others_nor_itself() {
    let (log, _guard) = Log::start();
    let (registry, bus, cx) = boot(10).await;
    bus.subscribe(&cx, "fails", |_: Arc<Ping>| async { Err::<(), _>("no mail server") });
    bus.subscribe(&cx, "panics", |event: Arc<Ping>| async move { assert!(event.0 > 7, "no stock") });
    bus.subscribe(&cx, "panics at once", |event: Arc<Ping>| {
        assert_ne!(event.0, 0, "zero");
        async {}
    });
    let seen = record(&bus, &cx, "works");
    bus.emit(Ping(0)).await;
    bus.emit(Ping(1)).await;
    settle().await;
    assert_eq!(*seen.lock().unwrap(), [0, 1]);
    assert_eq!((bus.stats().handled, bus.stats().failed, bus.stats().queued), (3, 5, 0));
    registry.shutdown().await.unwrap();
    let text = log.text();
    for part in ["Ping", "fails", "no mail server", "no stock", "panics at once", "zero"] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn emit_waits_for_a_full_queue_and_the_other_listeners_do_not() {
    let (_registry, bus, cx) = boot(1).await;
    let gate = Arc::new(Semaphore::new(0));
    let pass = gate.clone();
    bus.subscribe(&cx, "slow", move |_: Arc<Ping>| {
        let pass = pass.clone();
        async move { pass.acquire_owned().await.unwrap().forget() }
    });
    let quick = record(&bus, &cx, "quick");
    bus.emit(Ping(0)).await;
    settle().await; // the slow listener handles the first event
    bus.emit(Ping(1)).await; // and the second is queued
    settle().await;
    let mut third = pin!(bus.emit(Ping(2)));
    assert!(timeout(Duration::from_secs(60), &mut third).await.is_err(), "emit waits");
    assert_eq!(*quick.lock().unwrap(), [0, 1, 2], "the quick listener has the event already");
    gate.add_permits(1);
    assert_eq!(timeout(Duration::from_secs(1), third).await.expect("a place is free"), 2);
}

#[tokio::test(start_paused = true)]
async fn emit_nowait_drops_with_a_warning_that_names_event_and_listener() {
    let (log, _guard) = Log::start();
    let (_registry, bus, cx) = boot(1).await;
    bus.subscribe(&cx, "slow listener", |_: Arc<Ping>| pending::<()>());
    assert_eq!(bus.emit_nowait(Ping(0)), 1);
    settle().await;
    assert_eq!(bus.emit_nowait(Ping(1)), 1);
    assert!(!log.text().contains("slow listener"), "{}", log.text());
    assert_eq!(bus.emit_nowait(Ping(2)), 0);
    assert!(log.text().contains("Ping") && log.text().contains("slow listener"), "{}", log.text());
    assert_eq!((bus.stats().dropped, bus.stats().dead_letters()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn an_emit_that_is_dropped_while_it_waits_is_counted_and_named() {
    let (log, _guard) = Log::start();
    let (_registry, bus, cx) = boot(1).await;
    bus.subscribe(&cx, "slow listener", |_: Arc<Ping>| pending::<()>());
    bus.emit(Ping(0)).await;
    settle().await;
    bus.emit(Ping(1)).await;
    assert!(timeout(Duration::from_secs(1), bus.emit(Ping(2))).await.is_err());
    assert_eq!((bus.stats().dropped, bus.stats().queued), (1, 2));
    assert!(log.text().contains("slow listener"), "{}", log.text());
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_handles_what_is_queued_although_the_subscriber_stops_first() {
    let (registry, bus, cx) = boot(10).await;
    let handled = Arc::new(AtomicU32::new(0));
    let count = handled.clone();
    bus.subscribe(&cx, "mail", move |_: Arc<Ping>| {
        let count = count.clone();
        async move {
            tokio::time::sleep(Duration::from_millis(100)).await;
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    for number in 0..10 {
        bus.emit(Ping(number)).await;
    }
    let report = registry.shutdown().await.unwrap();
    assert!(report.is_clean(), "{report}");
    assert_eq!(handled.load(Ordering::SeqCst), 10);
    assert_eq!((bus.stats().handled, bus.stats().queued, bus.stats().dead_letters()), (10, 0, 0));
    assert_eq!(bus.emit(Ping(10)).await, 0);
    assert_eq!(bus.stats().refused, 1, "after the bus has stopped");
    assert!(!bus.subscribe(&cx, "late", |_: Arc<Ping>| async {}), "a stopped service makes no subscription");
    assert_eq!(bus.listeners::<Ping>(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_listener_that_hangs_ends_with_the_drain_budget_and_its_events_are_reported() {
    let (log, _guard) = Log::start();
    let (registry, bus, cx) = boot(10).await;
    bus.subscribe(&cx, "hangs", |_: Arc<Ping>| pending::<()>());
    for number in 0..4 {
        bus.emit(Ping(number)).await;
    }
    let begin = Instant::now();
    let error = registry.shutdown().await.expect_err("the report is not clean");
    assert!(begin.elapsed() < Duration::from_secs(3), "took {:?}", begin.elapsed());
    assert!(error.to_string().contains("hangs"), "{error}");
    assert_eq!((bus.stats().lost, bus.stats().queued), (4, 0));
    assert!(log.text().contains("lost=4"), "{}", log.text());
}

#[tokio::test(start_paused = true)]
async fn an_emit_that_waits_for_a_listener_ends_when_the_listener_stops() {
    let (registry, bus, cx) = boot(1).await;
    bus.subscribe(&cx, "hangs", |_: Arc<Ping>| pending::<()>());
    bus.emit(Ping(0)).await;
    settle().await;
    bus.emit(Ping(1)).await;
    let waits = tokio::spawn({
        let bus = bus.clone();
        async move { (bus.emit(Ping(2)).await, Instant::now()) }
    });
    settle().await;
    let begin = Instant::now();
    registry.shutdown().await.expect_err("the listener hangs");
    let (accepted, end) = timeout(Duration::from_secs(1), waits).await.expect("emit ends").unwrap();
    assert_eq!(accepted, 0);
    assert!(end < begin + Duration::from_secs(1), "it does not wait for the drain budget");
    assert_eq!((bus.stats().refused, bus.stats().lost), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn stopping_the_task_of_a_listener_ends_its_subscription_after_the_queue() {
    let (registry, bus, cx) = boot(10).await;
    let seen = record(&bus, &cx, "mail");
    bus.emit(Ping(1)).await;
    bus.emit(Ping(2)).await;
    assert_eq!(cx.tasks().stop("mail", Duration::from_secs(1)).await, 0);
    assert_eq!(*seen.lock().unwrap(), [1, 2]);
    assert_eq!((bus.emit(Ping(3)).await, bus.listeners::<Ping>()), (0, 0));
    assert!(registry.shutdown().await.unwrap().is_clean());
}

#[tokio::test(start_paused = true)]
async fn a_capacity_of_zero_or_of_everything_works() {
    for capacity in [0, usize::MAX] {
        let (registry, bus, cx) = boot(capacity).await;
        let seen = record(&bus, &cx, "mail");
        assert_eq!(timeout(Duration::from_secs(1), bus.emit(Ping(1))).await.expect("there is a place"), 1);
        registry.shutdown().await.unwrap();
        assert_eq!(*seen.lock().unwrap(), [1]);
    }
}

const CAPACITY: usize = 2;

/// A listener of the model: the events in its queue, the one that it handles, and those that it has handled.
struct Model {
    queue: VecDeque<u32>,
    busy: Option<u32>,
    handled: Vec<u32>,
    gate: Arc<Semaphore>,
    seen: Seen,
}

/// Emits, emits without waiting, gives emits up while they wait, lets listeners finish, and at the end shuts down: the listeners have
/// seen exactly what the model says, and the figures add up.
async fn generated(seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let (registry, bus, cx) = boot(CAPACITY).await;
    let mut listeners: Vec<Model> = Vec::new();
    for name in ["a", "b", "c"] {
        let (gate, seen) = (Arc::new(Semaphore::new(0)), Seen::default());
        let model = Model { queue: VecDeque::new(), busy: None, handled: Vec::new(), gate, seen };
        let (gate, seen) = (model.gate.clone(), model.seen.clone());
        bus.subscribe(&cx, name, move |event: Arc<Ping>| {
            let (gate, seen) = (gate.clone(), seen.clone());
            async move {
                gate.acquire_owned().await.unwrap().forget();
                seen.lock().unwrap().push(event.0);
                if event.0.is_multiple_of(5) { Err("every fifth fails") } else { Ok(()) }
            }
        });
        listeners.push(model);
    }
    let (mut emitted, mut dropped) = (0, 0);
    for number in 0..60 {
        if random.u32(0..3) < 2 {
            let mut free = 0;
            for model in listeners.iter_mut().filter(|model| model.queue.len() < CAPACITY) {
                model.queue.push_back(number);
                free += 1;
            }
            emitted += 1;
            dropped += (listeners.len() - free) as u64;
            if random.bool() {
                assert_eq!(bus.emit_nowait(Ping(number)), free);
            } else {
                // Given up at its first await.
                let poll = pin!(bus.emit(Ping(number))).poll(&mut std::task::Context::from_waker(Waker::noop()));
                assert_eq!(poll, if free < listeners.len() { Poll::Pending } else { Poll::Ready(free) });
            }
        } else {
            let model = &mut listeners[random.usize(0..3)];
            if let Some(event) = model.busy.take() {
                model.handled.push(event);
                model.gate.add_permits(1);
            }
        }
        settle().await;
        for model in &mut listeners {
            if model.busy.is_none() {
                model.busy = model.queue.pop_front();
            }
            assert_eq!(*model.seen.lock().unwrap(), model.handled);
        }
        let queued = listeners.iter().map(|model| model.queue.len() + usize::from(model.busy.is_some())).sum::<usize>();
        assert_eq!(bus.stats().queued, queued as u64);
    }
    listeners.iter().for_each(|model| model.gate.add_permits(1000));
    assert!(registry.shutdown().await.unwrap().is_clean());
    let (mut handled, mut failed) = (0, 0);
    for mut model in listeners {
        model.handled.extend(model.busy.into_iter().chain(model.queue));
        assert_eq!(*model.seen.lock().unwrap(), model.handled);
        let failures = model.handled.iter().filter(|event| **event % 5 == 0).count() as u64;
        failed += failures;
        handled += model.handled.len() as u64 - failures;
    }
    let stats = bus.stats();
    assert_eq!((stats.emitted, stats.dropped, stats.handled, stats.failed), (emitted, dropped, handled, failed));
    assert_eq!((stats.queued, stats.lost, stats.refused, stats.unheard), (0, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn generated_sequences_agree_with_a_model() {
    for seed in 0..50 {
        let _seed = Seed(seed);
        generated(seed).await;
    }
}
