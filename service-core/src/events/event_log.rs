//! [`Log`]: the events of one registry: kept for a while, told to observers at once and to listeners in their own task.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::{JoinHandle, yield_now};
use tokio::time::Instant;

use crate::base::{Mutex, MutexGuard, caught};
use crate::report::{Event, EventKind};

/// How many events are kept.
const KEPT: usize = 4096;

/// How long listeners may take to catch up when a boot or a shutdown ends.
const CATCH_UP: Duration = Duration::from_secs(1);

/// A function that is told of every event.
pub(crate) type Listener = Box<dyn Fn(&Event) + Send + Sync>;

/// The events of one registry.
pub(crate) struct Log {
    born: Instant,
    kept: Arc<Kept>,
    /// Ours: quick, and called in the order of the events.
    observer: Listener,
    has_listeners: bool,
}

/// The latest events. Listeners are told from here and not through a queue of their own: one that is too slow misses what
/// is gone, and no storm of events grows without bound.
#[derive(Default)]
struct Kept {
    events: Mutex<Latest>,
    /// Something has happened, or the registry has ended.
    news: Notify,
    /// How many events the listeners have been told of, or have missed.
    told: watch::Sender<u64>,
}

#[derive(Default)]
struct Latest {
    next: u64,
    events: VecDeque<Event>,
    is_closed: bool,
}

/// The task that calls the listeners.
pub(crate) struct Telling {
    listeners: Vec<Listener>,
    kept: Arc<Kept>,
}

impl Kept {
    fn lock(&self) -> MutexGuard<'_, Latest> {
        self.events.lock()
    }
}

impl Latest {
    /// The events from this number on, as far as they are still kept.
    fn since(&self, number: u64) -> Vec<Event> {
        let new = usize::try_from(self.next - number).unwrap_or(usize::MAX).min(self.events.len());
        self.events.range(self.events.len() - new..).cloned().collect()
    }
}

impl Log {
    /// A log, and the task that must run for the listeners to be told.
    pub(crate) fn new(observer: Listener, listeners: Vec<Listener>) -> (Self, Option<Telling>) {
        let kept = Arc::<Kept>::default();
        let has_listeners = !listeners.is_empty();
        let telling = has_listeners.then(|| Telling { listeners, kept: kept.clone() });
        (Self { born: Instant::now(), kept, observer, has_listeners }, telling)
    }

    pub(crate) fn emit(&self, kind: EventKind) {
        let event = {
            let mut latest = self.kept.lock();
            let event = Event { number: latest.next, at: self.born.elapsed(), kind };
            latest.next += 1;
            if latest.events.len() == KEPT {
                latest.events.pop_front();
            }
            latest.events.push_back(event.clone());
            event
        };
        self.kept.news.notify_one();
        // It ends in the user's subscriber, whose panic the panic hook has printed by then; the registry goes on.
        let _ = caught::caught_now(|| (self.observer)(&event));
    }

    /// The latest events, oldest first.
    pub(crate) fn events(&self) -> Vec<Event> {
        self.kept.lock().since(0)
    }

    /// Waits until the listeners have been told everything so far, but not for ever.
    pub(crate) async fn caught_up(&self) {
        if self.has_listeners {
            let all = self.kept.lock().next;
            let mut told = self.kept.told.subscribe();
            // A listener that blocks must not hold up a boot or a shutdown.
            let _ = tokio::time::timeout(CATCH_UP, told.wait_for(|told| *told >= all)).await;
        }
    }

    /// Ends the task that tells the listeners.
    pub(crate) async fn close(&self, telling: Option<JoinHandle<()>>) {
        let Some(telling) = telling else { return };
        self.kept.lock().is_closed = true;
        self.kept.news.notify_one();
        let abort = telling.abort_handle();
        if tokio::time::timeout(CATCH_UP, telling).await.is_err() {
            abort.abort();
        }
    }
}

impl Telling {
    pub(crate) async fn run(self) {
        let mut next = 0;
        loop {
            let (events, is_closed) = {
                let latest = self.kept.lock();
                let events = latest.since(next);
                next = latest.next;
                (events, latest.is_closed)
            };
            for event in &events {
                for listener in &self.listeners {
                    if let Err(message) = caught::caught_now(|| listener(event)) {
                        // There is nobody to hand it to but the panic hook, which has already printed it.
                        drop(message);
                    }
                }
            }
            self.kept.told.send_replace(next);
            if !events.is_empty() {
                // Whoever makes so many events is to have a turn too.
                yield_now().await;
            } else if is_closed {
                break;
            } else {
                self.kept.news.notified().await;
            }
        }
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").finish_non_exhaustive()
    }
}
