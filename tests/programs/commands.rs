//! The commands `graph`, `graph diff` and `boot` of a program.

use std::fs;
use std::path::PathBuf;

use crate::program::{Ended, Program};

fn run(arguments: &[&str]) -> Ended {
    Program::start(arguments).end()
}

/// A file of this test process.
fn file(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("commands-{}-{name}", std::process::id()))
}

#[test]
fn graph_prints_the_plan_in_each_form_without_running_a_hook() {
    for (option, first) in
        [("--text", "Web"), ("--dot", "digraph services {"), ("--mermaid", "flowchart LR"), ("--json", "{")]
    {
        let ended = run(&["graph", option]);
        assert_eq!((ended.status.code(), ended.printed[0].as_str(), &*ended.stderr), (Some(0), first, ""), "{option}");
        assert!(!ended.printed.iter().any(|line| line.starts_with("init")), "{:?}", ended.printed);
    }
    assert_eq!(run(&["graph"]).printed, run(&["graph", "--text"]).printed);
}

#[test]
fn graph_diff_exits_with_1_if_the_graph_has_changed() {
    let (old, new) = (file("old.json"), file("new.json"));
    let [old_name, new_name] = [&old, &new].map(|path| path.to_str().expect("a plain path").to_owned());
    let json = run(&["graph", "--json"]).printed.join("\n");
    fs::write(&old, &json).expect("the file is written");
    let same = run(&["graph", "diff", &old_name]);
    assert_eq!((same.status.code(), same.printed), (Some(0), vec!["no changes".to_owned()]));

    fs::write(&new, json.replace("\"Users\"", "\"People\"")).expect("the file is written");
    let changed = run(&["graph", "diff", &old_name, &new_name]);
    assert_eq!(changed.status.code(), Some(1));
    let begins: Vec<_> = changed.printed.iter().filter_map(|line| line.split(" (").next()).collect();
    assert_eq!(begins[..2], ["+ People", "- Users"], "{:?}", changed.printed);
    let from_the_program = run(&["graph", "diff", &new_name]);
    assert!(from_the_program.printed[0].starts_with("+ Users"), "{:?}", from_the_program.printed);

    fs::write(&new, "{").expect("the file is written");
    let broken = run(&["graph", "diff", &new_name]);
    assert_eq!(broken.status.code(), Some(2));
    assert!(broken.stderr.contains("line 1, column 2: expected a name in quotes"), "{}", broken.stderr);
    for path in [old, new] {
        fs::remove_file(path).expect("the file exists");
    }
    let missing = run(&["graph", "diff", &new_name]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(missing.stderr.starts_with("cannot read "), "{}", missing.stderr);
}

#[test]
fn boot_prints_the_timelines_and_writes_a_trace() {
    let trace = file("trace.json");
    let ended = run(&["commands", "boot", "--timeline", "--trace", trace.to_str().expect("a plain path")]);
    assert_eq!((ended.status.code(), &*ended.stderr), (Some(0), ""));
    for text in
        ["boot: 3 of 3 services ready in ", "critical path: Db ", "shutdown: 3 of 3 services stopped cleanly in "]
    {
        assert!(ended.printed.iter().any(|line| line.starts_with(text)), "{text} in {:?}", ended.printed);
    }
    assert!(!ended.printed.iter().any(|line| line.contains('\u{1b}')), "a pipe gets no colours");
    let text = fs::read_to_string(&trace).expect("the trace was written");
    assert!(text.contains("\"Users shutdown\"") && text.contains("\"name\": \"Users\""), "{text}");
    fs::remove_file(trace).expect("the file exists");
}

#[test]
fn boot_prints_the_timeline_of_a_boot_that_fails_and_exits_with_1() {
    let ended = run(&["commands", "boot", "fail init Users"]);
    assert_eq!(ended.status.code(), Some(2), "the fault is no argument of `boot`: {}", ended.stderr);
    let ended = run(&["commands of boot", "fail init Users"]);
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stderr.contains("injected failure of init Users"), "{}", ended.stderr);
    let line =
        |name: &str| ended.printed.iter().find(|line| line.trim_start_matches("▸ ").trim_start().starts_with(name));
    assert!(line("Users").is_some_and(|line| line.ends_with("failed")), "{:?}", ended.printed);
    assert!(line("Web").is_some_and(|line| line.ends_with("blocked")), "{:?}", ended.printed);
}

#[test]
fn boot_exits_with_2_after_a_shutdown_with_errors() {
    let ended = run(&["commands of boot", "fail shutdown Users"]);
    assert_eq!(ended.status.code(), Some(2));
    assert!(ended.stderr.contains("injected failure of shutdown Users"), "{}", ended.stderr);
    assert!(ended.printed.iter().any(|line| line.starts_with("shutdown: 2 of 3 services")), "{:?}", ended.printed);
}

#[test]
fn a_mistake_in_the_arguments_is_named_with_the_usage() {
    let ended = run(&["graph", "--svg"]);
    assert_eq!((ended.status.code(), ended.printed.len()), (Some(2), 0));
    assert!(ended.stderr.starts_with("`graph` does not take the argument \"--svg\"\n"), "{}", ended.stderr);
    assert!(ended.stderr.contains("graph diff OLD.json"), "{}", ended.stderr);
}
