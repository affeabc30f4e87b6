//! [`Case`]: what is measured, and [`Way`]: how it is done.

use service_core::Result;

use crate::{calls, flows, pool};

/// An operation of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    Retry,
    Breaker,
    Cache,
    Gather,
    Queue,
    WorkerPool,
    EventBus,
    Batcher,
    ObjectPool,
}

/// How an operation is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Toolkit,
    ByHand,
    Crate,
}

impl Way {
    pub(crate) fn named(name: &str) -> Result<Self> {
        let all = [Self::Toolkit, Self::ByHand, Self::Crate];
        all.into_iter().find(|way| format!("{way:?}") == name).ok_or_else(|| format!("there is no way {name}").into())
    }
}

impl Case {
    pub(crate) const ALL: [Self; 9] = [
        Self::Retry,
        Self::Breaker,
        Self::Cache,
        Self::Gather,
        Self::Queue,
        Self::WorkerPool,
        Self::EventBus,
        Self::Batcher,
        Self::ObjectPool,
    ];

    pub(crate) fn named(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|case| format!("{case:?}") == name);
        found.ok_or_else(|| format!("there is no case {name}").into())
    }

    pub(crate) fn pattern(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Breaker => "breaker",
            Self::Cache => "cache",
            Self::Gather => "gather",
            Self::Queue => "queue",
            Self::WorkerPool => "worker_pool",
            Self::EventBus => "event_bus",
            Self::Batcher => "batcher",
            Self::ObjectPool => "object_pool",
        }
    }

    pub(crate) fn operation(self) -> &'static str {
        match self {
            Self::Retry => "a successful call",
            Self::Breaker => "a successful call while closed",
            Self::Cache => "a value that is there",
            Self::Gather => "one of 100 futures, 10 at a time",
            Self::Queue => "an item from a producer to a consumer",
            Self::WorkerPool => "a future on one of 4 workers, and its result",
            Self::EventBus => "an event for two listeners",
            Self::Batcher => "an item in a batch of 100, and its result",
            Self::ObjectPool => "an object, and its return",
        }
    }

    /// What the code by hand does, and what it leaves out.
    pub(crate) fn by_hand(self) -> &'static str {
        match self {
            Self::Retry => {
                "a loop of three attempts with a fixed pause, an event for each failure, and the time when it began; \
                 no other pauses, no limit of the total time, and no choice of the errors that are retried."
            }
            Self::Breaker => {
                "a mutex around the number of failures in a row and the time until which it is open; a call that panics or is \
                 cancelled is a failure; no half-open state, no failure rate, no events, and nobody can watch it."
            }
            Self::Cache => {
                "a hash map in a read-write lock, with the time until which each value is valid; no capacity, so nothing is evicted."
            }
            Self::Gather => {
                "a task for each future, a semaphore, and a sort of the outputs; the tasks, which `gather` does without, are most \
                 of its cost, and the crate is the closer comparison."
            }
            Self::Queue => {
                "a channel whose receiver is in a mutex, as there may be several consumers; each push and each pop waits for the \
                 stop token as well; panics are caught; depth, delays and outcomes are counted."
            }
            Self::WorkerPool => {
                "the queue by hand with four tasks, boxed futures and a oneshot channel for each result; a panic closes that \
                 channel without a message, and a failure that nobody awaits is not logged."
            }
            Self::EventBus => {
                "a channel and a task for each listener, and a list of them in a mutex that each event copies; panics are caught, \
                 and the stop token ends a listener after the events that it has; events have one type, and nothing is logged."
            }
            Self::Batcher => {
                "a task that collects items from a channel until the batch is full or a deadline passes, and a oneshot channel for \
                 each result; a batch that fails or panics closes its channels without an error; it ends with its senders and \
                 not with a token, and nothing is logged."
            }
            Self::ObjectPool => {
                "a semaphore and a list in a mutex; objects that were idle for too long are dropped; the gets and the objects in \
                 use are counted; no timeout, no check, no wait times, and its end does not wait for objects in use."
            }
        }
    }

    /// The crate that does it best.
    pub(crate) fn best_crate(self) -> Option<&'static str> {
        match self {
            Self::Cache => Some("quick_cache"),
            Self::Gather => Some("futures"),
            Self::ObjectPool => Some("deadpool"),
            _ => None,
        }
    }

    pub(crate) async fn repeat(self, way: Way, operations: u64) -> Result<()> {
        match self {
            Self::Retry => calls::retry(way, operations).await,
            Self::Breaker => calls::breaker(way, operations).await,
            Self::Cache => calls::cache(way, operations),
            Self::Gather => flows::gather(way, operations).await,
            Self::Queue => flows::queue(way, operations).await?,
            Self::WorkerPool => flows::worker_pool(way, operations).await?,
            Self::EventBus => flows::event_bus(way, operations).await?,
            Self::Batcher => flows::batcher(way, operations).await?,
            Self::ObjectPool => pool::object_pool(way, operations).await?,
        }
        Ok(())
    }
}
