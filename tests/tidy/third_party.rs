//! One third-party crate, one file; tokio only where something awaits; facts and decisions on `std` alone.

use std::collections::BTreeMap;
use std::fs;

use crate::source::{Source, none, root, rust_in};

/// Our own, and the runtime: named wherever something awaits.
const RUNTIME: [&str; 2] = ["tokio", "tokio_util"];

/// The crates that a manifest depends on, as they are named in code.
fn dependencies(manifest: &str) -> Vec<String> {
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

/// Which of these crates a file names: as the head of a path, or by itself in a `use`.
fn named<'a>(source: &Source, crates: &'a [String]) -> Vec<&'a str> {
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

fn violations(sources: &[Source], crates: &[String]) -> Vec<String> {
    let mut files: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut found = Vec::new();
    for source in sources {
        let floor = source.path.trim_start_matches("service-core/src/").split('/').next().unwrap_or_default();
        for krate in named(source, crates) {
            let is_runtime = RUNTIME.contains(&krate);
            match floor {
                "fact" | "decision" => found.push(format!("{} names {krate}: that floor is `std` alone", source.path)),
                _ if is_runtime && floor == "mechanism" => {
                    found.push(format!("{} names {krate}: mechanisms do not await", source.path));
                }
                _ => {}
            }
            if !is_runtime {
                files.entry(krate).or_default().push(&source.path);
            }
        }
    }
    for (krate, files) in files {
        if files.len() > 1 {
            found.push(format!("{krate} is named in {} files: {}", files.len(), files.join(", ")));
        }
    }
    found
}

fn crates() -> Vec<String> {
    let manifest = fs::read_to_string(root().join("service-core/Cargo.toml")).expect("service-core has a manifest");
    dependencies(&manifest)
}

#[test]
fn each_third_party_crate_is_named_in_one_file() {
    let found = violations(&rust_in(&["service-core/src/"]), &crates());
    none(&found, "Wrap the crate in the one file that knows it, and use that file's own words elsewhere.");
}

#[test]
fn every_dependency_is_named_somewhere() {
    let sources = rust_in(&["service-core/src/"]);
    let crates = crates();
    assert!(crates.len() >= 8, "the manifest was not understood: {crates:?}");
    let unused = |krate: &&String| !sources.iter().any(|source| !named(source, std::slice::from_ref(krate)).is_empty());
    let found: Vec<_> = crates.iter().filter(unused).map(|krate| format!("{krate} is named in no file")).collect();
    none(&found, "Take it out of service-core/Cargo.toml.");
}

#[test]
fn a_crate_in_two_files_is_found() {
    let crates = dependencies(
        "[dependencies]\ninventory.workspace = true\n# why\ntokio-util = \"1\"\n[dev-dependencies]\nrand = \"1\"\n",
    );
    assert_eq!(crates, ["inventory", "tokio_util"]);
    let at = |path: &str, text: &str| Source::new(&format!("service-core/src/{path}"), text);
    let two = [at("face/a.rs", "inventory::collect!(A);"), at("private.rs", "pub use inventory;")];
    assert_eq!(violations(&two, &crates).len(), 1);
    let low = [at("fact/a.rs", "use tokio_util::sync::CancellationToken;"), at("mechanism/b.rs", "use tokio_util::x;")];
    assert_eq!(violations(&low, &crates).len(), 2);
    let not = [
        at("face/a.rs", "use inventory::x; fn f() { self.inventory::<A>() }"),
        at("act/b.rs", "struct A { inventory: u8 }"),
    ];
    assert!(violations(&not, &crates).is_empty());
}
