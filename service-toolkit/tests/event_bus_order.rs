//! The order of the events of a bus, and code of the user that runs while an event is emitted.
#![cfg(feature = "event_bus")]
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

mod host;

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use host::{Seed, settle};
use service_toolkit::event_bus::EventBus;
use tokio::sync::Semaphore;

type Seen = Arc<Mutex<Vec<u32>>>;

fn poll_once<F: Future>(future: std::pin::Pin<&mut F>) -> bool {
    future.poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

#[tokio::test(start_paused = true)]
async fn an_event_that_waits_for_a_place_is_handled_before_those_emitted_after_it() {
    let (registry, owner, user) = host::boot().await;
    let bus = EventBus::with_capacity(&owner, 2);
    let seen = Seen::default();
    let record = seen.clone();
    bus.subscribe(&user, "listener", move |event: Arc<u32>| {
        record.lock().unwrap().push(*event);
        async {}
    });
    assert_eq!((bus.emit_nowait(1_u32), bus.emit_nowait(2_u32)), (1, 1));
    let mut third = pin!(bus.emit(3_u32));
    assert!(!poll_once(third.as_mut()));
    // There is a place again, but nobody has polled the third.
    settle().await;
    assert_eq!(bus.emit_nowait(4_u32), 1);
    assert_eq!(third.await, 1);
    settle().await;
    assert_eq!(*seen.lock().unwrap(), [1, 2, 3, 4]);
    registry.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_event_that_a_handler_emits_does_not_pass_one_that_waits() {
    let (registry, owner, user) = host::boot().await;
    let bus = EventBus::with_capacity(&owner, 2);
    let seen = Seen::default();
    let (record, emits) = (seen.clone(), bus.clone());
    bus.subscribe(&user, "listener", move |event: Arc<u32>| {
        record.lock().unwrap().push(*event);
        if *event == 2 {
            emits.emit_nowait(4_u32);
        }
        async {}
    });
    bus.emit_nowait(1_u32);
    bus.emit_nowait(2_u32);
    assert_eq!(bus.emit(3_u32).await, 1);
    settle().await;
    assert_eq!(*seen.lock().unwrap(), [1, 2, 3, 4]);
    registry.shutdown().await.unwrap();
}

/// An `emit` that is held without being polled, such as in a `select!` that has another branch to do.
#[tokio::test(start_paused = true)]
async fn an_emit_that_is_not_polled_delays_neither_the_listener_nor_its_shutdown() {
    let (registry, owner, user) = host::boot().await;
    let bus = EventBus::with_capacity(&owner, 1);
    bus.subscribe(&user, "listener", |_: Arc<u32>| async {});
    bus.emit_nowait(1_u32);
    let mut held = pin!(bus.emit(2_u32));
    assert!(!poll_once(held.as_mut()));
    settle().await;
    registry.shutdown().await.unwrap();
    assert_eq!((held.await, bus.stats().handled, bus.stats().dead_letters()), (1, 2, 0));
}

struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("no text");
    }
}

impl fmt::Debug for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Broken")
    }
}

impl std::error::Error for Broken {}

#[tokio::test(start_paused = true)]
async fn an_error_without_a_text_does_not_end_the_listener() {
    let (registry, owner, user) = host::boot().await;
    let (log, _guard) = host::Log::start();
    let bus = EventBus::new(&owner);
    bus.subscribe(&user, "listener", |event: Arc<u32>| async move { if *event == 1 { Err(Broken) } else { Ok(()) } });
    bus.emit_nowait(1_u32);
    bus.emit_nowait(2_u32);
    settle().await;
    assert_eq!((bus.stats().handled, bus.stats().failed), (1, 1));
    assert!(log.text().contains("error=no text, because it panicked: no text"), "{}", log.text());
    registry.shutdown().await.unwrap();
}

/// On another thread, because it would hang.
#[test]
fn a_subscriber_of_the_log_may_use_the_bus() {
    let (sender, done) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let (_registry, owner, _user) = host::boot().await;
            let bus = EventBus::new(&owner);
            let looks = bus.clone();
            let writer = move || {
                let _listeners = looks.listeners::<u8>();
                io::sink()
            };
            let level = tracing::Level::DEBUG;
            let subscriber = tracing_subscriber::fmt().with_max_level(level).with_writer(writer).finish();
            let _guard = tracing::subscriber::set_default(subscriber);
            bus.emit_nowait(1_u8);
            sender.send(bus.stats().unheard).unwrap();
        });
    });
    assert_eq!(done.recv_timeout(Duration::from_secs(10)), Ok(1));
}

/// A listener of the model, which handles an event when the test permits it.
#[derive(Default)]
struct Model {
    gate: Gate,
    seen: Seen,
    queued: VecDeque<u32>,
    waiting: VecDeque<u32>,
    busy: Option<u32>,
    handled: Vec<u32>,
}

#[derive(Clone)]
struct Gate(Arc<Semaphore>);

impl Default for Gate {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }
}

impl Model {
    /// The listener takes the next event, and the one that has waited longest gets the free place.
    fn go_on(&mut self) {
        if self.busy.is_none() {
            self.busy = self.queued.pop_front();
            if self.busy.is_some() {
                self.queued.extend(self.waiting.pop_front());
            }
        }
    }
}

/// Emits that wait without being polled, emits that are given up, and events that do not wait, between listeners that go on.
async fn generated(seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let (registry, owner, user) = host::boot().await;
    let capacity = random.usize(1..4);
    let bus = EventBus::with_capacity(&owner, capacity);
    let mut models = [Model::default(), Model::default()];
    for (name, Model { gate, seen, .. }) in ["a", "b"].into_iter().zip(&models) {
        let (gate, seen) = (gate.clone(), seen.clone());
        bus.subscribe(&user, name, move |event: Arc<u32>| {
            let (gate, seen) = (gate.clone(), seen.clone());
            async move {
                gate.0.acquire().await.unwrap().forget();
                seen.lock().unwrap().push(*event);
            }
        });
    }
    let (bus, mut held) = (&bus, Vec::new());
    for number in 0..80 {
        match random.u8(0..6) {
            0 => {
                bus.emit_nowait(number);
                for model in models.iter_mut().filter(|model| model.queued.len() < capacity) {
                    model.queued.push_back(number);
                }
            }
            1..3 => {
                let mut emit = Box::pin(bus.emit(number));
                if !poll_once(emit.as_mut()) {
                    held.push((number, emit));
                }
                for model in &mut models {
                    let is_free = model.queued.len() < capacity;
                    if is_free { model.queued.push_back(number) } else { model.waiting.push_back(number) }
                }
            }
            3 if !held.is_empty() => {
                let (given_up, emit) = held.swap_remove(random.usize(0..held.len()));
                drop(emit);
                models.iter_mut().for_each(|model| model.waiting.retain(|number| *number != given_up));
            }
            _ => {
                let model = &mut models[random.usize(0..2)];
                if let Some(event) = model.busy.take() {
                    model.handled.push(event);
                    model.gate.0.add_permits(1);
                }
            }
        }
        settle().await;
        for model in &mut models {
            model.go_on();
            assert_eq!(*model.seen.lock().unwrap(), model.handled);
        }
        let queued: usize = models.iter().map(|it| it.queued.len() + usize::from(it.busy.is_some())).sum();
        assert_eq!(bus.stats().queued, queued as u64);
    }
    models.iter().for_each(|model| model.gate.0.add_permits(1000));
    settle().await;
    for Model { seen, queued, waiting, busy, mut handled, .. } in models {
        handled.extend(busy.into_iter().chain(queued).chain(waiting));
        assert!(handled.is_sorted());
        assert_eq!(*seen.lock().unwrap(), handled);
    }
    for (_, emit) in held {
        assert!((1..=2).contains(&emit.await));
    }
    registry.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn generated_sequences_are_handled_in_the_order_in_which_they_were_emitted() {
    for seed in 0..100 {
        let _seed = Seed(seed);
        generated(seed).await;
    }
}
