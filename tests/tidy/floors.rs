//! Imports point down: facts ← mechanisms ← decisions ← acts ← faces.

use crate::source::{Source, Word, none, rust_in};

const FLOORS: [&str; 5] = ["fact", "mechanism", "decision", "act", "face"];

fn violations(source: &Source) -> Vec<String> {
    let floor_of = |name: &str| FLOORS.iter().position(|floor| *floor == name);
    let path = source.path.trim_start_matches("service-core/src/");
    let Some(own) = path.split(['/', '.']).next().and_then(floor_of) else { return Vec::new() };
    let words = source.words();
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        if word.text != "crate" && word.text != "super" {
            continue;
        }
        for name in heads(&words[at + 1..]) {
            let place = format!("{}:{}", source.path, name.lines.start());
            match floor_of(&name.text) {
                Some(floor) if floor > own => {
                    found.push(format!("{place}: {} looks up to {}", FLOORS[own], FLOORS[floor]));
                }
                None if word.text == "crate" && name.text != "__private" => {
                    found.push(format!("{place}: crate::{} hides the floor it lives on", name.text));
                }
                _ => {}
            }
        }
    }
    found
}

/// The first name of each path after `crate` or `super`: `::act::X`, or `::{act::X, fact::Y}`.
fn heads(after: &[Word]) -> Vec<&Word> {
    let [a, b, next, ..] = after else { return Vec::new() };
    if a.text != ":" || b.text != ":" {
        return Vec::new();
    }
    if next.text != "{" {
        return vec![next];
    }
    let mut depth = 0;
    let mut heads = Vec::new();
    for pair in after[2..].windows(2) {
        match pair[0].text.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        if depth == 1 && (pair[0].text == "{" || pair[0].text == ",") && pair[1].text != "}" {
            heads.push(&pair[1]);
        }
    }
    heads
}

#[test]
fn imports_point_down() {
    let found: Vec<_> = rust_in(&["service-core/src/"]).iter().flat_map(violations).collect();
    none(
        &found,
        "Move what is needed to the floor that needs it, or hand it up as a value; import from the floor it lives on.",
    );
}

/// A decision depends on nothing but its input: what is random about it is drawn by whoever asks for it.
fn draws(source: &Source) -> Vec<String> {
    let words = source.words();
    let drawn = words.iter().filter(|word| word.text == "chance");
    drawn.map(|word| format!("{}:{}: a decision draws", source.path, word.lines.start())).collect()
}

#[test]
fn decisions_draw_no_random_numbers() {
    let found: Vec<_> = rust_in(&["service-core/src/decision/"]).iter().flat_map(draws).collect();
    none(&found, "Let the caller on the act floor draw, and pass what was drawn.");
    let drawing = Source::new("service-core/src/decision/restarts.rs", "use crate::mechanism::chance::Chance;");
    assert_eq!(draws(&drawing).len(), 1);
}

#[test]
fn an_import_that_points_up_is_found() {
    let up = Source::new("service-core/src/fact/state.rs", "use crate::{fact::Location, act::{Slot, Tasks}};");
    assert_eq!(violations(&up), ["service-core/src/fact/state.rs:1: fact looks up to act"]);
    let aside = Source::new("service-core/src/decision/plan.rs", "fn f() { super::super::face::boot() }");
    assert_eq!(violations(&aside).len(), 1);
    let root = Source::new("service-core/src/act/slot.rs", "use crate::Registry; // and crate::face\n");
    assert_eq!(violations(&root), ["service-core/src/act/slot.rs:1: crate::Registry hides the floor it lives on"]);
    let down =
        Source::new("service-core/src/face/registry.rs", "use crate::{act::Slot, fact::State}; use super::face;");
    assert!(violations(&down).is_empty());
}
