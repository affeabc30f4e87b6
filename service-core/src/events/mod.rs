//! The events of one registry: the buffer, the task that calls the listeners, and the records for `tracing`.

mod event_log;
mod trace;

pub(crate) use event_log::{Listener, Log};
pub(crate) use trace::observe;
#[cfg(feature = "telemetry")]
pub(crate) use trace::{Field, Record, Subscriber, Visit};
