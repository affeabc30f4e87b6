//! [`PriceList`]: the supplier's price list, as CSV.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use csv::{Position, StringRecord};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use service_core::Result;

/// The supplier's price list.
#[derive(Debug)]
pub struct PriceList {
    /// A hash of the text. Another release of Rust may compute another one: the list is then imported once more, which
    /// changes nothing.
    pub fingerprint: String,
    /// The lines.
    pub entries: Vec<Entry>,
}

/// One line of a price list.
#[derive(Debug, Deserialize, PartialEq)]
pub struct Entry {
    /// The supplier's number, and the key: a list names it once.
    pub sku: String,
    /// The name.
    pub name: String,
    /// The category.
    pub category: String,
    /// Its price, in cents; written as `12.95`.
    #[serde(rename = "price", deserialize_with = "cents")]
    pub price_cents: i64,
    /// The number of pieces in stock.
    pub stock: u32,
}

impl PriceList {
    /// Reads a list: a header, then `sku,name,category,price,stock`.
    ///
    /// # Errors
    /// If a line is invalid. The error names the line and the reason.
    pub fn parse(text: &str) -> Result<Self> {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers()?.clone();
        let mut lines = HashMap::new();
        let mut entries = Vec::new();
        for record in reader.into_records() {
            let record = record.map_err(|error| in_words(&error, &header))?;
            let entry: Entry = record.deserialize(Some(&header)).map_err(|error| in_words(&error, &header))?;
            let line = record.position().map_or(0, Position::line);
            if let Some(earlier) = lines.insert(entry.sku.clone(), line) {
                return Err(format!("line {line}: {} is listed in line {earlier} already", entry.sku).into());
            }
            entries.push(entry);
        }
        if entries.is_empty() {
            return Err("it lists no products".into());
        }
        Ok(Self { fingerprint: fingerprint(text), entries })
    }
}

/// The error in terms of the list.
fn in_words(error: &csv::Error, header: &StringRecord) -> String {
    let what = match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => {
            let column = err.field().and_then(|field| header.get(usize::try_from(field).ok()?));
            column.map_or_else(String::new, |column| format!("{column}: ")) + &err.kind().to_string()
        }
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("it has {len} fields, and the header {expected_len}")
        }
        _ => return error.to_string(),
    };
    let line = error.position().map_or(0, Position::line);
    format!("line {line}: {what}")
}

fn fingerprint(text: &str) -> String {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

fn cents<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let text = String::deserialize(deserializer)?;
    in_cents(&text).ok_or_else(|| D::Error::custom(format!("a price is written as 12.95, not as {text:?}")))
}

/// Never by way of a float: 0.29 * 100.0 is 28.999999999999996.
fn in_cents(text: &str) -> Option<i64> {
    let (whole, cents) = text.split_once('.')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(cents) || cents.len() != 2 {
        return None;
    }
    Some(i64::from(whole.parse::<u32>().ok()?) * 100 + cents.parse::<i64>().ok()?)
}

#[cfg(test)]
mod tests;
