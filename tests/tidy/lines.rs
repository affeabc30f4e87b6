//! The behaviours that must be shown, and what shows them: `lines.md` against the names of tests, and against the files
//! that a line itself names.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{Source, all, none, rust};

const LINES: &str = include_str!("lines.md");

/// The heading from which on a line need not be shown.
const LATER: &str = "## Not asked for yet";

/// The numbers of the lines: `G01`.
fn lines(text: &str) -> BTreeSet<String> {
    let number = |line: &str| line.strip_prefix("- **")?.split_once("**").map(|(number, _)| number.to_owned());
    text.lines().filter_map(number).collect()
}

/// The files that a line names, in backquotes: compile errors, and what is measured instead of tested.
fn named_by_lines(text: &str) -> Vec<(String, String)> {
    let mut named = Vec::new();
    for line in text.lines() {
        let Some(number) = lines(line).pop_first() else { continue };
        let paths = line.split('`').skip(1).step_by(2).filter(|word| word.contains('/') && word.contains('.'));
        named.extend(paths.map(|path| (number.clone(), path.to_owned())));
    }
    named
}

/// What begins the comment above a test that names the behaviours it shows.
const SHOWS: &str = "// shows: ";

/// Each test that shows behaviours, with their ids: the function below a line `// shows: G01, G07`.
fn tests(source: &Source) -> Vec<(String, Vec<String>)> {
    let mut lines = source.text.lines();
    let mut tests = Vec::new();
    while let Some(line) = lines.next() {
        let Some(ids) = line.trim_start().strip_prefix(SHOWS) else { continue };
        let name = lines.by_ref().find_map(function).unwrap_or_else(|| "no function".to_owned());
        tests.push((name, ids.split(", ").map(str::to_owned).collect()));
    }
    tests
}

/// The name of the function that a line declares.
fn function(line: &str) -> Option<String> {
    let (_, declared) = line.split_once("fn ")?;
    Some(declared.split(|it: char| !it.is_alphanumeric() && it != '_').next()?.to_owned())
}

/// The ids at the beginning of a name: `g01_g07_a_cycle` shows two.
fn numbers(name: &str) -> Vec<String> {
    let is_number = |part: &&str| {
        let (letter, digits) = part.split_at_checked(1).unwrap_or_default();
        letter.chars().all(|it| it.is_ascii_lowercase())
            && digits.len() == 2
            && digits.chars().all(|it| it.is_ascii_digit())
    };
    name.split('_').take_while(is_number).map(str::to_uppercase).collect()
}

/// The tests that show each behaviour, and the files that its line names.
fn shown() -> BTreeMap<String, Vec<String>> {
    let mut shown: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in rust().into_iter().filter(|source| source.path != "tests/tidy/lines.rs") {
        let old = source.text.lines().filter_map(function).map(|name| (name.clone(), numbers(&name)));
        for (name, ids) in tests(&source).into_iter().chain(old) {
            for id in ids {
                shown.entry(id).or_default().push(format!("{}: {name}", source.path));
            }
        }
    }
    for (id, path) in named_by_lines(LINES) {
        shown.entry(id).or_default().push(path);
    }
    shown
}

#[test]
fn every_file_that_a_line_names_is_there() {
    let files: BTreeSet<_> = all().into_iter().map(|source| source.path).collect();
    let gone = named_by_lines(LINES).into_iter().filter(|(_, path)| !files.contains(path));
    let found: Vec<_> = gone.map(|(number, path)| format!("{number} names {path}")).collect();
    none(&found, "Correct the path in tests/tidy/lines.md.");
}

#[test]
fn every_number_in_a_name_is_a_line() {
    let lines = lines(LINES);
    let unknown = shown().into_iter().filter(|(number, _)| !lines.contains(number));
    let found: Vec<_> = unknown.map(|(number, tests)| format!("{number}: {}", tests.join(", "))).collect();
    none(&found, "Correct the number, or write the line down in tests/tidy/lines.md.");
}

#[test]
fn every_line_is_shown() {
    let shown = shown();
    let (asked_for, _) = LINES.split_once(LATER).expect("the list has both parts");
    let found: Vec<_> = lines(asked_for).into_iter().filter(|line| !shown.contains_key(line)).collect();
    none(&found, "Write a test whose name begins with that number; tests/tidy/lines.md says what it shows.");
}

#[test]
fn numbers_are_read_from_lines_and_names() {
    assert_eq!(named_by_lines("- **G01** a `b`: `c/d.rs`"), [("G01".to_owned(), "c/d.rs".to_owned())]);
    assert_eq!(lines("# G00\n- **G01** a\n- **K02** b\n").into_iter().collect::<Vec<_>>(), ["G01", "K02"]);
    assert_eq!(numbers("g01_k02_a_b03"), ["G01", "K02"]);
    assert!(numbers("a_g01").is_empty() && numbers("boot").is_empty() && numbers("").is_empty());
    let source = Source::new(
        "a.rs",
        "    // shows: G01, K02\n    #[test]\n    fn a_cycle_is_refused() {}\n#[test]\nfn other() {}\n",
    );
    let ids = ["G01", "K02"].map(str::to_owned).to_vec();
    assert_eq!(tests(&source), [("a_cycle_is_refused".to_owned(), ids)]);
}
