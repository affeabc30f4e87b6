//! [`Log`]: the events of one registry: kept for a while, told to observers at once and to listeners in their own task.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::panics;
use crate::fact::{Event, EventKind};

/// How many events are kept.
const KEPT: usize = 4096;

/// How long listeners may take to catch up when a boot or a shutdown ends.
const CATCH_UP: Duration = Duration::from_secs(1);

/// A function that is told of every event.
pub(crate) type Listener = Box<dyn Fn(&Event) + Send + Sync>;

/// The events of one registry.
pub(crate) struct Log {
    born: Instant,
    kept: Mutex<Kept>,
    /// Ours: quick, and called in the order of the events.
    observer: Listener,
    /// To the task that calls the user's listeners; `None` where there are none.
    listeners: Option<mpsc::UnboundedSender<Told>>,
}

#[derive(Default)]
struct Kept {
    next: u64,
    events: VecDeque<Event>,
}

enum Told {
    Event(Event),
    CatchUp(oneshot::Sender<()>),
    Close,
}

/// The task that calls the listeners.
pub(crate) struct Telling {
    listeners: Vec<Listener>,
    events: mpsc::UnboundedReceiver<Told>,
}

impl Log {
    /// A log, and the task that must run for the listeners to be told.
    pub(crate) fn new(observer: Listener, listeners: Vec<Listener>) -> (Self, Option<Telling>) {
        let (sender, telling) = if listeners.is_empty() {
            (None, None)
        } else {
            let (sender, events) = mpsc::unbounded_channel();
            (Some(sender), Some(Telling { listeners, events }))
        };
        (Self { born: Instant::now(), kept: Mutex::default(), observer, listeners: sender }, telling)
    }

    pub(crate) fn emit(&self, kind: EventKind) {
        let event = {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            let event = Event { number: kept.next, at: self.born.elapsed(), kind };
            kept.next += 1;
            if kept.events.len() == KEPT {
                kept.events.pop_front();
            }
            kept.events.push_back(event.clone());
            // Under the lock, so that listeners see the events in their order.
            self.tell(Told::Event(event.clone()));
            event
        };
        // It ends in the user's subscriber, whose panic the panic hook has printed by then; the registry goes on.
        let _ = panics::caught_now(|| (self.observer)(&event));
    }

    fn tell(&self, told: Told) {
        if let Some(listeners) = &self.listeners {
            // Fails only when the runtime is gone, and the listeners with it.
            let _ = listeners.send(told);
        }
    }

    /// The latest events, oldest first.
    pub(crate) fn events(&self) -> Vec<Event> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).events.iter().cloned().collect()
    }

    /// Waits until the listeners have been told everything so far, but not for ever.
    pub(crate) async fn caught_up(&self) {
        if self.listeners.is_some() {
            let (sender, receiver) = oneshot::channel();
            self.tell(Told::CatchUp(sender));
            // A listener that blocks must not hold up a boot or a shutdown.
            let _ = tokio::time::timeout(CATCH_UP, receiver).await;
        }
    }

    /// Ends the task that tells the listeners.
    pub(crate) async fn close(&self, telling: Option<JoinHandle<()>>) {
        let Some(telling) = telling else { return };
        self.tell(Told::Close);
        let abort = telling.abort_handle();
        if tokio::time::timeout(CATCH_UP, telling).await.is_err() {
            abort.abort();
        }
    }
}

impl Telling {
    pub(crate) async fn run(mut self) {
        while let Some(told) = self.events.recv().await {
            match told {
                Told::Event(event) => {
                    for listener in &self.listeners {
                        if let Err(message) = panics::caught_now(|| listener(&event)) {
                            // There is nobody to hand it to but the panic hook, which has already printed it.
                            drop(message);
                        }
                    }
                }
                Told::CatchUp(done) => {
                    // The other side may have stopped waiting.
                    let _ = done.send(());
                }
                Told::Close => break,
            }
        }
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").finish_non_exhaustive()
    }
}
