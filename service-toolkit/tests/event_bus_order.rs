//! The order of the events of a bus, and code of the user that runs while an event is emitted.
#![cfg(feature = "event_bus")]
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

mod host;

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use host::settle;
use service_toolkit::event_bus::EventBus;

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
