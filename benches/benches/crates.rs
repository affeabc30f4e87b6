//! The number of crates that `service-core` depends on, and the number that each direct dependency adds, according to
//! `cargo tree` for the default features and the target of this machine. `.ci/run` checks the limit.

use std::collections::BTreeSet;
use std::error::Error;
use std::process::Command;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let all = tree("service-core", "1000")?;
    let theirs = all.iter().filter(|name| !name.starts_with("service-")).count();
    println!("service-core with its default features: {theirs} third-party crates, {} with our own two", all.len());
    println!("its direct dependencies, with the number of crates in each tree, including the root:");
    let named = tree("service-core", "1")?;
    let mut weights = Vec::new();
    for name in named.iter().filter(|name| !name.starts_with("service-core@")) {
        weights.push((tree(name, "1000")?.len(), name));
    }
    weights.sort();
    for (crates, name) in weights.iter().rev() {
        println!("  {crates:3}  {name}");
    }
    Ok(())
}

/// The crates in the dependency tree of a package, including the package, as `name@version`.
fn tree(package: &str, depth: &str) -> Result<BTreeSet<String>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["tree", "--edges", "normal,build", "--prefix", "none", "--package", package, "--depth", depth];
    let output = Command::new(cargo).args(arguments).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let line = |line: &str| {
        let mut words = line.split(' ');
        Some(format!("{}@{}", words.next()?, words.next()?.strip_prefix('v')?))
    };
    Ok(String::from_utf8(output.stdout)?.lines().filter_map(line).collect())
}
