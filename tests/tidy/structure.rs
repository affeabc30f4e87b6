//! The structure of each library crate: there is no import cycle between its files, and each type name is defined once.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::krate::{Crate, LIBRARIES};
use crate::source::{Source, none, rust};

/// Type names that a crate may define twice, each with the reason.
const DEFINED_TWICE: [(&str, &str); 0] = [];

/// For each file, the files that it imports from, with the first line.
type Imports = BTreeMap<String, BTreeMap<String, usize>>;

fn imports(krate: &Crate) -> Imports {
    let mut imports = Imports::new();
    for edge in krate.edges() {
        imports.entry(edge.from).or_default().entry(edge.to).or_insert(edge.line);
    }
    imports
}

/// The shortest import cycle through a file: `[a, b, a]`. The search visits only `open` files.
fn cycle_through(file: &str, imports: &Imports, open: &BTreeSet<String>) -> Option<Vec<String>> {
    let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut queue = VecDeque::from([file]);
    while let Some(at) = queue.pop_front() {
        for next in imports.get(at).into_iter().flat_map(BTreeMap::keys) {
            if next == file {
                let mut path = vec![file.to_owned(), at.to_owned()];
                while path.last().is_some_and(|last| last != file) {
                    path.push(came_from[path[path.len() - 1].as_str()].to_owned());
                }
                path.reverse();
                return Some(path);
            }
            if open.contains(next) && !came_from.contains_key(next.as_str()) {
                came_from.insert(next, at);
                queue.push_back(next);
            }
        }
    }
    None
}

/// The import cycles: the number of files in cycles, then a cycle for each of these files.
fn cycles(krate: &Crate) -> Vec<String> {
    let imports = imports(krate);
    let files: BTreeSet<_> = imports.keys().cloned().collect();
    let mut cyclic: Vec<_> = files.iter().filter_map(|file| cycle_through(file, &imports, &files)).collect();
    let mut found = Vec::new();
    cyclic.sort_by_key(Vec::len);
    let mut reported = BTreeSet::new();
    for cycle in cyclic {
        if cycle.iter().all(|file| reported.contains(file)) {
            continue;
        }
        let steps =
            cycle.windows(2).map(|pair| format!("{}:{} imports {}", pair[0], imports[&pair[0]][&pair[1]], pair[1]));
        found.push(steps.collect::<Vec<_>>().join("\n    "));
        reported.extend(cycle);
    }
    found
}

/// The type names that a crate defines more than once, with all locations.
fn defined_twice(krate: &Crate) -> Vec<String> {
    let mut places: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for it in krate.types() {
        places.entry(&it.name).or_default().push(format!("{}:{}", it.file, it.line));
    }
    places.retain(|name, places| places.len() > 1 && !DEFINED_TWICE.iter().any(|(allowed, _)| allowed == name));
    places.into_iter().map(|(name, places)| format!("{name}: {}", places.join(", "))).collect()
}

#[test]
fn no_files_import_each_other() {
    let sources = rust();
    let found: Vec<_> = LIBRARIES.iter().flat_map(|folder| cycles(&Crate::read(folder, &sources))).collect();
    none(&found, "Move the shared item to a third file, or pass it as a value.");
}

#[test]
fn a_type_name_is_defined_once_in_a_crate() {
    let sources = rust();
    let found: Vec<_> = LIBRARIES.iter().flat_map(|folder| defined_twice(&Crate::read(folder, &sources))).collect();
    none(&found, "Give each type a distinctive name.");
}

/// A crate of these files.
fn krate(files: &[(&str, &str)]) -> Crate {
    let source = |(path, text): &(&str, &str)| Source::new(&format!("a/src/{path}"), text);
    Crate::read("a", &files.iter().map(source).collect::<Vec<_>>())
}

#[test]
fn a_cycle_is_found_through_re_exports_and_paths_in_code() {
    let root = ("lib.rs", "mod gate; mod plan; pub use plan::Plan;");
    let folder = ("gate/mod.rs", "mod call; mod permit; pub(crate) use call::Call; pub(crate) use permit::Permit;");
    let call = ("gate/call.rs", "use super::{Permit, self as gate}; pub struct Call(Permit);");
    let permit = ("gate/permit.rs", "pub struct Permit; impl Permit { fn f() -> crate::Plan { crate::Plan::new() } }");
    let plan = ("plan.rs", "use crate::gate; pub struct Plan; fn f(_: gate::Call) {}");
    let found = cycles(&krate(&[root, folder, call, permit, plan]));
    let cycle = [
        "a/src/gate/call.rs:1 imports a/src/gate/permit.rs",
        "a/src/gate/permit.rs:1 imports a/src/plan.rs",
        "a/src/plan.rs:1 imports a/src/gate/call.rs",
    ];
    assert_eq!(found, [cycle.join("\n    ")]);
}

#[test]
fn tests_and_other_crates_are_in_no_cycle() {
    let root = ("lib.rs", "mod one; mod two; #[cfg(test)] mod sample;");
    let one = ("one.rs", "use tokio::two::Two; pub struct One; fn f(_: ::two::Two) {}");
    let two = ("two.rs", "use crate::one::One; pub struct Two;");
    let sample = ("sample.rs", "pub struct One; pub struct Two;");
    let one = (one.0, &*format!("{} #[cfg(test)] mod tests {{ use crate::two::Two; struct Two; }}", one.1));
    let krate = krate(&[root, one, two, sample]);
    assert_eq!(cycles(&krate), [""; 0]);
    assert_eq!(defined_twice(&krate), [""; 0]);
}

#[test]
fn a_type_that_is_defined_twice_is_found() {
    let root = ("lib.rs", "mod one;\nmod two;\npub type State = u8;");
    let one = ("one.rs", "\nenum State {}\nimpl Iterator for A { type Item = u8; }");
    let two = ("two.rs", "pin_project! { pub struct State<T> { a: T } }\nfn f() {}\nstruct Item;");
    let found = defined_twice(&krate(&[root, one, two]));
    assert_eq!(found, ["State: a/src/lib.rs:3, a/src/one.rs:2, a/src/two.rs:1"]);
}
