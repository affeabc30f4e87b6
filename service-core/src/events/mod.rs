//! The events of one registry: the buffer, the observers, the task that calls the listeners, and the log.

mod callback;
mod dispatcher;
mod event_buffer;
mod event_channel;
mod event_log;
mod publish;
mod trace;

pub(crate) use callback::Callback;
pub(crate) use event_log::EventLog;
pub(crate) use publish::publish;
pub use trace::tracing;
#[cfg(feature = "telemetry")]
pub(crate) use trace::{Field, Metadata, Subscriber, TraceEvent, TraceLevel, Visit, log_line, log_panic};
pub(crate) use trace::{is_logged, log};
