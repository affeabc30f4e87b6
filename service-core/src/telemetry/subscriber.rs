//! The subscriber: the only file that names tracing-subscriber. It chooses records by level and module, and has them
//! written.

use std::fmt;
use std::sync::Mutex;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields, Layer};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::{LookupSpan, Registry};
use tracing_subscriber::util::SubscriberInitExt;

use super::config::{Config, Format, Level};
use super::error::Error;
use super::fields::Fields;
use super::line::Line;
use crate::events::{Subscriber, TraceEvent};

/// The logs of one thread; they end when this is dropped.
#[must_use = "the logs of this thread end when this is dropped"]
#[derive(Debug)]
pub struct Here {
    _until_dropped: Box<dyn Keeps>,
}

/// Something that only has to be kept: so that no name of another crate is in the public shape.
trait Keeps: fmt::Debug {}

impl<T: fmt::Debug> Keeps for T {}

pub(super) fn everywhere(config: Config) -> Result<(), Error> {
    subscriber(config).try_init().map_err(|_| Error::AlreadyInitialised)
}

pub(super) fn here(config: Config) -> Here {
    Here { _until_dropped: Box::new(subscriber(config).set_default()) }
}

fn subscriber(config: Config) -> impl Subscriber + Send + Sync + 'static {
    let Config { service, format, level, modules, writer, .. } = config;
    let targets = modules.into_iter().map(|(module, level)| (module, filter(level)));
    let targets = Targets::new().with_targets(targets).with_default(filter(level));
    let layer = Layer::default()
        .fmt_fields(SpanFields(format))
        .event_format(Lines { service, format })
        .with_writer(Mutex::new(writer))
        // They would go to stderr, which may be what could not be written to.
        .log_internal_errors(false);
    Registry::default().with(targets).with(layer)
}

fn filter(level: Level) -> LevelFilter {
    match level {
        Level::Off => LevelFilter::OFF,
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
        Level::Trace => LevelFilter::TRACE,
    }
}

/// How the fields of a span are kept.
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

/// How a record is written.
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
        record: &TraceEvent<'_>,
    ) -> fmt::Result {
        let mut timestamp = String::new();
        SystemTime.format_time(&mut Writer::new(&mut timestamp))?;
        let mut fields = Fields::new(self.format);
        record.record(&mut fields);
        let mut spans = Vec::new();
        for span in context.event_scope().into_iter().flat_map(|scope| scope.from_root()) {
            let extensions = span.extensions();
            let fields = extensions.get::<FormattedFields<SpanFields>>().map_or("", |fields| fields.as_str());
            spans.push((span.name(), fields.to_owned()));
        }
        let line = Line {
            timestamp: &timestamp,
            level: record.metadata().level().as_str(),
            service: &self.service,
            target: record.metadata().target(),
            message: &fields.message,
            fields: &fields.text,
            spans: &spans,
        };
        writeln!(writer, "{}", line.written(self.format))
    }
}
