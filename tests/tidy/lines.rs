//! Every behaviour in `lines.md` is shown by a test with a comment `// shows: G01`, or by a file that the line names.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{Source, all, none, rust};

const LINES: &str = include_str!("lines.md");

/// The heading below which a behaviour needs no test.
const LATER: &str = "## Not required yet";

/// The beginning of the comment above the attributes of a test that lists its behaviours.
const SHOWS: &str = "// shows: ";

/// The ids of the behaviours: `G01`.
fn ids(text: &str) -> BTreeSet<String> {
    let id = |line: &str| line.strip_prefix("- **")?.split_once("**").map(|(id, _)| id.to_owned());
    text.lines().filter_map(id).collect()
}

/// The files that a line names in backquotes: compile errors and benches.
fn named_by_lines(text: &str) -> Vec<(String, String)> {
    let mut named = Vec::new();
    for line in text.lines() {
        let Some(id) = ids(line).pop_first() else { continue };
        let paths = line.split('`').skip(1).step_by(2).filter(|word| word.contains('/') && word.contains('.'));
        named.extend(paths.map(|path| (id.clone(), path.to_owned())));
    }
    named
}

/// A test, and the behaviours that the comment above it lists.
#[derive(Debug, PartialEq)]
struct Test {
    name: String,
    shows: Vec<String>,
}

/// The tests of a file that show a behaviour.
fn tests(source: &Source) -> Vec<Test> {
    let mut lines = source.text.lines();
    let mut tests = Vec::new();
    while let Some(line) = lines.next() {
        let Some(ids) = line.trim_start().strip_prefix(SHOWS) else { continue };
        let name = lines.by_ref().find_map(function);
        let name = name.unwrap_or_else(|| panic!("{}: no test follows `{line}`", source.path));
        tests.push(Test { name, shows: ids.split(", ").map(str::to_owned).collect() });
    }
    tests
}

/// The name of the function that a line defines.
fn function(line: &str) -> Option<String> {
    let (_, declared) = line.split_once("fn ")?;
    Some(declared.split(|it: char| !it.is_alphanumeric() && it != '_').next()?.to_owned())
}

/// For each behaviour, the tests and files that show it.
fn shown() -> BTreeMap<String, Vec<String>> {
    let mut shown: BTreeMap<String, Vec<String>> = BTreeMap::new();
    // The strings of this file contain such comments.
    for source in rust().into_iter().filter(|source| source.path != "tests/tidy/lines.rs") {
        for test in tests(&source) {
            for id in test.shows {
                shown.entry(id).or_default().push(format!("{}: {}", source.path, test.name));
            }
        }
    }
    for (id, path) in named_by_lines(LINES) {
        shown.entry(id).or_default().push(path);
    }
    shown
}

#[test]
fn every_file_that_a_line_names_exists() {
    let files: BTreeSet<_> = all().into_iter().map(|source| source.path).collect();
    let gone = named_by_lines(LINES).into_iter().filter(|(_, path)| !files.contains(path));
    let found: Vec<_> = gone.map(|(id, path)| format!("{id} names {path}")).collect();
    none(&found, "Correct the path in tests/tidy/lines.md.");
}

#[test]
fn every_id_above_a_test_has_a_line() {
    let ids = ids(LINES);
    let unknown = shown().into_iter().filter(|(id, _)| !ids.contains(id));
    let found: Vec<_> = unknown.map(|(id, tests)| format!("{id}: {}", tests.join(", "))).collect();
    none(&found, "Correct the id, or describe the behaviour in tests/tidy/lines.md.");
}

#[test]
fn every_behaviour_is_shown_by_a_test() {
    let shown = shown();
    let (asked_for, _) = LINES.split_once(LATER).expect("the list has both parts");
    let found: Vec<_> = ids(asked_for).into_iter().filter(|id| !shown.contains_key(id)).collect();
    none(&found, "Write a test below a comment `// shows: <id>`; tests/tidy/lines.md says what it shows.");
}

#[test]
fn ids_are_read_from_lines_and_comments() {
    assert_eq!(named_by_lines("- **G01** a `b`: `c/d.rs`"), [("G01".to_owned(), "c/d.rs".to_owned())]);
    assert_eq!(ids("# G00\n- **G01** a\n- **K02** b\n").into_iter().collect::<Vec<_>>(), ["G01", "K02"]);
    let source = "    // shows: G01, K02\n    #[test]\n    fn a_cycle_is_refused() {}\n#[test]\nfn other() {}\n";
    let shows = ["G01", "K02"].map(str::to_owned).to_vec();
    let test = Test { name: "a_cycle_is_refused".to_owned(), shows };
    assert_eq!(tests(&Source::new("a.rs", source)), [test]);
}
