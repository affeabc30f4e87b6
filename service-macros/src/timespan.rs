//! [`Timespan`]: a duration as people write it, `"500ms"`, `"1.5s"`, `"1m30s"`.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::ParseStream;
use syn::{Error, LitStr, Result};

use crate::mistakes::Mistakes;

/// A duration, and where it was written.
#[derive(Clone, Copy)]
pub(crate) struct Timespan {
    pub(crate) duration: Duration,
    pub(crate) span: Span,
}

impl Timespan {
    /// A default, written nowhere.
    pub(crate) fn of(duration: Duration) -> Self {
        Self { duration, span: Span::call_site() }
    }

    /// Reads the value of the argument of this name; `None` where it is no duration, which is then noted.
    pub(crate) fn parse(name: &Ident, input: ParseStream, mistakes: &mut Mistakes) -> Result<Option<Self>> {
        let literal: LitStr = input.parse()?;
        let text = literal.value();
        let wrong = match nanos(&text).map(u64::try_from) {
            Some(Ok(nanos)) => {
                return Ok(Some(Self { duration: Duration::from_nanos(nanos), span: literal.span() }));
            }
            Some(Err(_)) => "which is longer than 584 years; write a shorter one",
            None => "which is no duration; write it like \"500ms\", \"5s\", \"1m30s\" or \"2h\"",
        };
        mistakes.at(&literal, format!("`{name}` is \"{text}\", {wrong}"));
        Ok(None)
    }

    /// The same, where zero makes no sense.
    pub(crate) fn parse_positive(name: &Ident, input: ParseStream, mistakes: &mut Mistakes) -> Result<Option<Self>> {
        let timespan = Self::parse(name, input, mistakes)?;
        if let Some(zero) = timespan.filter(|timespan| timespan.duration.is_zero()) {
            let text = format!("`{name}` is zero, which leaves no time at all; write how long it may take");
            mistakes.add(Error::new(zero.span, text));
        }
        Ok(timespan)
    }
}

impl ToTokens for Timespan {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let (seconds, nanos) = (self.duration.as_secs(), self.duration.subsec_nanos());
        tokens.extend(quote!(::core::time::Duration::new(#seconds, #nanos)));
    }
}

/// The sum of one or more amounts, each a decimal number and a unit. Saturates far above what fits in a `u64`.
fn nanos(text: &str) -> Option<u128> {
    let mut rest = text.trim();
    let mut sum = 0u128;
    loop {
        let (number, after) = split(rest, |c| c.is_ascii_digit() || c == '.');
        let (unit, after) = split(after, char::is_alphabetic);
        sum = sum.saturating_add(amount(number, nanos_per(unit)?)?);
        rest = after.trim_start();
        if rest.is_empty() {
            return Some(sum);
        }
    }
}

fn split(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}

fn nanos_per(unit: &str) -> Option<u64> {
    Some(match unit {
        "ns" => 1,
        "us" | "µs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60 * 1_000_000_000,
        "h" => 3_600 * 1_000_000_000,
        "d" => 86_400 * 1_000_000_000,
        _ => return None,
    })
}

/// `1.5` of a unit; what is smaller than a nanosecond is cut off.
fn amount(number: &str, unit: u64) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if whole.is_empty() || fraction.is_empty() || fraction.contains('.') {
        return None;
    }
    // Digits beyond the 19th are either out of all range or below a nanosecond.
    let whole: u128 = if whole.len() > 19 { u64::MAX.into() } else { whole.parse().ok()? };
    let digits = &fraction[..fraction.len().min(19)];
    let part = digits.parse::<u128>().ok()? * u128::from(unit) / 10u128.pow(digits.len() as u32);
    Some(whole * u128::from(unit) + part)
}
