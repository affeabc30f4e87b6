//! `docs/requests.md` has an answer for each thing that the project was asked for: an item of the library, and a test that shows it.
//! A row that std, tokio or tracing answers has a compiled program in the guide as its test.

use std::collections::BTreeSet;

use syn::{ImplItem, Item, TraitItem, Type, Visibility};

use crate::source::{Source, all, none};

const PAGE: &str = "docs/requests.md";

/// The heading of the table.
const HEADING: &str = "| row | wanted | item | test |";

/// The sources of the items.
const LIBRARIES: [&str; 4] =
    ["service-core/src/", "service-http/src/", "service-toolkit/src/", "service-macros/src/lib.rs"];

/// The crates whose items the guide shows.
const SHOWN_BY_THE_GUIDE: [&str; 3] = ["std", "tokio", "tracing"];

const GUIDE: &str = "service-core/guide/";

/// The rows that the table must have: those of the brief, and the numbered ones.
fn wanted() -> Vec<String> {
    let brief = (1..=5).map(|row| format!("B{row}"));
    brief.chain((1..=191).map(|row: u32| row.to_string())).collect()
}

/// A row of the table.
struct Request<'a> {
    row: &'a str,
    items: Vec<&'a str>,
    test: &'a str,
}

/// The rows of the table; a line without four cells has no items and no test.
fn requests(page: &str) -> Vec<Request<'_>> {
    let lines = page.lines().skip_while(|line| *line != HEADING).skip(2).take_while(|line| line.starts_with('|'));
    lines.map(request).collect()
}

fn request(line: &str) -> Request<'_> {
    let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
    let (items, test) = match cells[..] {
        [_, wanted, items, test] if !wanted.is_empty() => (items, test),
        _ => ("", ""),
    };
    Request { row: cells[0], items: items.split('`').skip(1).step_by(2).collect(), test: test.trim_matches('`') }
}

/// The public names that files define: `Registry`, `Registry::boot`, `Lifecycle::init`, `record`.
fn items<'a>(sources: impl Iterator<Item = &'a Source>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for source in sources {
        let file = syn::parse_file(&source.text).unwrap_or_else(|error| panic!("{}: {error}", source.path));
        file.items.iter().for_each(|item| define(item, &mut found));
    }
    found
}

fn define(item: &Item, found: &mut BTreeSet<String>) {
    let is_public = |visibility: &Visibility| matches!(visibility, Visibility::Public(_));
    match item {
        Item::Fn(item) if is_public(&item.vis) => _ = found.insert(item.sig.ident.to_string()),
        Item::Struct(item) if is_public(&item.vis) => _ = found.insert(item.ident.to_string()),
        Item::Enum(item) if is_public(&item.vis) => {
            found.insert(item.ident.to_string());
            found.extend(item.variants.iter().map(|variant| format!("{}::{}", item.ident, variant.ident)));
        }
        Item::Trait(item) if is_public(&item.vis) => {
            found.insert(item.ident.to_string());
            let methods = item.items.iter().filter_map(|it| match it {
                TraitItem::Fn(method) => Some(format!("{}::{}", item.ident, method.sig.ident)),
                _ => None,
            });
            found.extend(methods);
        }
        Item::Impl(item) => {
            let Type::Path(path) = &*item.self_ty else { return };
            let Some(owner) = path.path.segments.last() else { return };
            let methods = item.items.iter().filter_map(|it| match it {
                ImplItem::Fn(method) if is_public(&method.vis) => {
                    Some(format!("{}::{}", owner.ident, method.sig.ident))
                }
                _ => None,
            });
            found.extend(methods);
        }
        // `macro_rules! record`, or a struct inside of `pin_project! { … }`.
        Item::Macro(item) => match &item.ident {
            Some(name) => _ = found.insert(name.to_string()),
            None => {
                let inside = syn::parse2::<Item>(item.mac.tokens.clone());
                inside.iter().for_each(|item| define(item, found));
            }
        },
        _ => {}
    }
}

/// Whether a file contains a test of this name: a function below an attribute that says `test`.
fn has_test(source: &Source, name: &str) -> bool {
    let lines: Vec<_> = source.text.lines().map(str::trim_start).collect();
    lines.iter().enumerate().any(|(at, line)| {
        let is_declared = line.split_once("fn ").is_some_and(|(_, rest)| rest.starts_with(&format!("{name}(")));
        let mut attributes = lines[..at].iter().rev().take_while(|line| line.starts_with("#["));
        is_declared && attributes.any(|attribute| attribute.contains("test"))
    })
}

/// The names in a text.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
}

/// What is wrong with a row.
fn mistake(request: &Request<'_>, items: &BTreeSet<String>, sources: &[Source]) -> Option<String> {
    let Request { row, items: named, test } = request;
    let file = |path: &str| sources.iter().find(|source| source.path == path);
    if named.is_empty() {
        return Some(format!("row {row} has no four cells with an item in backquotes"));
    }
    let page = test.strip_prefix(GUIDE).and_then(|_| file(test));
    for item in named {
        let name = item.trim_start_matches("#[").trim_end_matches([']', '!', '?']);
        let (head, last) = (name.split("::").next().unwrap_or(name), name.rsplit("::").next().unwrap_or(name));
        if page.is_some_and(|page| !words(&page.text).any(|word| word == last)) {
            return Some(format!("row {row}: {test} does not contain `{last}`"));
        }
        if SHOWN_BY_THE_GUIDE.contains(&head) {
            if page.is_none() {
                return Some(format!("row {row}: the test of `{item}` is a page of {GUIDE}"));
            }
        } else if !items.contains(name) {
            return Some(format!("row {row}: there is no public `{item}`"));
        }
    }
    let exists = match test.split_once("::") {
        Some((path, name)) => file(path).is_some_and(|source| has_test(source, name)),
        // A compile error has a snapshot of what the compiler says.
        None => {
            page.is_some() || test.strip_suffix(".rs").is_some_and(|case| file(&format!("{case}.stderr")).is_some())
        }
    };
    (!exists).then(|| format!("row {row}: there is no test `{test}`"))
}

/// The rows that are missing, that nobody asked for, or that name something that does not exist.
fn violations(page: &str, wanted: &[String], sources: &[Source]) -> Vec<String> {
    let requests = requests(page);
    let libraries = sources.iter().filter(|source| source.path.ends_with(".rs"));
    let items = items(libraries.filter(|source| LIBRARIES.iter().any(|library| source.path.starts_with(library))));
    let is_answered = |row: &&String| requests.iter().any(|request| request.row == row.as_str());
    let missing = wanted.iter().filter(|row| !is_answered(row)).map(|row| format!("row {row} is missing"));
    let unknown = requests.iter().filter(|request| !wanted.iter().any(|row| row == request.row));
    let unknown = unknown.map(|request| format!("there is no row {}", request.row));
    let mistakes = requests.iter().filter_map(|request| mistake(request, &items, sources));
    missing.chain(unknown).chain(mistakes).collect()
}

#[test]
fn every_request_names_an_item_and_a_test_that_exist() {
    let sources = all();
    let page = sources.iter().find(|source| source.path == PAGE).unwrap_or_else(|| panic!("{PAGE} has moved"));
    let found = violations(&page.text, &wanted(), &sources);
    none(&found, &format!("Correct the row of {PAGE}, or write the test that it names."));
}

#[test]
fn a_missing_row_and_a_wrong_item_or_test_are_found() {
    let library = "pub struct Db; impl Db { pub fn get(&self) {} fn own(&self) {} }
        pub trait Hook { fn run(); } pub enum Kind { Small } fn hidden() {}
        pin_project! { pub struct Waiting { at: u32 } } macro_rules! note { () => {} }";
    let tests = "#[tokio::test(start_paused = true)]\nasync fn it_works() {}\nfn helper() {}\n";
    let sources = [
        Source::new("service-core/src/db.rs", library),
        Source::new("tests/behaviours/db.rs", tests),
        Source::new("tests/ui/db.rs", ""),
        Source::new("tests/ui/db.stderr", ""),
        Source::new("service-core/guide/waits.md", "tokio::join!(a, b); Db.get()"),
    ];
    let found = |rows: &[&str]| {
        let wanted: Vec<_> = ["B1", "1"].map(str::to_owned).into();
        violations(&format!("text\n\n{HEADING}\n|---|---|---|---|\n{}\n\ntext", rows.join("\n")), &wanted, &sources)
    };
    let row = |row: &str, item: &str, test: &str| format!("| {row} | a value | {item} | `{test}` |");
    let first = row("B1", "`Db`, `#[note]`", "tests/behaviours/db.rs::it_works");
    for (item, test) in [
        ("`Db::get`, `Hook::run`", "tests/behaviours/db.rs::it_works"),
        ("`Kind::Small`, `Waiting`, `note!`", "tests/ui/db.rs"),
        ("`tokio::join!`, `Db::get`", "service-core/guide/waits.md"),
    ] {
        assert_eq!(found(&[&first, &row("1", item, test), &row("1", item, test)]), [""; 0], "{item}");
    }
    assert_eq!(found(&[&first]), ["row 1 is missing"]);
    let last = row("1", "`Db`", "tests/ui/db.rs");
    assert_eq!(found(&[&first, &last, &row("2", "`Db`", "tests/ui/db.rs")]), ["there is no row 2"]);
    for item in ["`Db::own`", "`Db::put`", "`hidden`", "`Hook::stop`", "`Kind::Large`"] {
        let expected = format!("row 1: there is no public {item}");
        assert_eq!(found(&[&first, &row("1", item, "tests/ui/db.rs")]), [expected]);
    }
    for test in
        ["tests/behaviours/db.rs::helper", "tests/behaviours/db.rs::it", "tests/ui/other.rs", "a.rs::it_works", ""]
    {
        assert_eq!(found(&[&first, &row("1", "`Db`", test)]), [format!("row 1: there is no test `{test}`")]);
    }
    let no_page = row("1", "`tokio::join!`", "tests/behaviours/db.rs::it_works");
    assert_eq!(found(&[&first, &no_page]), ["row 1: the test of `tokio::join!` is a page of service-core/guide/"]);
    let other_page = row("1", "`std::fs::copy`", "service-core/guide/waits.md");
    assert_eq!(found(&[&first, &other_page]), ["row 1: service-core/guide/waits.md does not contain `copy`"]);
    let no_item = "| 1 | a value | Db | `tests/ui/db.rs` |";
    assert_eq!(found(&[&first, no_item]), ["row 1 has no four cells with an item in backquotes"]);
}
