//! The template states the same versions and the same times as the workspace.

use std::fs;

use crate::source::{none, root};

const UNIT: [&str; 7] =
    ["Type", "NotifyAccess", "TimeoutStartSec", "TimeoutStopSec", "WatchdogSec", "KillMode", "Restart"];
const MANIFEST: [&str; 7] =
    ["terminationGracePeriodSeconds", "seconds", "path", "port", "periodSeconds", "timeoutSeconds", "failureThreshold"];

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The settings with these names, in the order of the file.
fn settings<'a>(text: &'a str, separator: char, names: &[&str]) -> Vec<(&'a str, &'a str)> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
    let pairs = lines.filter_map(|line| line.split_once(separator));
    let trimmed = pairs.map(|(name, value)| (name.trim().trim_start_matches("- "), value.trim()));
    trimmed.filter(|(name, value)| names.contains(name) && !value.is_empty()).collect()
}

/// The first text in quotation marks after this key.
fn quoted<'a>(text: &'a str, key: &str) -> &'a str {
    let after = text.split_once(key).unwrap_or_else(|| panic!("no {key} in {text}")).1;
    after.split('"').nth(1).expect("a text in quotation marks")
}

// `tests/behaviours/deployment.rs` compares the times of the shop with the default budgets.
#[test]
fn the_template_is_deployed_with_the_times_of_the_shop() {
    let mut found = Vec::new();
    for (ours, shop, separator, names) in [
        ("template/deploy/{{project-name}}.service", "docs/deploy/shop.service", '=', &UNIT),
        ("template/deploy/kubernetes.yaml", "docs/deploy/kubernetes.yaml", ':', &MANIFEST),
    ] {
        let (template, expected) = (read(ours), read(shop));
        let (template, expected) = (settings(&template, separator, names), settings(&expected, separator, names));
        assert!(expected.len() >= names.len(), "{shop}: {expected:?}");
        if template != expected {
            found.push(format!("{ours} has {template:?}, and {shop} has {expected:?}"));
        }
    }
    none(&found, "The page \"Deployment\" explains the numbers; change both files.");
}

#[test]
fn the_template_depends_on_this_version_and_its_oldest_compiler() {
    let (workspace, template) = (read("Cargo.toml"), read("template/Cargo.toml"));
    let minor = |version: &str| version.split('.').take(2).collect::<Vec<_>>().join(".");
    let version = minor(quoted(&workspace, "\nversion = "));
    let mut found = Vec::new();
    for krate in ["service-core = { version", "service-http"] {
        if minor(quoted(&template, &format!("\n{krate} = "))) != version {
            found.push(format!("template/Cargo.toml: {krate} is not {version}"));
        }
    }
    if quoted(&template, "\nrust-version") != quoted(&workspace, "\nrust-version") {
        found.push("template/Cargo.toml: another rust-version".to_owned());
    }
    none(&found, "Repeat the version and the rust-version of Cargo.toml.");
}

#[test]
fn another_time_is_found() {
    let settings = |text| settings(text, ':', &MANIFEST);
    assert_eq!(
        settings("  seconds: 5 # until\n  - port: http\n  path:\n  name: x\n"),
        [("seconds", "5"), ("port", "http")]
    );
    assert_ne!(settings("seconds: 5"), settings("seconds: 6"));
    assert_eq!(quoted("a\nversion = \"0.1\"", "\nversion"), "0.1");
}
