//! `launch()`: what it prints, and how its process ends while a thread is blocked.

use std::time::{Duration, Instant};

use crate::program::{Ended, Program};

const BLOCKED: &str = "a thread still blocks the end of the process";

/// Starts a program, waits until it is up, and shuts it down. Also returns how long the end took.
fn run(arguments: &[&str]) -> (Ended, Duration) {
    let mut program = Program::start(arguments);
    program.until("up");
    let began = Instant::now();
    program.signal(&["TERM"]);
    (program.end(), began.elapsed())
}

#[test]
fn a_builder_launches_like_the_registry() {
    let (ended, _) = run(&["launch built"]);
    let down = ["Web", "Users", "Db"].map(|service| format!("shutdown {service}: SIGTERM received"));
    assert_eq!(ended.printed, down);
    assert_eq!((ended.status.code(), ended.after_up()), (Some(0), ""));

    let failed = Program::start(&["launch built", "fail init Users"]).end();
    assert_eq!(failed.printed, ["init Db", "start Db", "init Users", "shutdown Db: the boot failed"]);
    assert_eq!(failed.status.code(), Some(1));

    let (unclean, _) = run(&["launch built", "fail shutdown Users"]);
    assert_eq!(unclean.status.code(), Some(2));
    assert!(unclean.stderr.contains("injected failure of shutdown Users"), "{}", unclean.stderr);
}

#[test]
fn a_blocked_thread_does_not_keep_the_process_alive() {
    let cases = [
        (&["launch", "block a thread in Db"][..], 3),
        (&["launch built", "block a thread in Web"], 3),
        (&["launch on one thread", "block a thread in Db"], 3),
        (&["launch", "read stdin in Users"], 3),
        (&["launch and block all workers"], 3),
        (&["launch", "block a thread in Db", "fail shutdown Users"], 2),
    ];
    for (arguments, code) in cases {
        let (ended, elapsed) = run(arguments);
        let case = format!("{arguments:?}: {:?} {}", ended.status, ended.stderr);
        assert_eq!(ended.status.code(), Some(code), "{case}");
        assert_eq!(ended.printed.len(), 3, "every service is shut down: {case}");
        let last = ended.stderr.lines().last().unwrap_or_default();
        assert!(last.starts_with(BLOCKED) && last.contains(&format!("exiting with code {code};")), "{case}");
        assert!(elapsed >= Duration::from_secs(1), "{case}");
        // The child ends itself after 60 s with another code.
    }
}

#[test]
fn a_blocked_thread_does_not_change_the_code_of_a_failed_boot() {
    let ended = Program::start(&["launch", "block a thread in Db", "fail init Users"]).end();
    assert_eq!(ended.status.code(), Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains(BLOCKED), "{}", ended.stderr);
}

// shows: X08
#[test]
fn a_bad_configuration_has_a_code_of_its_own() {
    for fault in ["misconfigure init Users", "wrap and misconfigure init Users"] {
        let ended = Program::start(&["launch", fault]).end();
        assert_eq!(ended.status.code(), Some(78), "{}", ended.stderr);
        assert!(ended.stderr.contains("PORT is \"x\""), "{}", ended.stderr);
    }
}

#[test]
fn code_after_launch_runs_to_its_end() {
    let (ended, _) = run(&["launch and work"]);
    assert_eq!(ended.printed.last().map(String::as_str), Some("worked"));
    assert_eq!((ended.status.code(), ended.after_up()), (Some(0), ""));
}

#[test]
fn a_reference_that_outlives_the_shutdown_is_printed() {
    let (ended, _) = run(&["launch", "hold Users"]);
    assert_eq!(ended.status.code(), Some(0));
    assert!(
        ended.after_up().starts_with("Users has shut down, but 1 reference to it outlived the shutdown;"),
        "{}",
        ended.stderr
    );
}

#[test]
fn without_logs_a_failure_is_printed_when_it_occurs() {
    let (ended, _) = run(&["launch", "fail a task of Users"]);
    let lines: Vec<_> = ended.stderr.lines().filter(|line| line.starts_with("task failed ")).collect();
    assert_eq!(lines.len(), 1, "{}", ended.stderr);
    assert!(lines[0].contains("injected failure"), "{}", ended.stderr);

    let failed = Program::start(&["launch", "fail init Users"]).end();
    assert!(failed.stderr.starts_with("failed service=Users "), "{}", failed.stderr);
}

#[test]
fn with_logs_only_the_end_is_printed() {
    let (ended, _) = run(&["launch logged"]);
    assert_eq!((ended.status.code(), &*ended.stderr), (Some(0), ""));
    let (ended, _) = run(&["launch logged", "fail a task of Users"]);
    assert!(!ended.stderr.lines().any(|line| line.starts_with("task failed ")), "{}", ended.stderr);
}
