//! [`Shared`]: what the handles of a queue share, and what they count.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use service_core::{CancellationToken, Context, record};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::caught::Shown;

pub(crate) struct Shared<T> {
    pub(super) name: Cow<'static, str>,
    pub(super) words: Words,
    pub(super) sender: mpsc::Sender<(Instant, T)>,
    pub(super) receiver: tokio::sync::Mutex<mpsc::Receiver<(Instant, T)>>,
    pub(super) closed: CancellationToken,
    pub(super) counts: Mutex<Counts>,
}

/// What the reports call a queue and what is in it.
#[derive(Clone, Copy)]
pub(crate) struct Words {
    pub(crate) queue: &'static str,
    pub(crate) item: &'static str,
    pub(crate) items: &'static str,
    pub(crate) consumers: &'static str,
}

impl Words {
    pub(super) const QUEUE: Self = Self { queue: "queue", item: "item", items: "items", consumers: "consumers" };

    pub(super) fn count(self, number: usize) -> String {
        format!("{number} {}", if number == 1 { self.item } else { self.items })
    }
}

#[derive(Default)]
pub(super) struct Counts {
    pub(super) metrics: QueueMetrics,
    /// Items whose processing was cancelled.
    pub(super) interrupted: usize,
    /// Items that failed while the service stopped.
    pub(super) failed_late: usize,
    pub(super) producers: usize,
    pub(super) is_consumed: bool,
    /// What is left was counted as dropped.
    pub(super) is_discarded: bool,
}

/// The counts and delays of a [`Queue`](super::Queue) since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueMetrics {
    /// How many items the queue holds.
    pub depth: usize,
    /// How many items are being processed.
    pub processing: usize,
    /// How many items were pushed.
    pub pushed: u64,
    /// How many items were processed without an error.
    pub processed: u64,
    /// How many items failed or panicked when they were processed.
    pub failed: u64,
    /// How many items were dropped: by a producer, because the queue was full or closed, or at the end of the service, also those
    /// whose processing was cancelled.
    pub dropped: u64,
    /// How long the item that was taken last had been in the queue.
    pub last_delay: Duration,
    /// The longest time that an item had been in the queue when it was taken.
    pub max_delay: Duration,
}

impl<T> Shared<T> {
    pub(super) fn count(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An item that is being processed. If it is dropped without an end, the processing was cancelled.
pub(super) struct Processing<'a, T> {
    shared: &'a Shared<T>,
    has_ended: bool,
}

impl<'a, T> Processing<'a, T> {
    pub(super) fn begin(shared: &'a Shared<T>) -> Self {
        shared.count().metrics.processing += 1;
        Self { shared, has_ended: false }
    }

    pub(super) fn end<E: fmt::Display>(mut self, result: Result<Result<(), E>, String>, is_late: bool) {
        self.has_ended = true;
        let queue = &*self.shared.name;
        match &result {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                record!(domain: "queue", action: "consume", status: error, queue, error = %Shown(error), "an item failed");
            }
            Err(panic) => record!(domain: "queue", action: "consume", status: error, queue, panic, "an item panicked"),
        }
        let mut counts = self.shared.count();
        if matches!(result, Ok(Ok(()))) {
            counts.metrics.processed += 1;
            return;
        }
        counts.metrics.failed += 1;
        counts.failed_late += usize::from(is_late);
    }
}

impl<T> Drop for Processing<'_, T> {
    fn drop(&mut self) {
        let mut counts = self.shared.count();
        counts.metrics.processing -= 1;
        if !self.has_ended {
            counts.interrupted += 1;
            counts.metrics.dropped += 1;
        }
    }
}

/// A producer of a service. The last one closes a queue that no service consumes when it ends in a shutdown.
pub(super) struct Producer<T, S> {
    shared: Arc<Shared<T>>,
    cx: Context<S>,
}

impl<T, S> Producer<T, S> {
    pub(super) fn begin(shared: &Arc<Shared<T>>, cx: &Context<S>) -> Self {
        shared.count().producers += 1;
        Self { shared: shared.clone(), cx: cx.clone() }
    }
}

impl<T, S> Drop for Producer<T, S> {
    fn drop(&mut self) {
        let is_last = {
            let mut counts = self.shared.count();
            counts.producers -= 1;
            counts.producers == 0 && !counts.is_consumed
        };
        if is_last && self.cx.reason().is_some() {
            self.shared.closed.cancel();
        }
    }
}
