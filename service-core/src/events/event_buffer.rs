//! [`EventBuffer`]: the latest events of a registry, and the queue of its observers. It has no lock and no clock.

use std::collections::VecDeque;
use std::time::Duration;

use crate::report::{Event, EventKind};

/// How many events the buffer keeps.
const CAPACITY: usize = 4096;

/// The latest events of a registry, and the queue of its observers.
#[derive(Debug, Default)]
pub(super) struct EventBuffer {
    next: u64,
    /// Listeners read from here and have no queue of their own, so that a slow one cannot make memory grow without bound.
    latest: VecDeque<Event>,
    /// The events that the observers have yet to see.
    unobserved: VecDeque<Event>,
    /// Whether a thread is calling the observers. At most one does, which keeps the events in order.
    is_draining: bool,
    is_closed: bool,
}

impl EventBuffer {
    /// Adds an event. Returns the oldest event if the buffer was full: the caller drops it, without the lock.
    pub(super) fn push(&mut self, at: Duration, kind: EventKind) -> Option<Event> {
        let event = Event { number: self.next, at, kind };
        self.next += 1;
        let evicted = if self.latest.len() == CAPACITY { self.latest.pop_front() } else { None };
        self.latest.push_back(event.clone());
        self.unobserved.push_back(event);
        evicted
    }

    /// The number of the next event.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// The events from this number on, as far as the buffer has them.
    pub(super) fn since(&self, number: u64) -> Vec<Event> {
        let new = usize::try_from(self.next - number).unwrap_or(usize::MAX).min(self.latest.len());
        self.latest.range(self.latest.len() - new..).cloned().collect()
    }

    /// Whether the caller has to call the observers now: not if another thread does, or a function further up the stack.
    pub(super) fn begin_draining(&mut self) -> bool {
        !std::mem::replace(&mut self.is_draining, true)
    }

    /// The next event for the observers. `None` ends the draining.
    pub(super) fn next_unobserved(&mut self) -> Option<Event> {
        let event = self.unobserved.pop_front();
        self.is_draining = event.is_some();
        event
    }

    pub(super) fn close(&mut self) {
        self.is_closed = true;
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_closed
    }
}
