//! [`EventTracker`]: a list of the operations that have ended.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::operation::Operation;
use crate::operation_event::OperationEvent;

/// Keeps the latest operations that have ended, with their times, outcomes and metadata. Cheap to clone; the clones share the list.
///
/// ```
/// use service_toolkit::EventTracker;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let tracker = EventTracker::new(1000);
/// tracker.track("fetch").run_infallible(|event| async move { event.add_metadata("rows", 3) }).await;
/// let events = tracker.events();
/// assert_eq!((&*events[0].name, events[0].metadata("rows")), ("fetch", Some("3")));
/// # }
/// ```
#[derive(Clone)]
pub struct EventTracker {
    shared: Arc<Mutex<Tracked>>,
}

struct Tracked {
    capacity: usize,
    events: VecDeque<OperationEvent>,
    evicted: u64,
}

impl EventTracker {
    /// A tracker that keeps at most this many events; zero is taken as one.
    pub fn new(capacity: usize) -> Self {
        Self {
            shared: Arc::new(Mutex::new(Tracked { capacity: capacity.max(1), events: VecDeque::new(), evicted: 0 })),
        }
    }

    /// An operation that becomes an event when it ends, however it ends. It is an [`Operation`], so it is logged as well. Run it
    /// with [`run`](Operation::run).
    ///
    /// ```
    /// # use service_toolkit::EventTracker;
    /// # async fn fetch() -> std::io::Result<u32> { Ok(3) }
    /// # async fn example(tracker: EventTracker) -> std::io::Result<()> {
    /// let rows = tracker.track("fetch").domain("orders").run(|_| fetch()).await?;
    /// # let _ = rows;
    /// # Ok(())
    /// # }
    /// ```
    pub fn track(&self, name: impl Into<Cow<'static, str>>) -> Operation {
        let tracker = self.clone();
        Operation::new(name).on_end(move |event| {
            // An evicted event is dropped after the lock is released.
            let _evicted = tracker.lock().push(event.clone());
        })
    }

    /// The events, in the order in which the operations have ended.
    pub fn events(&self) -> Vec<OperationEvent> {
        self.lock().events.iter().cloned().collect()
    }

    /// How many events were removed, because the list was full.
    pub fn evicted(&self) -> u64 {
        self.lock().evicted
    }

    /// Takes the events out of the list.
    pub fn take(&self) -> Vec<OperationEvent> {
        std::mem::take(&mut self.lock().events).into()
    }

    fn lock(&self) -> MutexGuard<'_, Tracked> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tracked {
    fn push(&mut self, event: OperationEvent) -> Option<OperationEvent> {
        let evicted = if self.events.len() == self.capacity { self.events.pop_front() } else { None };
        self.evicted += u64::from(evicted.is_some());
        self.events.push_back(event);
        evicted
    }
}

impl fmt::Debug for EventTracker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tracked = self.lock();
        f.debug_struct("EventTracker").field("events", &tracked.events.len()).finish_non_exhaustive()
    }
}
