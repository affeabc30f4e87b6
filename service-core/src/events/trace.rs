//! [`log`]: prints the record of an event with `tracing`. The only file that names that crate.
//!
//! Each event is one `tracing` event with the target `service_core`.

#[cfg(feature = "telemetry")]
pub(crate) use tracing::{
    Event as TraceEvent, Level as TraceLevel, Metadata, Subscriber,
    field::{Field, Visit},
};

/// For what `record!` expands to.
pub use tracing;

use tracing::field::display;

use crate::report::{Event, Record, Severity, Value};

/// Logs an event, also where no subscriber is set: with the feature `log` of `tracing`, the event goes to the crate `log`.
pub(crate) fn log(event: &Event) {
    let record = event.kind.record();
    let field = |name| field(&record, name);
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
                blocked_threads = field("blocked_threads"),
                threads = field("threads"),
                calls = field("calls"),
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

/// Logs a line that the process would have printed to stderr.
#[cfg(feature = "telemetry")]
pub(crate) fn log_line(line: &str) {
    tracing::error!(target: "service_core", domain = "process", action = "report", status = "error", "{line}");
}

/// Logs a panic.
#[cfg(feature = "telemetry")]
pub(crate) fn log_panic(message: &str, location: &str, thread: &str, backtrace: Option<&str>) {
    tracing::error!(
        target: "service_core",
        domain = "process",
        action = "panic",
        status = "error",
        location,
        thread,
        backtrace,
        "{message}"
    );
}

/// Not inlined: it is called for each field of each level.
#[inline(never)]
fn field<'a>(record: &Record<'a>, name: &str) -> Option<Box<dyn tracing::Value + 'a>> {
    Some(match record.get(name)? {
        Value::Word(word) => Box::new(word),
        Value::Count(count) => Box::new(count),
        Value::Seconds(seconds) => Box::new(seconds),
        value @ (Value::Shown(_) | Value::Names(_)) => Box::new(display(value)),
    })
}
