//! [`Mailbox`]: the bounded queue of one listener, and the events that wait for a place in it.
//!
//! An event that waits stands in a list until the listener makes a place, and nobody has to poll the `emit` for it to move on. A channel
//! gives a free place to the event that asks first, which may have been emitted later.

use std::any::type_name;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use service_core::record;
use tokio::sync::{Notify, oneshot};

use super::shared::{Counts, Shared, add};

/// The queue of a listener.
pub(super) struct Mailbox<E> {
    pub(super) name: Arc<str>,
    capacity: usize,
    state: Mutex<State<E>>,
    /// An event has arrived, or the mailbox is closed.
    changed: Notify,
}

struct State<E> {
    queued: VecDeque<Arc<E>>,
    /// Is empty unless the queue is full.
    waiting: VecDeque<Waiting<E>>,
    latest: u64,
    is_closed: bool,
}

struct Waiting<E> {
    number: u64,
    event: Arc<E>,
    /// Tells the `emit` whether the event was queued.
    answer: oneshot::Sender<bool>,
}

/// What the listener finds.
enum Taken<E> {
    Event(Arc<E>),
    Empty,
    Closed,
}

impl<E> Mailbox<E> {
    pub(super) fn new(name: Arc<str>, capacity: usize) -> Self {
        let state = State { queued: VecDeque::new(), waiting: VecDeque::new(), latest: 0, is_closed: false };
        Self { name, capacity, state: Mutex::new(state), changed: Notify::new() }
    }

    fn state(&self) -> MutexGuard<'_, State<E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues the event if there is a place. Returns whether there was.
    pub(super) fn offer(&self, event: &Arc<E>, counts: &Counts) -> bool {
        let mut state = self.state();
        let is_free = state.queued.len() < self.capacity;
        if is_free {
            add(&counts.queued);
            state.queued.push_back(event.clone());
            drop(state);
            self.changed.notify_one();
        }
        is_free
    }

    /// Lets the event wait for a place.
    pub(super) fn wait(self: &Arc<Self>, event: &Arc<E>, shared: &Arc<Shared>) -> Delivery<E> {
        let (answer, answered) = oneshot::channel();
        let mut state = self.state();
        state.latest += 1;
        let number = state.latest;
        state.waiting.push_back(Waiting { number, event: event.clone(), answer });
        Delivery { mailbox: self.clone(), shared: shared.clone(), number, answered }
    }

    /// Waits for the next event. Returns `None` when the mailbox is closed and empty.
    pub(super) async fn next(&self, counts: &Counts) -> Option<Arc<E>> {
        loop {
            match self.take(counts) {
                Taken::Event(event) => return Some(event),
                Taken::Closed => return None,
                Taken::Empty => self.changed.notified().await,
            }
        }
    }

    fn take(&self, counts: &Counts) -> Taken<E> {
        let mut state = self.state();
        let Some(event) = state.queued.pop_front() else {
            return if state.is_closed { Taken::Closed } else { Taken::Empty };
        };
        // The place goes to the event that has waited longest.
        if let Some(Waiting { event, answer, .. }) = state.waiting.pop_front() {
            add(&counts.queued);
            state.queued.push_back(event);
            drop(state);
            // If its `emit` is dropped at this moment, the event is handled nevertheless.
            let _ = answer.send(true);
        }
        Taken::Event(event)
    }

    /// Refuses the events that wait. Those that are queued stay.
    pub(super) fn close(&self, counts: &Counts) {
        let waiting = {
            let mut state = self.state();
            state.is_closed = true;
            std::mem::take(&mut state.waiting)
        };
        self.changed.notify_one();
        for Waiting { answer, .. } in waiting {
            add(&counts.refused);
            let (event, listener) = (type_name::<E>(), &*self.name);
            record!(domain: "event_bus", action: "emit", status: cancelled,
                event, listener, "event refused: the service of the listener is stopping");
            // Its `emit` may have been dropped.
            let _ = answer.send(false);
        }
    }

    /// Removes the events that are queued.
    pub(super) fn clear(&self) -> VecDeque<Arc<E>> {
        std::mem::take(&mut self.state().queued)
    }

    fn withdraw(&self, number: u64) -> Option<Waiting<E>> {
        let mut state = self.state();
        let index = state.waiting.iter().position(|waiting| waiting.number == number)?;
        state.waiting.remove(index)
    }
}

/// An event that waits for a place. If this is dropped before there is one, the event is given up for this listener.
pub(super) struct Delivery<E> {
    mailbox: Arc<Mailbox<E>>,
    shared: Arc<Shared>,
    number: u64,
    answered: oneshot::Receiver<bool>,
}

impl<E> Delivery<E> {
    /// Waits until the event is queued or refused. Returns whether it is queued.
    pub(super) async fn end(mut self) -> bool {
        (&mut self.answered).await.unwrap_or(false)
    }
}

impl<E> Drop for Delivery<E> {
    fn drop(&mut self) {
        if self.mailbox.withdraw(self.number).is_some() {
            add(&self.shared.counts.dropped);
            let (event, listener) = (type_name::<E>(), &*self.mailbox.name);
            record!(domain: "event_bus", action: "emit", status: cancelled,
                event, listener, "event dropped: `emit` was cancelled while it waited for the listener");
        }
    }
}
