//! The outputs that the guide and the README show. A block marked `text output` contains the output of the preceding program, and
//! one marked `text graph` its output with `SERVICE_GRAPH=text`. A block marked
//! `text ui/…` contains the error that rustc prints for that case of `tests/ui`. Times are not compared, because they differ
//! between runs. `UPDATE=1 cargo test -p book --test outputs` rewrites the blocks. A block that contains a test is also compiled
//! and run as a test, because rustdoc builds an example without its tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A code block of a page: its info string and its range of lines.
struct Block {
    info: String,
    lines: std::ops::Range<usize>,
}

/// A block that shows an output, and the current output.
struct Output {
    page: PathBuf,
    block: Block,
    printed: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn pages() -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("service-core/guide")).expect("the guide");
    let mut pages: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    pages.retain(|page| page.extension().is_some_and(|it| it == "md"));
    pages.push(root().join("README.md"));
    pages.sort();
    pages
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, usize)> = None;
    for (at, line) in text.lines().enumerate() {
        let Some(info) = line.strip_prefix("```") else { continue };
        open = match open {
            None => Some((info.to_owned(), at + 1)),
            Some((info, from)) => {
                blocks.push(Block { info, lines: from..at });
                None
            }
        };
    }
    blocks
}

fn inside(text: &str, block: &Block) -> String {
    let lines = text.lines().skip(block.lines.start).take(block.lines.len());
    lines.map(|line| format!("{line}\n")).collect()
}

/// A program of a page: its name, its source, and whether it prints its graph.
struct Program {
    name: String,
    source: String,
    prints_graph: bool,
}

/// Compiles these programs and tests in a package of their own, runs them, and returns what each program prints.
fn run(programs: &[Program], tests: &[String]) -> Vec<String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("book");
    for kind in ["src/bin", "tests"] {
        let _ = fs::remove_dir_all(folder.join(kind)); // the folder may not exist yet
        fs::create_dir_all(folder.join(kind)).expect("a folder for the programs");
    }
    let (core, http) = (root().join("service-core"), root().join("service-http"));
    let manifest = format!(
        "[package]\nname = \"pages\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
         [dependencies]\nservice-core = {{ path = {core:?}, features = [\"test-util\"] }}\n\
         service-http = {{ path = {http:?} }}\n\
         tokio = {{ version = \"1\", default-features = false, features = [\"macros\", \"rt-multi-thread\", \"time\"] }}\n\
         tower = {{ version = \"0.5\", features = [\"util\"] }}\n\
         [workspace]\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest).expect("its manifest");
    // The same versions as in the workspace, so that cargo downloads nothing.
    fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).expect("the lock file");
    for Program { name, source, .. } in programs {
        fs::write(folder.join("src/bin").join(name).with_extension("rs"), source).expect("a program");
    }
    for (at, source) in tests.iter().enumerate() {
        fs::write(folder.join(format!("tests/page_{at}.rs")), source).expect("a test");
    }
    // Shared with the other tests that call cargo, so that service-core is built once.
    let target = folder.with_file_name("nested");
    for arguments in [&["build", "--quiet", "--offline", "--bins"][..], &["test", "--quiet", "--offline", "--tests"]] {
        let mut cargo = Command::new(env!("CARGO"));
        let cargo =
            cargo.args(arguments).current_dir(&folder).env("CARGO_TARGET_DIR", &target).output().expect("cargo runs");
        let output = [cargo.stdout, cargo.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        assert!(cargo.status.success(), "cargo {}:\n{output}", arguments.join(" "));
    }
    let output = |Program { name, prints_graph, .. }: &Program| {
        let program = target.join("debug").join(name).with_extension(std::env::consts::EXE_EXTENSION);
        let mut program = Command::new(program);
        program.env_remove("SERVICE_GRAPH").envs(prints_graph.then_some(("SERVICE_GRAPH", "text")));
        let output = program.output().expect("the program runs");
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text").replace(&format!("src/bin/{name}.rs"), "src/main.rs")
    };
    programs.iter().map(output).collect()
}

/// The blocks of all pages that show the output of a program.
fn outputs() -> Vec<Output> {
    let mut programs = Vec::new();
    let mut tests = Vec::new();
    let mut shown = Vec::new();
    for page in pages() {
        let text = fs::read_to_string(&page).expect("a page");
        let mut program = None;
        for block in blocks(&text) {
            if block.info.starts_with("rust") {
                let source = inside(&text, &block);
                if source.contains("#[service_core::test") {
                    tests.push(source.clone());
                }
                program = Some(source);
            } else if ["text output", "text graph"].contains(&&*block.info) {
                let stem = page.file_stem().unwrap_or_default().to_string_lossy().replace('-', "_");
                let name = format!("{stem}_{}", programs.len());
                let source = program.take().expect("an output follows a program");
                programs.push(Program { name, source, prints_graph: block.info == "text graph" });
                shown.push(Output { page: page.clone(), block, printed: String::new() });
            }
        }
    }
    assert!(shown.len() >= 8 && !tests.is_empty(), "the guide was not found");
    for (shown, printed) in shown.iter_mut().zip(run(&programs, &tests)) {
        shown.printed = printed.trim_end().lines().map(|line| format!("{}\n", line.trim_end())).collect();
    }
    shown
}

/// The blocks that show a compile error, without its notes about bounds in service-core.
fn errors() -> Vec<Output> {
    let mut shown = Vec::new();
    for page in pages() {
        let text = fs::read_to_string(&page).expect("a page");
        for block in blocks(&text).into_iter().filter(|block| block.info.starts_with("text ui/")) {
            let case = block.info.trim_start_matches("text ").to_owned();
            let snapshot = fs::read_to_string(root().join("tests").join(&case).with_extension("stderr"));
            let snapshot = snapshot.unwrap_or_else(|error| panic!("{case}: {error}"));
            let lines: Vec<_> = snapshot.lines().take_while(|line| !line.starts_with("note: required by")).collect();
            let text = lines.join("\n").replace(&format!("$DIR/{case}.rs"), "src/main.rs");
            let printed = text.replace(&format!("{case}.rs"), "src/main.rs") + "\n";
            shown.push(Output { page: page.clone(), block, printed });
        }
    }
    shown
}

/// Writes the current outputs into the pages. It starts with the last block, so that the line numbers of the others stay valid.
fn update(shown: &[Output]) {
    for Output { page, block, printed } in shown.iter().rev() {
        let text = fs::read_to_string(page).expect("a page");
        if timeless(&inside(&text, block)) == timeless(printed) {
            continue;
        }
        let mut lines: Vec<_> = text.lines().collect();
        lines.splice(block.lines.clone(), printed.lines());
        fs::write(page, lines.join("\n") + "\n").expect("the page is written");
    }
}

fn compare(shown: &[Output]) {
    if std::env::var_os("UPDATE").is_some() {
        return update(shown);
    }
    for Output { page, block, printed } in shown {
        let text = fs::read_to_string(page).expect("a page");
        let (written, printed) = (inside(&text, block), printed.as_str());
        let place = format!("{}:{}", page.display(), block.lines.start);
        assert_eq!(timeless(&written), timeless(printed), "{place} shows\n{written}\nbut the output is\n{printed}");
    }
}

/// The text with `…` for each duration, and with single spaces.
fn timeless(text: &str) -> String {
    let lines = text.lines().map(|line| line.split_whitespace().map(timeless_word).collect::<Vec<_>>().join(" "));
    lines.collect::<Vec<_>>().join("\n")
}

fn timeless_word(word: &str) -> String {
    let digits = |it: char| it.is_ascii_digit() || it == '.';
    let Some(from) = word.find(|it: char| it.is_ascii_digit()) else { return word.to_owned() };
    let rest = word[from..].trim_start_matches(digits);
    match ["ns", "µs", "ms", "s"].iter().find_map(|unit| rest.strip_prefix(unit)) {
        Some(after) if !after.starts_with(char::is_alphanumeric) => format!("{}…{after}", &word[..from]),
        _ => word.to_owned(),
    }
}

// One test, because both parts write to the same pages.
#[test]
fn the_book_shows_the_output_of_its_programs() {
    compare(&errors());
    compare(&outputs());
}

#[test]
fn a_comparison_ignores_only_times() {
    assert_eq!(timeless("own 1.5ms,  waited 12µs\n2s"), "own …, waited …\n…");
    assert_eq!(timeless("main.rs:12 v1.2 3 of 4 10.0.0.1 5st"), "main.rs:12 v1.2 3 of 4 10.0.0.1 5st");
    let found = blocks("a\n```rust\nb\n```\n```text output\n```\n");
    assert_eq!((found.len(), found[0].lines.clone(), found[1].lines.clone()), (2, 2..3, 5..5));
}
