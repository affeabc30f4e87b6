//! The logs of `telemetry`: which records it writes, and in which format.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use service_core::telemetry::{self, Config, Format, Level};
use service_core::{Definition, Result};
use tests::isolated;

/// A writer that keeps what is written.
#[derive(Clone, Default)]
struct Output {
    text: Arc<Mutex<Vec<u8>>>,
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Output {
    fn lines(&self) -> Vec<String> {
        let text = self.text.lock().unwrap_or_else(PoisonError::into_inner).clone();
        String::from_utf8(text).expect("text").lines().map(str::to_owned).collect()
    }
}

/// The configuration of a program `shop` that ignores the environment.
fn config(format: Format) -> (Output, Config) {
    let output = Output::default();
    let config = Config::new("shop").format(format).env(None).writer(output.clone());
    (output, config)
}

/// The line without its time.
fn untimed<'a>(line: &'a str, before: &str) -> &'a str {
    let (time, rest) = line.strip_prefix(before).and_then(|rest| rest.split_once(' ')).expect("a time");
    assert!(time.len() == 27 && time.ends_with('Z') && time.contains('T'), "{time}");
    rest
}

#[test]
fn a_record_in_the_pretty_format_is_readable_text() -> Result<()> {
    let (output, config) = config(Format::Pretty);
    let _here = telemetry::init_here(config)?;
    tracing::info!(target: "shop::orders", id = 7, to = "Ada L.", "an order");
    tracing::warn!(target: "shop", "no fields");
    tracing::info_span!("request", id = 3).in_scope(|| tracing::info!(target: "shop", "inside\nof\x1b[1m it"));
    let lines = output.lines();
    let lines: Vec<_> = lines.iter().map(|line| if line.starts_with(' ') { line } else { untimed(line, "") }).collect();
    let expected = [
        " INFO shop shop::orders: an order id=7 to=\"Ada L.\"",
        " WARN shop shop: no fields",
        " INFO shop shop: request{id=3}: inside",
        "    of\\u{1b}[1m it",
    ];
    assert_eq!(lines, expected);
    Ok(())
}

#[test]
fn a_record_in_the_key_value_format_is_a_line_of_pairs() -> Result<()> {
    let (output, config) = config(Format::KeyValue);
    let _here = telemetry::init_here(config)?;
    let span = tracing::info_span!("request", id = 3, user = tracing::field::Empty);
    span.record("user", "Ada");
    span.in_scope(
        || tracing::error!(target: "shop", empty = "", said = "a \"b\"\nc", done = true, share = 0.5, "oh no"),
    );
    let lines = output.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(
        untimed(&lines[0], "timestamp="),
        "level=error service.name=shop target=shop spans=request message=\"oh no\" id=3 user=Ada empty=\"\" \
         said=\"a \\\"b\\\"\\u000ac\" done=true share=0.5"
    );
    Ok(())
}

#[test]
fn a_record_in_the_json_format_is_one_object() -> Result<()> {
    let (output, config) = config(Format::Json);
    let _here = telemetry::init_here(config)?;
    let cause = io::Error::other("line 1\nline 2 \"quoted\" \u{7}");
    let error: &dyn std::error::Error = &cause;
    let span = tracing::info_span!("request", id = 3, user = tracing::field::Empty);
    span.record("user", "Ada");
    span.in_scope(|| {
        tracing::info!(target: "shop", count = 7_u64, below = -7, share = 0.5, none = f64::NAN, error, "an order");
    });
    tracing::info!(target: "shop", "bare");
    let lines: Vec<Value> = output.lines().iter().map(|line| serde_json::from_str(line)).collect::<Result<_, _>>()?;
    assert_eq!(lines.len(), 2);
    let mut first = lines[0].clone();
    let time = first["timestamp"].take();
    assert!(time.as_str().is_some_and(|time| time.ends_with('Z')), "{time}");
    let expected = json!({
        "timestamp": null,
        "level": "INFO",
        "service.name": "shop",
        "target": "shop",
        "message": "an order",
        "fields": {
            "count": 7, "below": -7, "share": 0.5, "none": "NaN",
            "error": "line 1\nline 2 \"quoted\" \u{7}",
        },
        "spans": [{ "name": "request", "fields": { "id": 3, "user": "Ada" } }],
    });
    assert_eq!(first, expected);
    assert_eq!((&lines[1]["message"], &lines[1]["fields"]), (&json!("bare"), &json!({})));
    assert!(lines[1].get("spans").is_none());
    Ok(())
}

#[test]
fn a_level_applies_to_everything_and_a_module_can_have_its_own() -> Result<()> {
    let (output, config) = config(Format::Pretty);
    let config = config.level(Level::Warn).module("shop::storage", Level::Debug);
    let _here = telemetry::init_here(config.directives("chatty=off,shop::storage::pool=error"))?;
    tracing::info!(target: "shop", "no");
    tracing::warn!(target: "shop", "yes");
    tracing::debug!(target: "shop::storage::files", "yes");
    tracing::trace!(target: "shop::storage", "no");
    tracing::warn!(target: "shop::storage::pool", "no");
    tracing::error!(target: "chatty", "no");
    let lines = output.lines();
    assert!(lines.len() == 2 && lines.iter().all(|line| line.ends_with(": yes")), "{lines:?}");
    Ok(())
}

#[test]
fn an_invalid_directive_is_an_error_before_logging_is_set_up() {
    let (output, config) = config(Format::Pretty);
    let error = telemetry::init_here(config.directives("shop=loud")).expect_err("a bad directive").to_string();
    assert!(error.starts_with("the configuration has the directive \"shop=loud\""), "{error}");
    tracing::error!(target: "shop", "this is not logged");
    assert!(output.lines().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_logs_contain_the_lifecycle_of_a_service() -> Result<()> {
    let (output, config) = config(Format::Json);
    let _here = telemetry::init_here(config)?;
    let registry = isolated().define(Definition::new("db").init(async |_| Ok(()))).boot().await?;
    registry.shutdown().await?;
    let lines: Vec<Value> = output.lines().iter().map(|line| serde_json::from_str(line)).collect::<Result<_, _>>()?;
    let messages: Vec<_> = lines.iter().map(|line| line["message"].as_str().unwrap_or_default()).collect();
    assert_eq!(
        messages,
        ["booting", "ready", "booted", "shutting down", "stopped", "shut down"],
        "the events of level info"
    );
    let ready = &lines[1];
    assert_eq!(ready["service.name"], "shop");
    assert_eq!(ready["target"], "service_core");
    let expected = json!({
        "domain": "lifecycle", "action": "init", "status": "success", "service": "db", "state": "ready", "elapsed": 0,
    });
    assert_eq!(ready["fields"], expected);
    Ok(())
}

/// A writer that fails.
struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::Error::other("the disk is full"))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_record_that_cannot_be_written_is_dropped() -> Result<()> {
    let _here = telemetry::init_here(Config::new("shop").env(None).writer(Full))?;
    tracing::error!(target: "shop", "lost");
    Ok(())
}
