//! Each file is short, has a descriptive name, and begins with an introduction.

use std::collections::HashSet;

use crate::source::{Source, none, rust, rust_in};

/// Lines of code, without comments and blank lines.
const LONGEST: usize = 300;

/// Names that do not describe the content of a file.
const EMPTY_NAMES: [&str; 9] = ["utils", "util", "common", "helpers", "helper", "types", "manager", "misc", "prelude"];

fn lines_of_code(source: &Source) -> usize {
    let lines: HashSet<_> = source.words().into_iter().flat_map(|word| word.lines).collect();
    lines.len()
}

fn vague_name(path: &str) -> Option<&str> {
    path.split(['/', '.']).find(|part| EMPTY_NAMES.contains(part))
}

fn has_introduction(source: &Source) -> bool {
    source.text.starts_with("//!") || source.text.starts_with("#![doc = include_str!(")
}

/// Unit tests and snapshots of expansions need no introduction.
fn is_introduced(path: &str) -> bool {
    path.split_once("/src/").is_some_and(|(_, inside)| inside.split(['/', '.']).any(|part| part == "tests"))
}

#[test]
fn every_file_is_short() {
    let long = |source: &Source| {
        let lines = lines_of_code(source);
        (lines > LONGEST).then(|| format!("{}: {lines} lines of code", source.path))
    };
    let found: Vec<_> = rust().iter().filter_map(long).collect();
    none(&found, &format!("Move a part of the file to its own file; the limit is {LONGEST}."));
}

#[test]
fn every_file_name_describes_its_content() {
    let named = |source: &Source| {
        vague_name(&source.path).map(|name| format!("{}: `{name}` does not describe the content", source.path))
    };
    let found: Vec<_> = rust().iter().filter_map(named).collect();
    none(&found, "Name the file for the type it defines.");
}

#[test]
fn every_module_has_an_introduction() {
    let folders = ["service-core/src/", "service-macros/src/", "service-http/", "examples/", "tests/", "benches/"];
    let silent = |source: &&Source| !is_introduced(&source.path) && !has_introduction(source);
    let found: Vec<_> = rust_in(&folders).iter().filter(silent).map(|source| source.path.clone()).collect();
    none(&found, "Begin the file with `//!` and one paragraph that describes its content.");
}

#[test]
fn a_long_file_without_introduction_and_name_is_found() {
    let long = Source::new("a/utils/b.rs", &"// why\n/// what\nfn a() {}\n\n".repeat(LONGEST + 1));
    assert_eq!(lines_of_code(&long), LONGEST + 1);
    assert!(!has_introduction(&long));
    assert_eq!(vague_name(&long.path), Some("utils"));
    assert_eq!(vague_name("service-core/src/gate/refuse.rs"), None);
    assert!(is_introduced("service-core/src/report/plan_error/tests.rs") && !is_introduced("tests/tidy/main.rs"));
}
