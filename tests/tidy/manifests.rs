//! Facts that are stated in several files agree: the oldest compiler, the licences, the version.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::source::{all, none, root};

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The value of the first `key = "value"`.
fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let line = text.lines().find(|line| line.starts_with(key) && line[key.len()..].trim_start().starts_with('='))?;
    line.split('"').nth(1)
}

#[test]
fn every_page_states_the_same_oldest_compiler() {
    let manifest = read("Cargo.toml");
    let msrv = value(&manifest, "rust-version").expect("Cargo.toml states a rust-version");
    let mut found = Vec::new();
    for path in ["README.md", "service-core/README.md"] {
        if !read(path).contains(&format!("Rust {msrv}")) {
            found.push(format!("{path} does not say `Rust {msrv}`"));
        }
    }
    none(&found, "Repeat the rust-version of Cargo.toml.");
}

/// A version as numbers, so that 1.9 is before 1.10.
fn version(text: &str) -> Vec<u32> {
    text.split('.').map_while(|part| part.parse().ok()).collect()
}

/// The target of this machine.
fn host() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("-vV").output().expect("rustc runs");
    let said = String::from_utf8(output.stdout).expect("text");
    said.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc knows its host").to_owned()
}

/// Every crate in the dependency tree of a published crate on this target, with its rust-version.
fn built_from(published: &str) -> BTreeMap<String, Option<String>> {
    // Only for this target: crates for other targets may not be downloaded, and a test must not download.
    let arguments = ["metadata", "--format-version", "1", "--offline", "--all-features", "--filter-platform", &host()];
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(root()).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo speaks JSON");
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let packages: BTreeMap<String, Value> =
        list(&metadata["packages"]).into_iter().map(|package| (package["id"].to_string(), package)).collect();
    let nodes: BTreeMap<String, Value> =
        list(&metadata["resolve"]["nodes"]).into_iter().map(|node| (node["id"].to_string(), node)).collect();
    let mut open: Vec<_> =
        packages.iter().filter(|(_, it)| it["name"] == published).map(|(id, _)| id.clone()).collect();
    assert_eq!(open.len(), 1, "{published} was not found");
    let mut found = BTreeMap::new();
    while let Some(id) = open.pop() {
        let package = &packages[&id];
        let name = format!("{} {}", package["name"], package["version"]).replace('"', "");
        if found.insert(name, package["rust_version"].as_str().map(str::to_owned)).is_some() {
            continue;
        }
        // Without dev-dependencies, which users do not build.
        let is_built = |it: &&Value| list(&it["dep_kinds"]).iter().any(|kind| kind["kind"] != "dev");
        open.extend(list(&nodes[&id]["deps"]).iter().filter(is_built).map(|it| it["pkg"].to_string()));
    }
    found
}

#[test]
fn no_dependency_asks_for_a_newer_compiler() {
    let manifest = read("Cargo.toml");
    let msrv = value(&manifest, "rust-version").expect("Cargo.toml states a rust-version");
    let mut found = Vec::new();
    for published in ["service-core", "service-macros", "service-http"] {
        for (name, asks) in built_from(published) {
            if let Some(asks) = asks.filter(|asks| version(asks) > version(msrv)) {
                found.push(format!("{published} is built from {name}, which asks for Rust {asks}; ours is {msrv}"));
            }
        }
    }
    none(&found, "Take an older version of it, or raise rust-version in Cargo.toml and tell users in CHANGELOG.md.");
}

#[test]
fn the_changelog_has_a_section_for_the_version() {
    let manifest = read("Cargo.toml");
    let version = value(&manifest, "version").expect("Cargo.toml states a version");
    let changelog = read("CHANGELOG.md");
    let known = changelog.lines().any(|line| line.starts_with(&format!("## [{version}]")));
    assert!(known, "CHANGELOG.md has no section `## [{version}]`; describe the changes for users there");
}

fn is_published(manifest: &str) -> bool {
    !manifest.contains("publish = false")
}

#[test]
fn published_crates_have_a_readme_and_are_documented_with_all_features() {
    let mut found = Vec::new();
    let mut crates = 0;
    let members = read("Cargo.toml");
    let members = members.lines().find(|line| line.starts_with("members")).expect("Cargo.toml lists its members");
    for member in members.split('"').skip(1).step_by(2) {
        let manifest = read(&format!("{member}/Cargo.toml"));
        if !is_published(&manifest) {
            continue;
        }
        crates += 1;
        for needed in ["description = ", "readme = \"README.md\"", "[package.metadata.docs.rs]\nall-features = true"] {
            if !manifest.contains(needed) {
                found.push(format!("{member}/Cargo.toml: no {}", needed.replace('\n', " ")));
            }
        }
        if !root().join(member).join("README.md").is_file() {
            found.push(format!("{member}: no README.md"));
        }
    }
    assert!(crates >= 4, "the published crates were not found");
    none(&found, "Users see the README and the documentation before they see the code.");
}

#[test]
fn published_crates_have_the_licences_and_the_workspace_lints() {
    let mut found = Vec::new();
    // A project that is made of the template is not part of the workspace.
    let apart = ["tests/ui", "template/"];
    for source in all().iter().filter(|source| {
        source.path.ends_with("/Cargo.toml") && !apart.iter().any(|folder| source.path.starts_with(folder))
    }) {
        if is_published(&source.text) && !source.text.contains("license.workspace = true") {
            found.push(format!("{}: no licence", source.path));
        }
        if !source.text.contains("[lints]\nworkspace = true") {
            found.push(format!("{}: does not use the lints of the workspace", source.path));
        }
    }
    none(&found, "Write `license.workspace = true`, and `workspace = true` under `[lints]`.");
    assert!(read("LICENSE-MIT").contains("Permission is hereby granted"));
    assert!(read("LICENSE-APACHE").contains("Version 2.0, January 2004"));
}

#[test]
fn published_crates_include_no_files_from_outside_their_package() {
    let escapes = |text: &str| text.contains("include_str!(\"../../") || text.contains("include_bytes!(\"../../");
    let published = |path: &str| {
        ["service-core/src/", "service-macros/src/", "service-http/src/"].iter().any(|folder| path.starts_with(folder))
    };
    let sources = all();
    // `../README.md` in `src/lib.rs` is part of the package; `../../` is not, unless the file is in a deeper folder.
    let found: Vec<_> = sources
        .iter()
        .filter(|it| published(&it.path) && it.path.matches('/').count() == 2 && escapes(&it.text))
        .map(|it| it.path.clone())
        .collect();
    none(&found, "`cargo package` does not include that file; compile the text from the `tests` package instead.");
    assert!(escapes("#![doc = include_str!(\"../../docs/linking.md\")]"));
}

#[test]
fn every_page_of_the_book_is_listed_and_compiled() {
    let (folder, sources) = ("service-core/guide/", all());
    let (summary, book) = (read("service-core/guide/SUMMARY.md"), read("tests/book/lib.rs"));
    let guide = read("service-core/src/guide.rs");
    let mut found = Vec::new();
    let pages = sources.iter().filter(|it| it.path.starts_with(folder) && it.path.ends_with(".md"));
    for source in pages.filter(|it| !it.path.ends_with("/SUMMARY.md")) {
        let page = source.path.trim_start_matches(folder);
        if !summary.contains(&format!("({page})")) {
            found.push(format!("{}: not in SUMMARY.md", source.path));
        }
        if !guide.contains(&format!("= \"{page}\"")) {
            found.push(format!("{}: not in service-core/src/guide.rs", source.path));
        }
        if source.text.contains("```rust") && !book.contains(&format!("guide/{page}\"")) {
            found.push(format!("{}: not compiled by tests/book/lib.rs", source.path));
        }
    }
    assert!(summary.contains(".md)"), "the guide was not found");
    none(&found, "List the page there; a page with Rust code also belongs in tests/book/lib.rs.");
}

#[test]
fn values_are_read_from_manifests() {
    assert_eq!(value("rust-version = \"1.88\"\n", "rust-version"), Some("1.88"));
    assert_eq!(value("rust = \"1\"\nversion = \"2\"", "version"), Some("2"));
    assert_eq!(value("version.workspace = true", "version"), None);
    assert!(version("1.9") < version("1.88.0") && version("1.88") < version("1.88.1"));
    assert!(built_from("service-core").keys().any(|name| name.starts_with("syn ")));
}
