//! [`log`]: prints the record of an event with `tracing`. The only file that names that crate.
//!
//! Each event is one `tracing` event with the target `service_core`.

#[cfg(feature = "telemetry")]
pub(crate) use tracing::{
    Event as TraceEvent, Subscriber,
    field::{Field, Visit},
};

/// For what `record!` expands to.
pub use tracing;

use tracing::field::display;

use crate::report::{Event, Severity, Value};

/// Logs an event, also where no subscriber is set: with the feature `log` of `tracing`, the event goes to the crate `log`.
pub(crate) fn log(event: &Event) {
    let record = event.kind.record();
    let field = |name| record.get(name).map(traced);
    // A callsite has one level and a fixed list of fields. A field that is `None` is not recorded.
    macro_rules! event {
        ($level:ident) => {
            tracing::event!(
                target: "service_core",
                tracing::Level::$level,
                domain = record.domain,
                action = record.action,
                status = record.status,
                service = record.service.map(display),
                task = field("task"),
                state = field("state"),
                services = field("services"),
                reason = field("reason"),
                by = field("by"),
                phase = field("phase"),
                attempt = field("attempt"),
                delay = field("delay"),
                elapsed = field("elapsed"),
                time = field("time"),
                progress = field("progress"),
                detail = field("detail"),
                error = field("error"),
                error_type = field("error_type"),
                "{}",
                record.message
            )
        };
    }
    match record.severity {
        Severity::Error => event!(ERROR),
        Severity::Warn => event!(WARN),
        Severity::Info => event!(INFO),
        Severity::Debug => event!(DEBUG),
    }
}

/// Whether a `tracing` subscriber has been set in this process.
pub(crate) fn is_logged() -> bool {
    tracing::dispatcher::has_been_set()
}

fn traced<'a>(value: Value<'a>) -> Box<dyn tracing::Value + 'a> {
    match value {
        Value::Word(word) => Box::new(word),
        Value::Count(count) => Box::new(count),
        Value::Seconds(seconds) => Box::new(seconds),
        Value::Shown(_) | Value::Names(_) => Box::new(display(value)),
    }
}
