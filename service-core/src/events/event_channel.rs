//! [`EventChannel`]: the event buffer behind its lock, and what wakes the tasks that wait for a change of it.

use tokio::sync::{Notify, watch};

use super::event_buffer::EventBuffer;
use crate::base::Mutex;

/// The event buffer behind its lock, shared by the log and its dispatcher.
#[derive(Debug, Default)]
pub(super) struct EventChannel {
    pub buffer: Mutex<EventBuffer>,
    /// An event was added, or the log was closed.
    pub changed: Notify,
    /// The number of the next event for the observers.
    pub observed: watch::Sender<u64>,
    /// The number of the next event for the listeners.
    pub dispatched: watch::Sender<u64>,
}
