//! [`Line`]: one record, and its text in each format. It knows neither levels nor subscribers.

use super::config::Format;
use super::fields::{pair, text};
use crate::base::json;

/// One record whose fields are already formatted.
pub(super) struct Line<'a> {
    pub timestamp: &'a str,
    /// In upper case.
    pub level: &'a str,
    pub service: &'a str,
    pub target: &'a str,
    pub message: &'a str,
    pub fields: &'a str,
    /// The names and the fields of the spans that contain the record, the outermost first.
    pub spans: &'a [(&'static str, String)],
}

impl Line<'_> {
    /// The record in this format, without a line break at the end.
    pub(super) fn written(&self, format: Format) -> String {
        match format {
            Format::Json => self.json(),
            Format::KeyValue => self.key_value(),
            Format::Pretty => self.pretty(),
        }
    }

    fn json(&self) -> String {
        let object = |fields: &str| format!("{{{}}}", fields.trim_end_matches(','));
        let mut line = String::new();
        let mut add = |name: &str, value: &str| pair(&mut line, Format::Json, name, value);
        add("timestamp", &json::quoted(self.timestamp));
        add("level", &json::quoted(self.level));
        add("service.name", &json::quoted(self.service));
        add("target", &json::quoted(self.target));
        add("message", &json::quoted(self.message));
        add("fields", &object(self.fields));
        if !self.spans.is_empty() {
            let span = |(name, fields): &(&'static str, String)| {
                format!("{{\"name\":{},\"fields\":{}}}", json::quoted(name), object(fields))
            };
            add("spans", &format!("[{}]", self.spans.iter().map(span).collect::<Vec<_>>().join(",")));
        }
        object(&line)
    }

    fn key_value(&self) -> String {
        let mut line = String::new();
        let mut add = |name: &str, value: &str| pair(&mut line, Format::KeyValue, name, &text(Format::KeyValue, value));
        add("timestamp", self.timestamp);
        add("level", &self.level.to_lowercase());
        add("service.name", self.service);
        add("target", self.target);
        if !self.spans.is_empty() {
            add("spans", &self.spans.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(">"));
        }
        add("message", self.message);
        for fields in self.spans.iter().map(|(_, fields)| &**fields).chain([self.fields]) {
            if !fields.is_empty() {
                line.push(' ');
                line.push_str(fields);
            }
        }
        line
    }

    fn pretty(&self) -> String {
        let span = |(name, fields): &(&'static str, String)| match fields.is_empty() {
            true => format!("{name}: "),
            false => format!("{name}{{{fields}}}: "),
        };
        let spans: String = self.spans.iter().map(span).collect();
        let Self { timestamp, level, service, target, .. } = self;
        let space = if self.fields.is_empty() { "" } else { " " };
        let message = indented(self.message);
        format!("{timestamp} {level:>5} {service} {target}: {spans}{message}{space}{}", self.fields)
    }
}

/// Indents the lines after the first, so that no part of a message looks like a record. Escapes control characters, which
/// could move the cursor of a terminal or change its colours.
fn indented(message: &str) -> String {
    let mut text = String::with_capacity(message.len());
    for letter in message.chars() {
        match letter {
            '\n' => text.push_str("\n    "),
            '\t' => text.push(letter),
            _ if letter.is_control() => text.extend(letter.escape_default()),
            _ => text.push(letter),
        }
    }
    text
}
