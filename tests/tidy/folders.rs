//! The folders of service-core: a folder imports only from folders above it in the table, awaits only if the table lets
//! it, and names only the third-party crates that the table lists for it.

use std::collections::BTreeSet;
use std::fs;

use crate::krate::Crate;
use crate::source::{Source, none, root, rust, rust_in};
use crate::third_party::{dependencies, named};

const CORE: &str = "service-core";

/// What the files of a folder may do.
struct Folder {
    name: &'static str,
    may_await: bool,
    /// The third-party crates that they may name.
    crates: &'static [&'static str],
}

const fn folder(name: &'static str, may_await: bool, crates: &'static [&'static str]) -> Folder {
    Folder { name, may_await, crates }
}

const AWAITS: bool = true;
const PURE: bool = false;

/// The folders in the order of imports: a folder may import from itself and from folders above it.
const FOLDERS: [Folder; 16] = [
    folder("base", PURE, &["pin_project_lite"]),
    folder("report", PURE, &[]),
    folder("plan", PURE, &["petgraph"]),
    folder("machine", PURE, &[]),
    folder("events", AWAITS, &["tokio", "tracing"]),
    folder("gate", AWAITS, &["tokio"]),
    folder("shared", AWAITS, &["tokio", "tokio_util"]),
    folder("service", AWAITS, &["tokio", "tokio_util"]),
    folder("lifecycle", AWAITS, &["tokio", "tokio_util"]),
    folder("health", AWAITS, &["tokio"]),
    folder("signals", AWAITS, &["libc", "tokio"]),
    folder("systemd", AWAITS, &["tokio"]),
    folder("registry", AWAITS, &["inventory", "once_cell", "tokio", "tokio_util"]),
    folder("guard", AWAITS, &[]),
    folder("telemetry", PURE, &["tracing_subscriber"]),
    folder("serialize", PURE, &[]),
];

/// The folders that must be deterministic, and the module that generates random numbers.
const DETERMINISTIC: [&str; 2] = ["plan", "machine"];
const RANDOM: [&str; 2] = ["Rng", "rng"];

/// The row for the folder of a file, or the name of the folder if it has no row. `None` for files outside of the folders: the root
/// and the private module.
fn row(path: &str) -> Option<Result<usize, &str>> {
    let (name, _) = path.strip_prefix("service-core/src/")?.split_once('/')?;
    Some(FOLDERS.iter().position(|folder| folder.name == name).ok_or(name))
}

/// The violations of a file against the row of its folder.
fn violations(source: &Source, crates: &[String]) -> Vec<String> {
    let folder = match row(&source.path) {
        None => return Vec::new(),
        Some(Err(unknown)) => return vec![format!("the table has no row for the folder {unknown}")],
        Some(Ok(at)) => &FOLDERS[at],
    };
    let mut found = Vec::new();
    for word in source.words() {
        let at = format!("{}:{}", source.path, word.lines.start());
        if !folder.may_await && (word.text == "await" || word.text == "async") {
            found.push(format!("{at}: {} may not await", folder.name));
        }
        if DETERMINISTIC.contains(&folder.name) && RANDOM.contains(&word.text.as_str()) {
            found.push(format!("{at}: {} may not use random numbers", folder.name));
        }
    }
    for krate in named(source, crates).into_iter().filter(|krate| !folder.crates.contains(krate)) {
        found.push(format!("{}: {} may not use {krate}", source.path, folder.name));
    }
    found
}

/// The imports from a folder further down the table, and the paths that do not name a folder.
fn imports(krate: &Crate) -> Vec<String> {
    let mut found = Vec::new();
    for edge in krate.edges() {
        if let (Some(Ok(from)), Some(Ok(to))) = (row(&edge.from), row(&edge.to))
            && to > from
        {
            let (from, to) = (FOLDERS[from].name, FOLDERS[to].name);
            found.push(format!("{}:{}: {from} imports from {to}: {}", edge.from, edge.line, edge.to));
        }
    }
    for (file, path) in krate.absolute_paths().filter(|(file, _)| row(file).is_some()) {
        let name = path.segments.get(1).map_or("", String::as_str);
        if name != "__private" && !FOLDERS.iter().any(|folder| folder.name == name) {
            found.push(format!("{file}:{}: crate::{name} does not name the folder", path.line));
        }
    }
    found
}

/// The rows of the table in CONTRIBUTING: a folder, whether it may await, and the crates that it may name.
fn documented(page: &str) -> Vec<(&str, bool, Vec<String>)> {
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let cells = |line: &'_ str| -> Vec<String> { line.split('|').map(|cell| cell.trim().to_owned()).collect() };
    let row = |line| {
        let cells = cells(line);
        let name = line.split('`').nth(1).unwrap_or_default();
        let crates = cells[4].split(", ").filter(|it| !it.is_empty()).map(|it| it.replace('-', "_")).collect();
        (name, cells[3] == "yes", crates)
    };
    rows.map(row).collect()
}

#[test]
fn contributing_shows_the_table() {
    let page = fs::read_to_string(root().join("CONTRIBUTING.md")).expect("the page is part of the repository");
    let own =
        |it: &Folder| (it.name, it.may_await, it.crates.iter().map(|&krate| krate.to_owned()).collect::<Vec<_>>());
    assert_eq!(documented(&page), FOLDERS.iter().map(own).collect::<Vec<_>>());
}

#[test]
fn each_folder_names_every_crate_of_its_row() {
    let sources = rust_in(&["service-core/src/"]);
    let mut unused = Vec::new();
    for (at, folder) in FOLDERS.iter().enumerate() {
        for &krate in folder.crates {
            let wanted = [krate.to_owned()];
            let is_named = |source: &Source| row(&source.path) == Some(Ok(at)) && !named(source, &wanted).is_empty();
            if !sources.iter().any(is_named) {
                unused.push(format!("{} names nothing of {krate}", folder.name));
            }
        }
    }
    none(&unused, "Remove the crate from the row.");
}

#[test]
fn each_folder_keeps_to_its_row() {
    let manifest = fs::read_to_string(root().join(CORE).join("Cargo.toml")).expect("service-core has a manifest");
    let crates = dependencies(&manifest);
    let sources = rust_in(&["service-core/src/"]);
    let found: BTreeSet<_> = sources.iter().flat_map(|source| violations(source, &crates)).collect();
    let found: Vec<_> = found.into_iter().collect();
    none(&found, "Move the code to a folder that may do it, or pass the result as a value.");
}

#[test]
fn imports_point_up_the_table() {
    let found = imports(&Crate::read(CORE, &rust()));
    none(&found, "Move the imported item to a folder above both, and name its folder in the path.");
}

#[test]
fn what_a_folder_may_not_do_is_found() {
    let crates = ["petgraph".to_owned(), "tokio".to_owned()];
    let violations = |path: &str, text: &str| {
        violations(&Source::new(&format!("service-core/src/{path}"), text), &crates).into_iter().next()
    };
    assert_eq!(violations("machine/machine.rs", "use std::mem; struct Machine; // await"), None);
    assert_eq!(violations("plan/digraph.rs", "use petgraph::Graph;"), None);
    assert_eq!(violations("lib.rs", "use tokio::sync; async fn f() {}"), None);
    for (path, text, what) in [
        ("machine/machine.rs", "async fn run() {}", "machine.rs:1: machine may not await"),
        ("plan/plan.rs", "\nuse crate::base::rng::Rng;", "plan.rs:2: plan may not use random numbers"),
        ("report/event.rs", "use tokio::time::Instant;", "event.rs: report may not use tokio"),
        ("act/slot.rs", "", "the table has no row for the folder act"),
    ] {
        let found = violations(path, text).unwrap_or_default();
        assert!(found.ends_with(what), "{path}: {found}");
    }
}

#[test]
fn an_import_that_points_down_the_table_is_found() {
    let sources = [
        ("lib.rs", "mod base; mod registry; pub use registry::Registry;"),
        ("base/mod.rs", "mod state; pub use state::State;"),
        ("base/state.rs", "pub struct State; fn f(_: super::super::registry::Registry) {}"),
        ("registry/mod.rs", "mod builder; mod value; pub use value::Registry;"),
        ("registry/value.rs", "use crate::base::State; pub struct Registry(State);"),
        ("registry/builder.rs", "use crate::Registry;"),
    ];
    let sources = sources.map(|(path, text)| Source::new(&format!("service-core/src/{path}"), text));
    assert_eq!(
        imports(&Crate::read(CORE, &sources)),
        [
            "service-core/src/base/state.rs:1: base imports from registry: service-core/src/registry/value.rs",
            "service-core/src/registry/builder.rs:1: crate::Registry does not name the folder",
        ]
    );
}
