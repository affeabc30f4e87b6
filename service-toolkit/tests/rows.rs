//! Each row of `rows.md` names an item that exists and a test that exists.

use std::fs;
use std::path::Path;

/// The text of all files in a folder.
fn text_of(folder: &Path) -> String {
    let entries = fs::read_dir(folder).expect("there are sources").map(|entry| entry.expect("an entry").path());
    entries
        .map(|path| if path.is_dir() { text_of(&path) } else { fs::read_to_string(path).unwrap_or_default() })
        .collect()
}

#[test]
fn each_row_names_an_item_and_a_test_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &Path| fs::read_to_string(path).unwrap_or_default();
    let crates = ["service-toolkit", "service-core", "service-macros"];
    let sources: String = crates.iter().map(|name| text_of(&root.join("..").join(name).join("src"))).collect();
    let table = read(&root.join("rows.md"));
    let rows: Vec<_> = table.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| row")).collect();
    assert!(!rows.is_empty());
    for row in rows {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [number, items, test] = cells[..] else { panic!("three columns: {row}") };
        assert!(number.parse::<u32>().is_ok(), "{row}");
        for item in items.split(", ").flat_map(|item| item.trim_matches('`').split("::")) {
            let words = ["fn", "struct", "enum", "trait", "macro_rules!"];
            let exists = words.iter().any(|word| {
                let declared = format!("{word} {item}");
                sources.match_indices(&declared).any(|(at, _)| {
                    sources[at + declared.len()..].starts_with(|next: char| !next.is_alphanumeric() && next != '_')
                })
            });
            assert!(exists, "there is no {item}: {row}");
        }
        let (file, name) = test.trim_matches('`').split_once("::").expect("`file::test`");
        let tests = read(&root.join(format!("tests/{file}.rs")));
        assert!(tests.contains(&format!("fn {name}(")), "there is no test {test}: {row}");
    }
}
