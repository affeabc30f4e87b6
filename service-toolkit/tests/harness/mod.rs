//! What several tests need: a record of `tracing` events, durations in short, and seeds.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::cell::RefCell;
use std::fmt::{Debug, Write};
use std::future::Future;
use std::pin::Pin;
use std::sync::Once;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

pub(crate) fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Runs a test with many seeds. The seed of a failure is in the output.
pub(crate) fn seeds(count: u64, run: impl Fn(u64)) {
    struct Seed(u64);
    impl Drop for Seed {
        fn drop(&mut self) {
            if std::thread::panicking() {
                eprintln!("the seed is {}", self.0);
            }
        }
    }
    for seed in 0..count {
        let _seed = Seed(seed);
        run(seed);
    }
}

/// Runs a future on a new runtime with a paused clock.
pub(crate) fn paused<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.expect("a runtime can be built").block_on(future)
}

/// Polls a future once.
pub(crate) fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Lets every task that is ready run until it waits.
pub(crate) async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

thread_local! {
    static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// The `tracing` events of this thread: `WARN the message field=value`.
///
/// The subscriber is global and the lines belong to the thread. With a subscriber for each thread, `tracing` may decide in one
/// thread that an event is of no interest, while another thread records it.
pub(crate) struct Events;

impl Events {
    pub(crate) fn record() -> Self {
        static GLOBAL: Once = Once::new();
        GLOBAL.call_once(|| tracing::subscriber::set_global_default(Recorder).expect("it is the only one"));
        LINES.take();
        Self
    }

    /// The events that contain `text`.
    pub(crate) fn with(&self, text: &str) -> Vec<String> {
        LINES.with_borrow(|lines| lines.iter().filter(|line| line.contains(text)).cloned().collect())
    }
}

struct Recorder;

struct Line(String, String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        match field.name() {
            "message" => self.0 = format!("{value:?}"),
            name => write!(self.1, " {name}={value:?}").expect("a string accepts it"),
        }
    }
}

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && metadata.target().starts_with("service_toolkit")
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new(), String::new());
        event.record(&mut line);
        let text = format!("{} {}{}", event.metadata().level(), line.0, line.1);
        LINES.with_borrow_mut(|lines| lines.push(text));
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}
