//! The subscriber: `tracing-subscriber`'s registry, filter and `fmt` layer, with a formatter of our own. The only file that
//! names that crate.
//!
//! Its formatters do not write `service.name`. Its JSON also has the message among the fields, errors as `Debug` prints
//! them, and NaN as null; its text does not indent the lines of a message. Hence the formatter: see [`Line`].

use std::fmt;
use std::sync::Mutex;

pub(super) use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields, Layer};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::{LookupSpan, Registry};
use tracing_subscriber::util::SubscriberInitExt;

use super::config::{Config, Format};
use super::error::Error;
use super::fields::Fields;
use super::line::Line;
use crate::events::{Subscriber, TraceEvent};

/// The logs of one thread; they end when this guard is dropped.
#[must_use = "the logs of this thread end when this guard is dropped"]
#[derive(Debug)]
pub struct Here {
    /// Not named by its type, so that it is not `Send`: it must be dropped on its own thread.
    _guard: Box<dyn fmt::Debug>,
}

pub(super) fn everywhere(config: Config, targets: Targets) -> Result<(), Error> {
    subscriber(config, targets).try_init().map_err(|_| Error::AlreadyInitialised)
}

pub(super) fn here(config: Config, targets: Targets) -> Here {
    Here { _guard: Box::new(subscriber(config, targets).set_default()) }
}

fn subscriber(config: Config, targets: Targets) -> impl Subscriber + Send + Sync + 'static {
    let Config { service, format, writer, .. } = config;
    let layer = Layer::default()
        .fmt_fields(SpanFields(format))
        .event_format(Lines { service, format })
        .with_writer(Mutex::new(writer))
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
        let mut timestamp = String::new();
        SystemTime.format_time(&mut Writer::new(&mut timestamp))?;
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
        writeln!(writer, "{}", line.written(self.format))
    }
}
