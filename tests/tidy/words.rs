//! Words that do not belong in the repository: work left undone, and names of places outside of it.

use crate::source::{Source, all, none, rust};

/// Work that was put off, as macros and attributes.
fn undone(source: &Source) -> Vec<String> {
    let words = source.words();
    let mut found = Vec::new();
    for pair in words.windows(2) {
        let (word, next) = (&pair[0], &pair[1]);
        let is_macro = ["todo", "unimplemented", "dbg"].contains(&word.text.as_str()) && next.text == "!";
        let is_ignored = word.text == "[" && next.text == "ignore";
        if is_macro || is_ignored {
            let what = if is_macro { format!("{}!", word.text) } else { "#[ignore]".to_owned() };
            found.push(format!("{}:{}: {what}", source.path, next.lines.start()));
        }
    }
    found
}

/// Examples that nobody compiles: a fence that says `ignore`, in any text file.
fn ignored_examples(source: &Source) -> Vec<String> {
    let is_ignored = |line: &str| {
        line.split_once("```").is_some_and(|(_, info)| info.split(',').any(|word| word.trim() == "ignore"))
    };
    let lines = source.text.lines().enumerate().filter(|(_, line)| is_ignored(line));
    lines.map(|(at, _)| format!("{}:{}: an example that nobody compiles", source.path, at + 1)).collect()
}

/// Folders of one machine, and hosts that serve packages. Written in pieces, so that this file is clean itself.
const OUTSIDE: [&str; 7] = [
    concat!("/", "work/"),
    concat!("/", "root/"),
    concat!("/", "home/"),
    concat!("/", "Users/"),
    concat!("crates", ".io"),
    concat!("npm", "js"),
    concat!("py", "pi.org"),
];

fn outside(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    for (at, line) in source.text.lines().enumerate() {
        // A route or a relative path may well contain one of these words; a folder begins where a path does.
        let names = |place: &&&str| {
            line.match_indices(**place).any(|(at, _)| {
                let before = line[..at].chars().next_back();
                !place.starts_with('/')
                    || before.is_none_or(|before| !before.is_alphanumeric() && !"./_-})*".contains(before))
            })
        };
        found.extend(OUTSIDE.iter().filter(names).map(|place| format!("{}:{}: {place}", source.path, at + 1)));
    }
    found
}

#[test]
fn the_code_contains_no_unfinished_work() {
    let found: Vec<_> = rust().iter().flat_map(undone).collect();
    none(&found, "Do it, or open an issue and take the marker out; a test that cannot run yet does not exist yet.");
}

#[test]
fn every_example_is_compiled() {
    let in_prose = |source: &&Source| source.path.ends_with(".rs") || source.path.ends_with(".md");
    let found: Vec<_> = all().iter().filter(in_prose).flat_map(ignored_examples).collect();
    none(
        &found,
        "Compile it: `no_run` if it must not run, `compile_fail` if it must not compile, `text` if it is no Rust.",
    );
}

#[test]
fn no_file_names_a_path_outside_of_the_repository() {
    // The lock file names the registry in every entry; that is cargo's own way.
    let found: Vec<_> = all().iter().filter(|source| !source.path.ends_with("Cargo.lock")).flat_map(outside).collect();
    none(&found, "Use a path from the root of the repository, and leave registries to cargo.");
}

#[test]
fn unfinished_work_and_paths_outside_are_found() {
    let todo = Source::new("a.rs", "// todo!()\n#[test]\n#[ignore = \"slow\"]\nfn f() { let s = \"dbg!\"; todo!() }");
    assert_eq!(undone(&todo), ["a.rs:3: #[ignore]", "a.rs:4: todo!"]);
    let fence = Source::new("a.md", concat!("```rust,", "ignore\n```\n```no_run\n"));
    assert_eq!(ignored_examples(&fence).len(), 1);
    for (text, is_outside) in [
        (concat!("see /", "root/x"), true),
        (concat!("`/", "home/me`"), true),
        (concat!("the index of crates", ".io"), true),
        (concat!("GET /products/", "{id}/", "work/"), false),
        ("docs/home/x", false),
    ] {
        assert_eq!(!outside(&Source::new("a.md", text)).is_empty(), is_outside, "{text}");
    }
}
