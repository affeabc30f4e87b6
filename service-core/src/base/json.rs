//! JSON, written by hand: too little of it for a dependency. It is written to one text, without a text of its own for each value.

use std::borrow::Cow;
use std::fmt::Write;

/// The value of a field.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Field<'a> {
    Null,
    #[cfg(feature = "render")]
    Flag(bool),
    #[cfg(feature = "render")]
    Count(u64),
    Text(&'a str),
    #[cfg(feature = "render")]
    Texts(&'a [&'a str]),
    /// It is JSON already.
    Json(&'a str),
}

impl<'a> From<Option<&'a str>> for Field<'a> {
    fn from(text: Option<&'a str>) -> Self {
        text.map_or(Self::Null, Self::Text)
    }
}

/// Appends an object with these fields.
pub(crate) fn write_object(json: &mut String, fields: &[(&str, Field<'_>)]) {
    json.push('{');
    for (at, (key, value)) in fields.iter().enumerate() {
        json.push_str(if at == 0 { "\"" } else { ", \"" });
        json.push_str(key);
        json.push_str("\": ");
        write_field(json, *value);
    }
    json.push('}');
}

fn write_field(json: &mut String, value: Field<'_>) {
    match value {
        Field::Null => json.push_str("null"),
        #[cfg(feature = "render")]
        Field::Flag(flag) => json.push_str(if flag { "true" } else { "false" }),
        #[cfg(feature = "render")]
        Field::Count(count) => {
            let _ = write!(json, "{count}");
        }
        Field::Text(text) => write_quoted(json, text),
        #[cfg(feature = "render")]
        Field::Texts(texts) => {
            json.push('[');
            for (at, text) in texts.iter().enumerate() {
                json.push_str(if at == 0 { "" } else { ", " });
                write_quoted(json, text);
            }
            json.push(']');
        }
        Field::Json(text) => json.push_str(text),
    }
}

pub(crate) fn object(fields: &[(&str, Field<'_>)]) -> String {
    let mut json = String::new();
    write_object(&mut json, fields);
    json
}

pub(crate) fn quoted(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    write_quoted(&mut json, text);
    json
}

fn write_quoted(json: &mut String, text: &str) {
    json.push('"');
    // No early return, so that it looks at many bytes at once.
    let is_plain = text.bytes().fold(true, |plain, byte| plain & (0x20..0x7f).contains(&byte) & !is_quoting(byte));
    if is_plain {
        json.push_str(text);
    } else {
        text.chars().for_each(|letter| write_letter(json, letter));
    }
    json.push('"');
}

fn write_letter(json: &mut String, letter: char) {
    match letter {
        '"' | '\\' => json.extend(['\\', letter]),
        _ if letter.is_control() => {
            let _ = write!(json, "\\u{:04x}", u32::from(letter));
        }
        _ => json.push(letter),
    }
}

fn is_quoting(byte: u8) -> bool {
    (byte == b'"') | (byte == b'\\')
}

/// A text as the value in `name=value`: unchanged if it is one plain word, else quoted, so that it stays on one line.
pub(crate) fn value(text: &str) -> Cow<'_, str> {
    let is_plain =
        |letter: char| !letter.is_whitespace() && !letter.is_control() && !matches!(letter, '"' | '=' | '\\');
    if !text.is_empty() && text.chars().all(is_plain) { text.into() } else { quoted(text).into() }
}
