//! The subscriber: `tracing-subscriber`'s registry, filter and `fmt` layer, with a formatter of our own. The only file that
//! names that crate.
//!
//! Its formatters do not write `service.name`. Its JSON also has the message among the fields, errors as `Debug` prints
//! them, and NaN as null; its text does not indent the lines of a message. Hence the formatter: see [`Line`].

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

pub(super) use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::writer::{BoxMakeWriter, MakeWriter};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields, Layer};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::{LookupSpan, Registry};
use tracing_subscriber::util::SubscriberInitExt;

use super::config::{Config, Format};
use super::error::Error;
use super::fields::{Fields, pair, text};
use super::journal;
use super::line::Line;
use super::log_writer::LogWriter;
use super::panic_hook;
use crate::base::stderr::{self, Logs};
use crate::events::{self, Metadata, Subscriber, TraceEvent, TraceLevel};

/// The logs of one thread; they end when this guard is dropped.
#[must_use = "the logs of this thread end when this guard is dropped"]
#[derive(Debug)]
pub struct Here {
    /// Not named by its type, so that it is not `Send`: it must be dropped on its own thread.
    _guard: Box<dyn fmt::Debug>,
}

/// The writer of the process's logs.
static WRITER: OnceLock<Arc<LogWriter>> = OnceLock::new();

pub(super) fn everywhere(mut config: Config, targets: Targets) -> Result<(), Error> {
    let (format, service) = (config.format, config.service.clone());
    if events::is_logged() {
        return Err(Error::AlreadyInitialised);
    }
    let is_stderr = config.writer.is_none();
    let is_journal = is_stderr && journal::reads_stderr();
    let writer = config.writer.take().unwrap_or_else(|| Box::new(io::stderr()));
    let lost = move |count| lost_line(&service, format, is_journal, count);
    let writer = LogWriter::start(writer, lost).map_err(|error| Error::NoThread { error: error.to_string() })?;
    let lines = BoxMakeWriter::new(QueuedLines(writer.clone()));
    subscriber(config, targets, is_journal, lines).try_init().map_err(|_| Error::AlreadyInitialised)?;
    // There is no other subscriber, and so no other writer.
    let _ = WRITER.set(writer);
    let has_text = format == Format::Pretty;
    if !has_text {
        panic_hook::install();
    }
    let print = (is_journal || is_stderr && !has_text).then_some(events::log_line as fn(&str));
    stderr::set_logs(Logs { print, flush });
    Ok(())
}

pub(super) fn here(mut config: Config, targets: Targets) -> Here {
    let writer = config.writer.take().unwrap_or_else(|| Box::new(io::stderr()));
    let lines = BoxMakeWriter::new(Mutex::new(writer));
    Here { _guard: Box::new(subscriber(config, targets, false, lines).set_default()) }
}

pub(super) fn flush(time: Duration) -> bool {
    WRITER.get().is_none_or(|writer| writer.flush(time))
}

/// Makes writers of lines for the queue.
struct QueuedLines(Arc<LogWriter>);

/// Adds one line, and waits until an error is written: it may be the last thing that the process does.
struct QueuedLine<'a> {
    writer: &'a LogWriter,
    is_error: bool,
}

impl<'a> MakeWriter<'a> for QueuedLines {
    type Writer = QueuedLine<'a>;

    fn make_writer(&'a self) -> QueuedLine<'a> {
        QueuedLine { writer: &self.0, is_error: false }
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> QueuedLine<'a> {
        QueuedLine { writer: &self.0, is_error: *metadata.level() == TraceLevel::ERROR }
    }
}

impl io::Write for QueuedLine<'_> {
    /// The layer writes a record with one call.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.writer.add(line);
        if self.is_error {
            self.writer.flush(stderr::PATIENCE);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn subscriber(
    config: Config,
    targets: Targets,
    is_journal: bool,
    lines: BoxMakeWriter,
) -> impl Subscriber + Send + Sync + 'static {
    let Config { service, format, .. } = config;
    let layer = Layer::default()
        .fmt_fields(SpanFields(format))
        .event_format(Lines { service, format, is_journal })
        .with_writer(lines)
        // They would be printed to stderr, which may be the writer that has failed.
        .log_internal_errors(false);
    Registry::default().with(targets).with(layer)
}

/// Formats the fields of a span when they are recorded.
struct SpanFields(Format);

impl<'writer> FormatFields<'writer> for SpanFields {
    fn format_fields<R: tracing_subscriber::field::RecordFields>(
        &self,
        mut writer: Writer<'writer>,
        fields: R,
    ) -> fmt::Result {
        let mut text = Fields::new(self.0);
        fields.record(&mut text);
        writer.write_str(&text.text)
    }
}

/// Formats records.
struct Lines {
    service: String,
    format: Format,
    is_journal: bool,
}

impl<S> FormatEvent<S, SpanFields> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, SpanFields>,
        mut writer: Writer<'_>,
        event: &TraceEvent<'_>,
    ) -> fmt::Result {
        let timestamp = now()?;
        let mut fields = Fields::new(self.format);
        event.record(&mut fields);
        let mut spans = Vec::new();
        for span in context.event_scope().into_iter().flat_map(|scope| scope.from_root()) {
            let extensions = span.extensions();
            let fields = extensions.get::<FormattedFields<SpanFields>>().map_or("", |fields| fields.as_str());
            spans.push((span.name(), fields.to_owned()));
        }
        let line = Line {
            timestamp: &timestamp,
            level: event.metadata().level().as_str(),
            service: &self.service,
            target: event.metadata().target(),
            message: &fields.message,
            fields: &fields.text,
            spans: &spans,
        };
        writeln!(writer, "{}", written(&line, self.format, self.is_journal))
    }
}

/// The time in the form of the records.
fn now() -> Result<String, fmt::Error> {
    let mut timestamp = String::new();
    SystemTime.format_time(&mut Writer::new(&mut timestamp))?;
    Ok(timestamp)
}

fn written(line: &Line<'_>, format: Format, is_journal: bool) -> String {
    let record = line.written(format);
    if is_journal { journal::with_priority(line.level, &record) } else { record }
}

/// The record that says how many were lost.
fn lost_line(service: &str, format: Format, is_journal: bool, count: u64) -> String {
    let timestamp = now().unwrap_or_default();
    let mut fields = String::new();
    for (name, value) in [("domain", "process"), ("action", "log"), ("status", "warning")] {
        pair(&mut fields, format, name, &text(format, value));
    }
    pair(&mut fields, format, "lost", &count.to_string());
    let message = "records were lost, because they could not be written as fast as they came";
    let (level, target, spans) = ("WARN", "service_core", &[]);
    let line = Line { timestamp: &timestamp, level, service, target, message, fields: &fields, spans };
    format!("{}\n", written(&line, format, is_journal))
}
