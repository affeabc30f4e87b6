//! [`Shared`]: the listeners of a bus, and what it has done so far.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use service_core::CancellationToken;
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
    pub(super) table: HashMap<TypeId, Vec<Entry>>,
}

/// An event as a test sees it: the name of its type, and the event.
#[cfg(feature = "testing")]
pub(crate) type EmittedEvent = (&'static str, std::sync::Arc<dyn Any + Send + Sync>);

/// The number of a subscription, and the `Arc<Mailbox<E>>` of its listener, where `E` is the type under which it stands in the
/// table.
pub(super) type Entry = (u64, Box<dyn Any + Send>);

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

    pub(super) fn insert(&self, event: TypeId, mailbox: Box<dyn Any + Send>) -> u64 {
        let mut listeners = self.lock();
        listeners.latest += 1;
        let number = listeners.latest;
        listeners.table.entry(event).or_default().push((number, mailbox));
        number
    }
}
