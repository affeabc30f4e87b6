//! CONTRIBUTING follows a boot, a guarded call and a shutdown through the code: every file and function that it names
//! exists. A step names a file, then functions in it, all in backquotes on one line:
//! `` `service-core/src/lifecycle/driver.rs`: `Driver::run` ``.

use crate::source::{Source, all, none};

const PAGE: &str = "CONTRIBUTING.md";

/// A boot, a guarded call and a shutdown have at least this many steps together.
const LEAST: usize = 12;

/// A file and a function in it, as a line names them.
#[derive(Debug, PartialEq)]
struct Step<'a> {
    line: usize,
    file: &'a str,
    /// `run`, or `Driver::run`.
    function: &'a str,
}

/// The steps of a page: each function in backquotes that follows a Rust file in backquotes on its line.
fn steps(page: &str) -> Vec<Step<'_>> {
    let is_function = |span: &str| {
        span.chars().all(|it| it.is_alphanumeric() || it == '_' || it == ':') && span.starts_with(char::is_alphabetic)
    };
    let mut steps = Vec::new();
    for (at, line) in page.lines().enumerate() {
        let mut file = None;
        for span in line.split('`').skip(1).step_by(2) {
            match file {
                _ if span.ends_with(".rs") => file = Some(span),
                Some(file) if is_function(span) => steps.push(Step { line: at + 1, file, function: span }),
                _ => {}
            }
        }
    }
    steps
}

/// Describes the file or function of a step that does not exist.
fn missing(step: &Step, sources: &[Source]) -> Option<String> {
    let Step { line, file, function } = step;
    let Some(source) = sources.iter().find(|source| source.path == *file) else {
        return Some(format!("{PAGE}:{line}: there is no file {file}"));
    };
    let words = source.words();
    let follows = |first: &str, then: &str| words.windows(2).any(|pair| pair[0].text == first && pair[1].text == then);
    let (owner, name) = match function.rsplit_once("::") {
        Some((owner, name)) => (Some(owner), name),
        None => (None, *function),
    };
    if !follows("fn", name) {
        return Some(format!("{PAGE}:{line}: {file} has no function {name}"));
    }
    // The function must be in `impl Driver`, `impl<T> Driver<T>`, `impl Future for Driver` or `trait Driver`.
    let is_owner = |owner: &str| {
        let precedes = |at: usize| ["impl", "for", "trait", ">"].contains(&words[at].text.as_str());
        (1..words.len()).any(|at| words[at].text == owner && precedes(at - 1))
    };
    let owner = owner.filter(|owner| !is_owner(owner))?;
    Some(format!("{PAGE}:{line}: {file} implements nothing for {owner}"))
}

#[test]
fn every_step_that_contributing_names_exists() {
    let sources = all();
    let page = sources.iter().find(|source| source.path == PAGE).expect("the page is part of the repository");
    let steps = steps(&page.text);
    assert!(steps.len() >= LEAST, "{PAGE} has {} steps: their format was not recognised", steps.len());
    let found: Vec<_> = steps.iter().filter_map(|step| missing(step, &sources)).collect();
    none(&found, "Correct the step: the file from the root of the repository, then the functions on the same line.");
}

#[test]
fn a_step_that_does_not_exist_is_found() {
    let page = "1. `a/driver.rs` takes the input: `Driver::run`, then `step`; see `docs/x.md`\n2. `Driver::run`\n";
    let step = |file, function| Step { line: 1, file, function };
    assert_eq!(steps(page), [step("a/driver.rs", "Driver::run"), step("a/driver.rs", "step")]);
    let sources = [Source::new("a/driver.rs", "impl<'a> Driver<'a> { fn run(&self) {} }\nasync fn step() {}")];
    let missing = |file, function| missing(&step(file, function), &sources);
    assert_eq!(missing("a/driver.rs", "Driver::run"), None);
    assert_eq!(missing("a/driver.rs", "step"), None);
    assert!(missing("a/runner.rs", "step").is_some_and(|found| found.ends_with("there is no file a/runner.rs")));
    assert!(missing("a/driver.rs", "stop").is_some_and(|found| found.ends_with("has no function stop")));
    assert!(missing("a/driver.rs", "Runner::run").is_some_and(|found| found.ends_with("nothing for Runner")));
}
