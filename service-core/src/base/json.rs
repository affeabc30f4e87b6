//! JSON, written by hand: too little of it for a dependency.

use std::borrow::Cow;
use std::fmt::Write;

pub(crate) fn object(fields: &[(&str, String)]) -> String {
    let fields: Vec<_> = fields.iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
    format!("{{{}}}", fields.join(", "))
}

pub(crate) fn or_null(text: Option<&str>) -> String {
    text.map_or_else(|| "null".to_owned(), quoted)
}

pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            _ if letter.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(letter));
            }
            _ => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

/// A text as the value in `name=value`: unchanged if it is one plain word, else quoted, so that it stays on one line.
pub(crate) fn value(text: &str) -> Cow<'_, str> {
    let is_plain =
        |letter: char| !letter.is_whitespace() && !letter.is_control() && !matches!(letter, '"' | '=' | '\\');
    if !text.is_empty() && text.chars().all(is_plain) { text.into() } else { quoted(text).into() }
}
