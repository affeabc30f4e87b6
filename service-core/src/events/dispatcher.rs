//! [`Dispatcher`]: the task that calls the listeners.

use std::sync::Arc;

use tokio::task::yield_now;

use super::callback::{Callback, call_each};
use super::event_channel::EventChannel;
use super::publish::publish;

/// The task that calls the listeners.
pub(crate) struct Dispatcher {
    listeners: Vec<Callback>,
    channel: Arc<EventChannel>,
}

impl Dispatcher {
    pub(super) fn new(listeners: Vec<Callback>, channel: Arc<EventChannel>) -> Self {
        Self { listeners, channel }
    }

    /// Calls the listeners until the log is closed.
    pub(crate) async fn run(self) {
        let mut next = 0;
        loop {
            let (events, is_closed) = {
                let buffer = self.channel.buffer.lock();
                let events = buffer.since(next);
                next = buffer.next();
                (events, buffer.is_closed())
            };
            let is_idle = events.is_empty();
            for event in events {
                call_each(&self.listeners, event);
            }
            publish(&self.channel.dispatched, |_| next);
            if !is_idle {
                // Other tasks of this thread must run even while events come without a pause.
                yield_now().await;
            } else if is_closed {
                break;
            } else {
                self.channel.changed.notified().await;
            }
        }
    }
}
