//! The manuals of the attributes list exactly the arguments that the macros accept.

use std::collections::BTreeSet;

use crate::source::{Source, all, none};

/// The file that parses the arguments of an attribute, and the page with their table.
const ATTRIBUTES: [(&str, &str); 7] = [
    ("service-macros/src/service/arguments.rs", "service-macros/docs/service.md"),
    ("service-macros/src/guarded/arguments.rs", "service-macros/docs/guarded.md"),
    ("service-macros/src/test/arguments.rs", "service-macros/docs/test.md"),
    ("service-macros/src/toolkit/operation.rs", "service-macros/docs/operation.md"),
    ("service-macros/src/toolkit/retry.rs", "service-macros/docs/retry.md"),
    ("service-macros/src/toolkit/cached.rs", "service-macros/docs/cached.md"),
    ("service-macros/src/toolkit/error_boundary.rs", "service-macros/docs/error_boundary.md"),
];

/// The heading of such a table.
const HEADING: &str = "| argument | meaning |";

/// The names in the parser's list of arguments: `"lazy"` in `const KNOWN: &[Known] = &[once("lazy", "…")];`.
fn accepted(source: &Source, list: &str) -> BTreeSet<String> {
    let words = source.words();
    let text = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
    let begins = (0..words.len()).find(|&at| text(at) == "const" && text(at + 1) == list).unwrap_or(words.len());
    let ends = (begins..words.len()).find(|&at| text(at) == ";").unwrap_or(begins);
    let is_name = |at: &usize| (text(at - 2) == "once" || text(at - 2) == "repeated") && text(at - 1) == "(";
    (begins + 2..ends).filter(is_name).map(|at| text(at).trim_matches('"').to_owned()).collect()
}

/// The texts in backquotes in the first column of the table.
fn shown(page: &str) -> Vec<&str> {
    let rows = page.lines().skip_while(|line| *line != HEADING).skip(2).take_while(|line| line.starts_with('|'));
    let cells = rows.filter_map(|row| row.split(" | ").next());
    cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect()
}

/// The name at the beginning of such a text: `wait` of `wait = "2s"`.
fn name(shown: &str) -> String {
    shown.chars().take_while(|it| it.is_alphanumeric() || *it == '_').collect()
}

/// The names between the parentheses: `attempts` and `delay` of `retry(attempts = 3, delay = "100ms")`.
fn inner(shown: &str) -> BTreeSet<String> {
    let (_, inside) = shown.split_once('(').unwrap_or_default();
    inside.split(", ").map(name).collect()
}

/// The arguments that only the parser accepts, and those that only the page lists.
fn differences(parser: &Source, page: &Source) -> Vec<String> {
    let shown = shown(&page.text);
    let known = (accepted(parser, "KNOWN"), shown.iter().map(|shown| name(shown)).collect());
    let retry = shown.iter().filter(|shown| name(shown) == "retry").flat_map(|shown| inner(shown)).collect();
    let mut found = Vec::new();
    for (accepted, documented) in [known, (accepted(parser, "RETRY"), retry)] {
        let missing = accepted.difference(&documented).map(|name| format!("{} has no row for `{name}`", page.path));
        let unknown = documented.difference(&accepted).map(|name| format!("{} does not know `{name}`", parser.path));
        found.extend(missing.chain(unknown));
    }
    found
}

#[test]
fn each_manual_lists_the_arguments_that_its_macro_accepts() {
    let sources = all();
    let source = |path: &str| {
        let found = sources.iter().find(|source| source.path == path);
        found.unwrap_or_else(|| panic!("{path} has moved; correct ATTRIBUTES"))
    };
    let mut found = Vec::new();
    for (parser, page) in ATTRIBUTES {
        let (parser, page) = (source(parser), source(page));
        assert!(!accepted(parser, "KNOWN").is_empty(), "{} has no list KNOWN", parser.path);
        found.extend(differences(parser, page));
    }
    none(&found, "Correct the table in the manual, or the list in the parser.");
}

#[test]
fn an_argument_without_a_row_and_a_row_without_an_argument_are_found() {
    let parser = Source::new(
        "a.rs",
        r#"const KNOWN: &[Known] = &[once("lazy", "`lazy`"), repeated("give", "`give(value)`"), once("retry", "…")];
           const RETRY: &[Known] = &[once("delay", "`delay = \"1s\"`")];"#,
    );
    let page =
        |rows: &str| Source::new("a.md", &format!("text\n\n{HEADING}\n|---|---|\n{rows}\n\n| `other` | `x` |\n"));
    let complete = page("| `lazy` | `later` |\n| none | |\n| `give(value)`, `retry(delay = \"1s\")` | |");
    assert_eq!(differences(&parser, &complete), [""; 0]);
    let wrong = page("| `lazy`, `eager` | |\n| `retry(attempts = 3, delay = \"1s\")` | |");
    assert_eq!(
        differences(&parser, &wrong),
        ["a.md has no row for `give`", "a.rs does not know `eager`", "a.rs does not know `attempts`"]
    );
}
