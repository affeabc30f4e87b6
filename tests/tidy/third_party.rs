//! Each third-party crate is named in only one file. `folders` checks which folder may name it.

use std::collections::BTreeMap;
use std::fs;

use crate::source::{Source, none, root, rust_in};

/// The runtime, which every folder that awaits may name.
const RUNTIME: [&str; 2] = ["tokio", "tokio_util"];

/// The dependencies of a manifest, as code names them.
pub(crate) fn dependencies(manifest: &str) -> Vec<String> {
    let mut dependencies = Vec::new();
    let mut inside = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.ends_with("dependencies]") && !line.contains("dev-");
        } else if inside && let Some(name) = line.split(['.', ' ', '=']).next().filter(|name| !name.is_empty()) {
            dependencies.push(name.replace('-', "_"));
        }
    }
    dependencies.retain(|name| !name.starts_with('#') && name != "service_macros");
    dependencies
}

/// The crates that a file names: as the first segment of a path, or alone in a `use`.
pub(crate) fn named<'a>(source: &Source, crates: &'a [String]) -> Vec<&'a str> {
    let words = source.words();
    let text = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
    let mut named = Vec::new();
    for at in 0..words.len() {
        let Some(krate) = crates.iter().find(|krate| **krate == text(at)) else { continue };
        let is_head = at < 2 || text(at - 1) != ":" && text(at - 1) != ".";
        let leads_on = text(at + 1) == ":" && text(at + 2) == ":";
        let is_used = at > 0 && text(at - 1) == "use"
            || at > 1 && text(at - 1) == ":" && text(at - 2) == ":" && leads_on && at > 2 && text(at - 3) == "use";
        if (is_head && leads_on || is_used) && !named.contains(&krate.as_str()) {
            named.push(krate.as_str());
        }
    }
    named
}

/// The crates that several files name. Any file in a folder that awaits may name the runtime.
fn violations(sources: &[Source], crates: &[String]) -> Vec<String> {
    let mut files: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for source in sources {
        for krate in named(source, crates).into_iter().filter(|krate| !RUNTIME.contains(krate)) {
            files.entry(krate).or_default().push(&source.path);
        }
    }
    let several = files.into_iter().filter(|(_, files)| files.len() > 1);
    several.map(|(krate, files)| format!("{krate} is named in {} files: {}", files.len(), files.join(", "))).collect()
}

fn crates() -> Vec<String> {
    let manifest = fs::read_to_string(root().join("service-core/Cargo.toml")).expect("service-core has a manifest");
    dependencies(&manifest)
}

#[test]
fn each_third_party_crate_is_named_in_one_file() {
    let found = violations(&rust_in(&["service-core/src/"]), &crates());
    none(&found, "Use the crate in one file only, and the types of that file elsewhere.");
}

#[test]
fn every_dependency_is_named_somewhere() {
    let sources = rust_in(&["service-core/src/"]);
    let crates = crates();
    assert!(crates.len() >= 8, "the manifest was not understood: {crates:?}");
    let unused = |krate: &&String| !sources.iter().any(|source| !named(source, std::slice::from_ref(krate)).is_empty());
    let found: Vec<_> = crates.iter().filter(unused).map(|krate| format!("{krate} is named in no file")).collect();
    none(&found, "Remove it from service-core/Cargo.toml.");
}

#[test]
fn a_crate_in_two_files_is_found() {
    let crates = dependencies(
        "[dependencies]\ninventory.workspace = true\n# why\ntokio-util = \"1\"\n[dev-dependencies]\nrand = \"1\"\n",
    );
    assert_eq!(crates, ["inventory", "tokio_util"]);
    let at = |path: &str, text: &str| Source::new(&format!("service-core/src/{path}"), text);
    let two = [at("registry/a.rs", "inventory::collect!(A);"), at("private.rs", "pub use inventory;")];
    assert_eq!(violations(&two, &crates).len(), 1);
    let runtime =
        [at("core/a.rs", "use tokio_util::sync::CancellationToken;"), at("service/b.rs", "use tokio_util::x;")];
    assert!(violations(&runtime, &crates).is_empty());
    let not = [
        at("registry/a.rs", "use inventory::x; fn f() { self.inventory::<A>() }"),
        at("core/b.rs", "struct A { inventory: u8 }"),
    ];
    assert!(violations(&not, &crates).is_empty());
}
