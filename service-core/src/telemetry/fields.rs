//! [`Fields`]: the fields of a record or a span as text, in the format of the logs.

use std::error::Error;
use std::fmt::{self, Write};

use super::config::Format;
use crate::base::json;
use crate::events::{Field, Visit};

/// The fields of a record or a span as text. In JSON a comma follows each pair, otherwise a space separates them.
#[derive(Debug)]
pub(super) struct Fields {
    format: Format,
    pub text: String,
    /// The value of the field `message`, which is not in the text.
    pub message: String,
}

impl Fields {
    pub(super) fn new(format: Format) -> Self {
        Self { format, text: String::new(), message: String::new() }
    }

    /// Adds a value that is the same text in each format.
    fn plain(&mut self, field: &Field, value: impl fmt::Display) {
        pair(&mut self.text, self.format, field.name(), &value.to_string());
    }

    fn string(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
        } else {
            pair(&mut self.text, self.format, field.name(), &text(self.format, value));
        }
    }
}

/// Appends a pair whose value is already formatted.
pub(super) fn pair(to: &mut String, format: Format, name: &str, value: &str) {
    // Writing to a string does not fail.
    let _ = match format {
        Format::Json => write!(to, "{}:{value},", json::quoted(name)),
        _ if to.is_empty() => write!(to, "{name}={value}"),
        _ => write!(to, " {name}={value}"),
    };
}

/// A string as a value.
pub(super) fn text(format: Format, value: &str) -> String {
    match format {
        Format::Json => json::quoted(value),
        _ => json::value(value).into_owned(),
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        if value.is_finite() {
            self.plain(field, value);
        } else {
            self.string(field, &value.to_string());
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.plain(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.plain(field, value);
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.plain(field, value);
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.plain(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.plain(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.string(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let mut chain = value.to_string();
        let mut source = value.source();
        while let Some(cause) = source {
            let _ = write!(chain, ": {cause}");
            source = cause.source();
        }
        self.string(field, &chain);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.string(field, &format!("{value:?}"));
    }
}
