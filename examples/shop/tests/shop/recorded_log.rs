//! [`RecordedLog`]: the log messages of the shop on this thread.

use std::fmt::Debug;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Dispatch, Event, Metadata, Subscriber};

/// The messages that the shop itself has logged on this thread, in order.
#[derive(Clone, Default)]
pub(crate) struct RecordedLog(Arc<Mutex<Vec<String>>>);

impl RecordedLog {
    /// Starts to record. The guard stops the recording on drop.
    pub(crate) fn start() -> (Self, DefaultGuard) {
        // With a single subscriber, tracing caches its interest in a message for all threads, including threads without a
        // subscriber. A second subscriber prevents that.
        static SECOND: OnceLock<Dispatch> = OnceLock::new();
        SECOND.get_or_init(|| Dispatch::new(Self::default()));
        let recorded = Self::default();
        (recorded.clone(), tracing::subscriber::set_default(recorded))
    }

    /// How often this message was logged since the last `clear`.
    pub(crate) fn count(&self, message: &str) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().filter(|it| *it == message).count()
    }

    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Visit for &RecordedLog {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{value:?}"));
        }
    }
}

impl Subscriber for RecordedLog {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("shop")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut &*self);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
