//! A registry with two services whose contexts the tests use, the text of the log, and the seed of a generated test.
#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

use std::io::Write;
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use service_core::{Context, Lifecycle, Registry, Result, service};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};

/// Stops last.
#[service(drain_timeout = "2s")]
pub(crate) struct Owner {
    pub(crate) cx: Context<Owner>,
}

impl Lifecycle for Owner {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        Ok(Self { cx: cx.clone() })
    }
}

/// Stops first.
#[service(requires = [Owner], drain_timeout = "2s")]
pub(crate) struct User {
    pub(crate) cx: Context<User>,
}

impl Lifecycle for User {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        Ok(Self { cx: cx.clone() })
    }
}

pub(crate) async fn boot() -> (Registry, Context<Owner>, Context<User>) {
    let registry = Registry::builder().isolated().boot().await.unwrap();
    let (owner, user) = (registry.get::<Owner>().unwrap().cx.clone(), registry.get::<User>().unwrap().cx.clone());
    (registry, owner, user)
}

/// Lets every task run until it waits.
pub(crate) async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

/// The text that `tracing` writes while the guard lives.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(crate) fn start() -> (Self, tracing::subscriber::DefaultGuard) {
        static GLOBAL: Once = Once::new();
        GLOBAL.call_once(|| drop(tracing::subscriber::set_global_default(AsksEachTime)));
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// Records nothing, and keeps `tracing` from deciding in one thread, for all, that an event is of no interest.
struct AsksEachTime;

impl Subscriber for AsksEachTime {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        false
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Prints the seed if the test panics.
pub(crate) struct Seed(pub(crate) u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("seed {}", self.0);
        }
    }
}
