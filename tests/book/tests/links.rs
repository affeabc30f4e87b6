//! Links between the pages of the guide. A page links to another page as `[Title]`, and defines the target at its end: a file,
//! for mdBook. In rustdoc, the definitions of `service-core/src/guide.rs` take precedence; their targets are modules.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The title and the text of each page, by file name.
fn pages() -> BTreeMap<String, (String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../service-core/guide");
    let mut pages = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("the guide") {
        let path = entry.expect("a file of the guide").path();
        let text = fs::read_to_string(&path).expect("a page");
        let title = text.lines().next().and_then(|line| line.strip_prefix("# ")).expect("a page begins with its title");
        let file = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
        pages.insert(file, (title.to_owned(), text));
    }
    pages.remove("SUMMARY.md").expect("the table of contents");
    pages
}

#[test]
fn every_link_between_pages_leads_to_the_page_of_that_title() {
    let (pages, mut links) = (pages(), 0);
    for (file, (_, text)) in &pages {
        for (target, (title, _)) in &pages {
            let definition = format!("\n[{title}]: {target}\n");
            let is_defined = text.contains(&definition);
            let is_used = text.replace(&definition, "\n").contains(&format!("[{title}]"));
            assert_eq!(is_used, is_defined, "{file}: `[{title}]` and `{}` need each other", definition.trim());
            links += usize::from(is_used);
        }
        let targets = text.lines().filter_map(|line| line.strip_prefix('[')?.split_once("]: "));
        for (label, target) in targets {
            assert!(pages.get(target).is_some_and(|(title, _)| title == label), "{file}: [{label}]: {target}");
        }
    }
    assert!(links > 0, "no link was found");
}

#[test]
fn every_page_can_be_linked_to_in_rustdoc() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../service-core/src/guide.rs");
    let guide = fs::read_to_string(guide).expect("the module of the guide");
    for (file, (title, _)) in pages() {
        let module = file.trim_end_matches(".md").replace('-', "_");
        let definition = format!("[{title}]: crate::guide::{module}\\n");
        assert!(guide.contains(&definition), "service-core/src/guide.rs does not contain `{definition}`");
    }
}
