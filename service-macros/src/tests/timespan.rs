use std::time::Duration;

use proc_macro2::{Ident, Span};
use syn::parse::{ParseStream, Parser};

use crate::mistakes::Mistakes;
use crate::timespan::Timespan;

/// The duration, or what is wrong with it.
fn read(text: &str) -> Result<Duration, String> {
    let mut mistakes = Mistakes::default();
    let name = Ident::new("wait", Span::call_site());
    let parsed = (|input: ParseStream| Timespan::parse_positive(&name, input, &mut mistakes))
        .parse_str(&format!("{text:?}"))
        .expect("a literal");
    match mistakes.read() {
        Some(error) => Err(super::mistakes(error).concat()),
        None => Ok(parsed.expect("no mistake").duration),
    }
}

#[test]
fn people_write_durations_in_many_ways() {
    for (text, millis) in [
        ("500ms", 500),
        ("5s", 5_000),
        ("1.5s", 1_500),
        ("1m30s", 90_000),
        (" 1m 30s ", 90_000),
        ("2h", 7_200_000),
        ("1d", 86_400_000),
        ("0.5m", 30_000),
        ("0s1ms", 1),
    ] {
        assert_eq!(read(text), Ok(Duration::from_millis(millis)), "{text}");
    }
    assert_eq!(read("250us"), Ok(Duration::from_micros(250)));
    assert_eq!(read("584d"), Ok(Duration::from_secs(584 * 86_400)));
}

#[test]
fn what_is_no_duration_is_said_to_be_none() {
    for text in ["", " ", "5", "s", "5 s", "5x", "-5s", "1..5s", ".5s", "5.s", "1e3s", "5s!", "∞", "٣s"] {
        let error = read(text).expect_err(text);
        assert!(error.contains("which is no duration; write it like"), "{text}: {error}");
    }
}

#[test]
fn a_duration_is_more_than_nothing_and_less_than_for_ever() {
    assert_eq!(read("0ms"), Err("`wait` is zero, which leaves no time at all; write how long it may take".into()));
    for text in
        ["99999999999999999999s", "18446744073709551615d", "300000d", "99999999999999999999999999999999999999999999s"]
    {
        let error = read(text).expect_err(text);
        assert!(error.ends_with("which is longer than 584 years; write a shorter one"), "{text}: {error}");
    }
}
