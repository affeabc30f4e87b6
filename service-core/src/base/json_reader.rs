//! Reads JSON: as little as it takes to read back what this crate writes.

use std::borrow::Cow;
use std::fmt;

/// Deeper values are an error, so that a hostile file does not overflow the stack.
const DEEPEST: usize = 32;

/// A value. A number is kept as its text, because no reader here computes with one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum JsonValue<'a> {
    Null,
    Flag(bool),
    Number(&'a str),
    Text(Cow<'a, str>),
    List(Vec<JsonValue<'a>>),
    /// Of several fields with one name, the last counts.
    Object(Vec<(Cow<'a, str>, JsonValue<'a>)>),
}

/// Where a text is no JSON, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    line: usize,
    column: usize,
    expected: &'static str,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: expected {}", self.line, self.column, self.expected)
    }
}

impl<'a> JsonValue<'a> {
    /// Reads a whole text.
    pub(crate) fn read(text: &'a str) -> Result<Self, SyntaxError> {
        let mut reader = Reader { text, at: 0 };
        let value = reader.value(0).and_then(|value| match reader.peek() {
            None => Ok(value),
            Some(_) => Err("the end"),
        });
        value.map_err(|expected| reader.error(expected))
    }

    /// The field of an object.
    pub(crate) fn field(&self, name: &str) -> Option<&Self> {
        let Self::Object(fields) = self else { return None };
        fields.iter().rev().find(|(field, _)| field == name).map(|(_, value)| value)
    }

    pub(crate) fn as_text(&self) -> Option<&Cow<'a, str>> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(crate) fn as_list(&self) -> Option<&[Self]> {
        if let Self::List(items) = self { Some(items) } else { None }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

/// What was expected instead.
type Expected = &'static str;

impl<'a> Reader<'a> {
    fn error(&self, expected: Expected) -> SyntaxError {
        let before = &self.text[..self.at];
        let line = before.rfind('\n').map_or(0, |at| at + 1);
        let column = before[line..].chars().count() + 1;
        SyntaxError { line: before.matches('\n').count() + 1, column, expected }
    }

    /// The next byte that is not white space.
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(self.at) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    fn takes(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn value(&mut self, depth: usize) -> Result<JsonValue<'a>, Expected> {
        if depth > DEEPEST {
            return Err("a value that is less deep");
        }
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => self.string().map(JsonValue::Text),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Result<JsonValue<'a>, Expected> {
        for (word, value) in
            [("null", JsonValue::Null), ("true", JsonValue::Flag(true)), ("false", JsonValue::Flag(false))]
        {
            if self.text[self.at..].starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err("a value")
    }

    fn number(&mut self) -> Result<JsonValue<'a>, Expected> {
        let rest: &'a str = &self.text[self.at..];
        let length = rest.find(|it: char| !matches!(it, '0'..='9' | '-' | '+' | '.' | 'e' | 'E')).unwrap_or(rest.len());
        let number = &rest[..length];
        if number.parse::<f64>().is_err() {
            return Err("a number");
        }
        self.at += length;
        Ok(JsonValue::Number(number))
    }

    fn list(&mut self, depth: usize) -> Result<JsonValue<'a>, Expected> {
        self.at += 1;
        let mut items = Vec::new();
        if self.takes(b']') {
            return Ok(JsonValue::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.takes(b']') {
                return Ok(JsonValue::List(items));
            }
            if !self.takes(b',') {
                return Err("`,` or `]`");
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<JsonValue<'a>, Expected> {
        self.at += 1;
        let mut fields = Vec::new();
        if self.takes(b'}') {
            return Ok(JsonValue::Object(fields));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err("a name in quotes");
            }
            let name = self.string()?;
            if !self.takes(b':') {
                return Err("`:`");
            }
            fields.push((name, self.value(depth + 1)?));
            if self.takes(b'}') {
                return Ok(JsonValue::Object(fields));
            }
            if !self.takes(b',') {
                return Err("`,` or `}`");
            }
        }
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Expected> {
        self.at += 1;
        let mut string = Cow::Borrowed("");
        loop {
            let rest: &'a str = &self.text[self.at..];
            let plain = rest.as_bytes().iter().take_while(|&&it| it >= b' ' && it != b'"' && it != b'\\').count();
            // Without an escape, nothing is copied.
            string += &rest[..plain];
            self.at += plain;
            match self.text.as_bytes().get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(string);
                }
                Some(b'\\') => string.to_mut().push(self.escape()?),
                _ => return Err("the end of a string"),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Expected> {
        let letter = match self.text.as_bytes().get(self.at + 1) {
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(*byte),
            Some(b'u') => return self.unicode(),
            _ => return Err("an escape"),
        };
        self.at += 2;
        Ok(letter)
    }

    /// A letter outside of the basic plane is two escapes.
    fn unicode(&mut self) -> Result<char, Expected> {
        let first = self.unit()?;
        let code = match first {
            0xd800..0xdc00 => {
                let second = self.unit()?;
                if !(0xdc00..0xe000).contains(&second) {
                    return Err("the second half of a surrogate pair");
                }
                0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)
            }
            _ => first,
        };
        char::from_u32(code).ok_or("the first half of a surrogate pair")
    }

    fn unit(&mut self) -> Result<u32, Expected> {
        let digits = self.text[self.at..].strip_prefix("\\u").and_then(|rest| rest.get(..4));
        let digits = digits.filter(|digits| digits.bytes().all(|it| it.is_ascii_hexdigit()));
        let unit = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).ok_or("`\\u` and four digits")?;
        self.at += 6;
        Ok(unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_what_serde_json_reads() {
        let texts = [
            "null",
            " true ",
            "[]",
            "{}",
            "[1, -2.5e3, \"a\"]",
            r#"{"a": {"b": [null, false]}, "a\u00e9\ud83e\udd80": "\n\"\\\/"}"#,
            "",
            "[",
            "[1,]",
            "{\"a\"}",
            "{a: 1}",
            "nul",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\ud800\"",
            "\"\\udc00\"",
            "1 2",
            "--1",
            "\"a\nb\"",
            "\"",
            "\"\\",
            "\"\\u00é\"",
            "[1 2]",
            "{\"a\": 1 \"b\": 2}",
        ];
        for text in texts {
            let read = JsonValue::read(text);
            match serde_json::from_str::<serde_json::Value>(text) {
                Ok(expected) => assert_eq!(read.map(|it| same(&it)), Ok(expected), "{text}"),
                Err(_) => assert!(read.is_err(), "{text}: {read:?}"),
            }
        }
    }

    fn same(value: &JsonValue<'_>) -> serde_json::Value {
        match value {
            JsonValue::Null => serde_json::Value::Null,
            JsonValue::Flag(flag) => (*flag).into(),
            JsonValue::Number(number) => serde_json::from_str(number).expect("a number"),
            JsonValue::Text(text) => (&**text).into(),
            JsonValue::List(items) => items.iter().map(same).collect(),
            JsonValue::Object(fields) => fields.iter().map(|(name, value)| (name.to_string(), same(value))).collect(),
        }
    }

    #[test]
    fn an_error_names_its_place() {
        let error = |text: &str| JsonValue::read(text).expect_err("no JSON").to_string();
        assert_eq!(error("{\n  \"é\": [1; 2]\n}"), "line 2, column 10: expected `,` or `]`");
        assert_eq!(error(&"[".repeat(100_000)), "line 1, column 34: expected a value that is less deep");
    }
}
