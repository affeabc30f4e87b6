//! The messages on the page "Troubleshooting" are those of the crates.

use std::fs;
use std::path::{Path, PathBuf};

const CRATES: [&str; 3] = ["service-core/src", "service-macros/src", "service-http/src"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The text of every source file, with single spaces.
fn sources() -> String {
    let mut open: Vec<_> = CRATES.iter().map(|folder| root().join(folder)).collect();
    let mut text = String::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).expect("a folder of sources");
            open.extend(entries.filter_map(|entry| Some(entry.ok()?.path())));
        } else if path.extension().is_some_and(|it| it == "rs") {
            text.push_str(&fs::read_to_string(&path).expect("a source file"));
        }
    }
    text
}

/// The messages in the first column of the tables whose head is `message`, without the names and numbers in them.
fn messages(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut is_message = false;
    for line in page.lines() {
        let first = line.strip_prefix("| ").and_then(|line| line.split(" | ").next());
        is_message =
            first.is_some_and(|first| first == "message" || is_message) || is_message && line.starts_with("|---");
        if let Some(message) = first.filter(|_| is_message).and_then(|first| first.strip_prefix('`')?.strip_suffix('`'))
        {
            found.extend(message.split('…').map(|part| part.trim_matches([' ', ':', ',']).to_owned()));
        }
    }
    found.retain(|part| part.len() > 4);
    found
}

#[test]
fn the_messages_of_the_troubleshooting_page_are_in_the_sources() {
    let page = fs::read_to_string(root().join("service-core/guide/troubleshooting.md")).expect("the page");
    let (messages, sources) = (messages(&page), sources());
    assert!(messages.len() > 25, "the tables were not found: {messages:?}");
    let unknown: Vec<_> = messages.iter().filter(|message| !sources.contains(message.as_str())).collect();
    assert!(unknown.is_empty(), "service-core/guide/troubleshooting.md shows texts that no crate prints: {unknown:#?}");
}

#[test]
fn messages_are_found_in_the_tables_of_messages_only() {
    let page = "| message | cause |\n|---|---|\n| `boot of … failed after …: …` | x |\n| a panic | y |\n\n\
                | symptom | cause |\n|---|---|\n| `no logs at all` | z |\n";
    assert_eq!(messages(page), ["boot of", "failed after"]);
}
