//! [`Shared`]: the listeners of a bus, and what it has done so far.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use service_core::{CancellationToken, record};
#[cfg(feature = "testing")]
use tokio::sync::mpsc;

/// What all handles of a bus share.
pub(super) struct Shared {
    pub(super) capacity: usize,
    pub(super) draining: CancellationToken,
    pub(super) listeners: Mutex<Listeners>,
    pub(super) counts: Counts,
}

#[derive(Default)]
pub(super) struct Listeners {
    #[cfg(feature = "testing")]
    pub(super) taps: Vec<mpsc::UnboundedSender<EmittedEvent>>,
    pub(super) latest: u64,
    /// By the type of the event, in the order of subscription.
    pub(super) table: HashMap<TypeId, Vec<(u64, Entry)>>,
}

/// An event as a test sees it: the name of its type, and the event.
#[cfg(feature = "testing")]
pub(crate) type EmittedEvent = (&'static str, Arc<dyn Any + Send + Sync>);

/// A listener.
pub(super) struct Entry {
    pub(super) name: Arc<str>,
    /// The sender of an `Arc<E>`, where `E` is the type under which the entry stands in the table.
    pub(super) queue: Box<dyn Any + Send>,
}

/// The counts of [`EventBusStats`](super::EventBusStats).
#[derive(Default)]
pub(super) struct Counts {
    pub(super) emitted: AtomicU64,
    pub(super) handled: AtomicU64,
    pub(super) failed: AtomicU64,
    pub(super) queued: AtomicU64,
    pub(super) unheard: AtomicU64,
    pub(super) dropped: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) lost: AtomicU64,
}

pub(super) fn add(count: &AtomicU64) {
    count.fetch_add(1, Ordering::Relaxed);
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, Listeners> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn insert(&self, event: TypeId, entry: Entry) -> u64 {
        let mut listeners = self.lock();
        listeners.latest += 1;
        let number = listeners.latest;
        listeners.table.entry(event).or_default().push((number, entry));
        number
    }

    /// Counts an event as queued before it is, so that the count is never behind.
    pub(super) fn queue(&self, send: impl FnOnce()) {
        add(&self.counts.queued);
        send();
    }

    pub(super) fn refuse(&self, event: &'static str, listener: &str) {
        add(&self.counts.refused);
        record!(domain: "event_bus", action: "emit", status: cancelled,
            event, listener, "event refused: the service of the listener is stopping");
    }
}

/// A delivery that waits for a place. If it is dropped, the event is given up for this listener.
pub(super) struct GivenUp {
    pub(super) shared: Arc<Shared>,
    pub(super) event: &'static str,
    pub(super) name: Arc<str>,
    pub(super) armed: bool,
}

impl GivenUp {
    pub(super) fn settle(mut self, sent: bool) {
        self.armed = false;
        if !sent {
            self.shared.refuse(self.event, &self.name);
        }
    }
}

impl Drop for GivenUp {
    fn drop(&mut self) {
        if self.armed {
            add(&self.shared.counts.dropped);
            let (event, listener) = (self.event, &*self.name);
            record!(domain: "event_bus", action: "emit", status: cancelled,
                event, listener, "event dropped: `emit` was cancelled while it waited for the listener");
        }
    }
}
