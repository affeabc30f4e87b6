//! The table of service-toolkit: each request that it answers names items that exist, and a test that exists.

use std::fs;

use crate::source::{none, root, rust_in};

const TABLE: &str = "service-toolkit/rows.md";

/// Describes what a row names that is not there. `sources` are the files of the crate, `test` finds the text of a test file.
fn missing(row: &str, sources: &str, test: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let cells: Vec<_> = row.split('|').map(str::trim).collect();
    let [_, number, items, named, _] = cells[..] else { return vec![format!("not three cells: {row}")] };
    let mut found = Vec::new();
    for item in items.split('`').skip(1).step_by(2) {
        let name = item.rsplit("::").next().unwrap_or(item);
        let defines = |keyword: &str| sources.contains(&format!("{keyword} {name}"));
        if !["fn", "struct", "enum", "trait", "type"].iter().any(|keyword| defines(keyword)) {
            found.push(format!("row {number}: there is no {item}"));
        }
    }
    let name = named.trim_matches('`');
    let exists = name
        .split_once("::")
        .is_some_and(|(file, function)| test(file).is_some_and(|text| text.contains(&format!("fn {function}("))));
    if !exists {
        found.push(format!("row {number}: there is no test {name}"));
    }
    found
}

#[test]
fn every_row_of_the_toolkit_names_items_and_a_test_that_exist() {
    let page = fs::read_to_string(root().join(TABLE)).expect("the table is part of the crate");
    let rows: Vec<_> = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| row")).collect();
    assert!(rows.len() >= 30, "the table was not recognised");
    let sources: String = rust_in(&["service-toolkit/src/"]).into_iter().map(|source| source.text).collect();
    let test = |file: &str| fs::read_to_string(root().join(format!("service-toolkit/tests/{file}.rs"))).ok();
    let found: Vec<_> = rows.iter().flat_map(|row| missing(row, &sources, test)).collect();
    none(&found, "Correct the row, or add what it names.");
}

#[test]
fn a_row_that_names_something_else_is_found() {
    let test = |file: &str| (file == "retry").then(|| "async fn it_retries() {}".to_owned());
    let sources = "pub struct Retry; impl Retry { pub fn when(self) {} }";
    assert_eq!(missing("| 1 | `Retry`, `Retry::when` | `retry::it_retries` |", sources, test), Vec::<String>::new());
    assert_eq!(missing("| 1 | `Retry::often` | `retry::it_retries` |", sources, test).len(), 1);
    assert_eq!(missing("| 1 | `Retry` | `retry::it_waits` |", sources, test).len(), 1);
    assert_eq!(missing("| 1 | `Retry` | `breaker::it_retries` |", sources, test).len(), 1);
}
