//! [`Regression`]: a recorded scenario that once violated a rule.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::Scenario;

/// A recorded scenario that once violated a rule: a file of the folder `regressions`. The file holds the scenario and
/// not its seed, so a change of the generator does not change it.
#[derive(Debug, Deserialize)]
pub struct Regression {
    /// What the scenario revealed.
    pub found: String,
    /// The scenario.
    pub scenario: Scenario,
}

/// The recorded regressions, by the name of their file.
///
/// # Panics
/// If there is no such folder, or a file does not hold a regression.
pub fn regressions() -> Vec<(String, Regression)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions");
    let entries = fs::read_dir(folder).expect("there is a folder of regressions");
    let mut regressions: Vec<_> = entries
        .map(|entry| {
            let path = entry.expect("a file").path();
            let text = fs::read_to_string(&path).expect("a text file");
            let regression = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            (path.file_stem().unwrap_or_default().to_string_lossy().into_owned(), regression)
        })
        .collect();
    regressions.sort_by(|(one, _), (other, _)| one.cmp(other));
    regressions
}
