//! The repository contains no unfinished work, and no paths outside of it.

use crate::source::{Source, all, none, rust};

/// Macros and attributes that mark unfinished work.
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

/// Examples that are not compiled: blocks marked `ignore`.
fn ignored_examples(source: &Source) -> Vec<String> {
    let is_ignored = |line: &str| {
        line.split_once("```").is_some_and(|(_, info)| info.split(',').any(|word| word.trim() == "ignore"))
    };
    let lines = source.text.lines().enumerate().filter(|(_, line)| is_ignored(line));
    lines.map(|(at, _)| format!("{}:{}: an example that is not compiled", source.path, at + 1)).collect()
}

/// Folders of one machine, and hosts of package registries. Each is split, so that this file does not contain it.
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
        // A route or a relative path may contain one of these words; only the beginning of a path is a folder.
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
    none(&found, "Finish the work, or open an issue and remove the marker.");
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
    // The lock file names the registry in every entry.
    let found: Vec<_> = all().iter().filter(|source| !source.path.ends_with("Cargo.lock")).flat_map(outside).collect();
    none(&found, "Use paths from the root of the repository, and do not name registries.");
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
