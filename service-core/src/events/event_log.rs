//! [`EventLog`]: the events of one registry. It numbers and keeps them, and calls the observers.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::callback::{Callback, call_each, release};
use super::dispatcher::Dispatcher;
use super::event_channel::EventChannel;
use super::publish::publish;
use crate::report::{Event, EventKind};

/// How long a boot that has failed, or a shutdown, waits at its end for the observers and the listeners.
const CATCH_UP: Duration = Duration::from_secs(1);

/// The events of one registry.
pub(crate) struct EventLog {
    started: Instant,
    channel: Arc<EventChannel>,
    observers: Vec<Callback>,
    has_listeners: bool,
}

impl EventLog {
    /// A log, and the task that calls the listeners.
    pub(crate) fn new(observers: Vec<Callback>, listeners: Vec<Callback>) -> (Self, Option<Dispatcher>) {
        let channel = Arc::<EventChannel>::default();
        let has_listeners = !listeners.is_empty();
        let dispatcher = has_listeners.then(|| Dispatcher::new(listeners, channel.clone()));
        (Self { started: Instant::now(), channel, observers, has_listeners }, dispatcher)
    }

    /// Adds an event and calls the observers. While another thread calls them, or one of them emits, the event is
    /// only queued, and the thread that calls the observers delivers it. So they see every event once, in order, and no
    /// lock is held while they run.
    pub(crate) fn emit(&self, kind: EventKind) {
        let (evicted, drains) = {
            let mut buffer = self.channel.buffer.lock();
            (buffer.push(self.started.elapsed(), kind), buffer.begin_draining())
        };
        self.channel.changed.notify_one();
        if let Some(evicted) = evicted {
            release(evicted);
        }
        if drains {
            self.drain();
        }
    }

    fn drain(&self) {
        loop {
            let event = self.channel.buffer.lock().next_unobserved();
            let Some(event) = event else { return };
            let next = event.number + 1;
            call_each(&self.observers, event);
            publish(&self.channel.observed, |_| next);
        }
    }

    /// The latest events, oldest first.
    pub(crate) fn events(&self) -> Vec<Event> {
        self.channel.buffer.lock().since(0)
    }

    /// Waits until the observers and the listeners have seen every event so far, but not for ever.
    pub(crate) async fn caught_up(&self) {
        let all = self.channel.buffer.lock().next();
        let (mut observed, mut dispatched) = (self.channel.observed.subscribe(), self.channel.dispatched.subscribe());
        let caught_up = async {
            let _ = observed.wait_for(|next| *next >= all).await;
            if self.has_listeners {
                let _ = dispatched.wait_for(|next| *next >= all).await;
            }
        };
        // A function that blocks must not hold up a boot or a shutdown.
        let _ = timeout(CATCH_UP, caught_up).await;
    }

    /// Ends the task that calls the listeners.
    pub(crate) async fn close(&self, dispatcher: Option<JoinHandle<()>>) {
        let Some(dispatcher) = dispatcher else { return };
        self.channel.buffer.lock().close();
        self.channel.changed.notify_one();
        let abort = dispatcher.abort_handle();
        if timeout(CATCH_UP, dispatcher).await.is_err() {
            abort.abort();
        }
    }
}

impl fmt::Debug for EventLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventLog").finish_non_exhaustive()
    }
}
