//! Whole programs: signals, exit codes, and the order of what they print.
#![cfg(unix)]

mod commands;
mod environment;
mod launch;
mod program;
mod stderr;

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use program::Program;

const UP: [&str; 7] = ["init Db", "start Db", "init Users", "start Users", "init Web", "start Web", "up"];

// shows: X07, S20
#[test]
fn a_signal_shuts_a_program_down_in_order_with_exit_code_0() {
    for (signal, name) in [("TERM", "SIGTERM"), ("INT", "SIGINT")] {
        let mut program = Program::start(&["launch"]);
        assert_eq!(program.until("up"), UP);
        program.signal(&[signal]);
        let ended = program.end();
        let down = ["Web", "Users", "Db"].map(|service| format!("shutdown {service}: {name} received"));
        assert_eq!(ended.printed, down);
        assert_eq!((ended.status.code(), ended.after_up()), (Some(0), ""));
    }
}

// shows: X07
#[test]
fn a_failed_boot_exits_with_1_after_the_rollback() {
    let ended = Program::start(&["launch", "fail init Users"]).end();
    assert_eq!(ended.printed, ["init Db", "start Db", "init Users", "shutdown Db: the boot failed"]);
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stderr.contains("injected failure of init Users"), "{}", ended.stderr);
}

// shows: X07, S04
#[test]
fn a_shutdown_with_errors_exits_with_2_and_prints_them() {
    let mut program = Program::start(&["launch", "fail shutdown Users"]);
    program.until("up");
    program.signal(&["TERM"]);
    let ended = program.end();
    assert_eq!(ended.printed.len(), 3, "the other services are shut down: {:?}", ended.printed);
    assert_eq!(ended.status.code(), Some(2));
    assert!(ended.stderr.contains("injected failure of shutdown Users"), "{}", ended.stderr);
}

// shows: X07
#[test]
fn a_closed_stderr_does_not_change_the_exit_code() {
    for (fault, code) in [("fail init Users", 1), ("fail shutdown Users", 2)] {
        let mut program = Program::start(&["launch", fault]);
        program.close_stderr();
        if code == 2 {
            program.until("up");
            program.signal(&["TERM"]);
        }
        assert_eq!(program.end().status.code(), Some(code), "{fault}");
    }
    let mut program = Program::start(&["launch", "hang shutdown Users"]);
    program.close_stderr();
    program.until("up");
    program.signal(&["TERM"]);
    assert_eq!(program.signal_until_exit("INT").status.code(), Some(130));
}

// shows: X07, S20
#[test]
fn a_failed_boot_with_a_failed_rollback_exits_with_1() {
    let mut program = Program::start(&["launch", "fail shutdown Db", "hang init Users"]);
    program.until("init Users");
    program.signal(&["TERM"]);
    let ended = program.end();
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stderr.contains("injected failure of shutdown Db"), "{}", ended.stderr);
}

// shows: T10
#[test]
fn a_signal_during_the_boot_rolls_it_back_and_starts_nothing_more() {
    let mut program = Program::start(&["launch", "hang init Users"]);
    assert_eq!(program.until("init Users"), UP[..3]);
    program.signal(&["TERM"]);
    let ended = program.end();
    assert_eq!(ended.printed, ["shutdown Db: SIGTERM received"], "Web does not start, and only Db is shut down");
    assert_eq!(ended.status.code(), Some(4));
    assert!(ended.stderr.contains("SIGTERM received"), "{}", ended.stderr);
}

// shows: T10
#[test]
fn a_second_signal_exits_at_once_with_the_code_of_the_signal() {
    for (signal, name, code) in [("TERM", "SIGTERM", 128 + 15), ("INT", "SIGINT", 128 + 2)] {
        let mut program = Program::start(&["launch", "hang shutdown Users"]);
        program.until("up");
        program.signal(&["TERM"]);
        program.until("shutdown Users: SIGTERM received");
        let ended = program.signal_until_exit(signal);
        assert_eq!(ended.status.code(), Some(code));
        assert!(ended.printed.is_empty(), "Db is not shut down: {:?}", ended.printed);
        assert_eq!(ended.after_up(), format!("{name} received during the shutdown: exiting immediately\n"));
    }
}

// shows: T10
#[test]
fn a_second_signal_during_a_rollback_exits_at_once() {
    let mut program = Program::start(&["launch", "hang init Users", "hang shutdown Db"]);
    program.until("init Users");
    program.signal(&["INT"]);
    program.until("shutdown Db: SIGINT received");
    assert_eq!(program.signal_until_exit("TERM").status.code(), Some(128 + 15));
}

#[test]
fn a_signal_that_is_delivered_twice_at_once_counts_once() {
    // A program that shuts down immediately must not be killed by the duplicate, either.
    for arguments in [&["launch", "delay shutdown Db"][..], &["launch"]] {
        let mut program = Program::start(arguments);
        program.until("up");
        program.signal(&["TERM", "TERM"]);
        let ended = program.end();
        assert_eq!((ended.status.code(), ended.printed.len()), (Some(0), 3), "{:?} {}", ended.status, ended.stderr);
    }
}

// shows: T10
#[test]
fn many_signals_cause_one_shutdown_or_an_immediate_exit() {
    for (arguments, until) in [
        (&["launch"][..], "up"),
        (&["launch", "delay shutdown Users"], "up"),
        (&["launch", "hang shutdown Users"], "up"),
        (&["launch", "hang init Users"], "init Users"),
    ] {
        for signals in [&["TERM"][..], &["INT"], &["TERM", "INT"]] {
            let mut program = Program::start(arguments);
            program.until(until);
            let began = Instant::now();
            program.send_repeatedly(signals, 400);
            // A program that hangs needs another signal.
            let hangs = arguments.iter().any(|it| it.starts_with("hang shutdown"));
            let ended = if hangs { program.signal_until_exit("TERM") } else { program.end() };
            let case = format!("{arguments:?} {signals:?}: {:?} {}", ended.printed, ended.stderr);
            let hooks: BTreeSet<_> = ended.printed.iter().collect();
            assert_eq!(hooks.len(), ended.printed.len(), "no hook runs twice: {case}");
            let orderly = if until == "up" { 0 } else { 4 };
            match ended.status.code() {
                Some(code) if code == orderly && !hangs => {
                    assert_eq!(ended.printed.len(), if until == "up" { 3 } else { 1 }, "{case}");
                    assert!(!ended.stderr.contains("exiting immediately"), "{case}");
                }
                Some(code @ (130 | 143)) => {
                    assert!(
                        began.elapsed() >= Duration::from_millis(50),
                        "a duplicate does not count as a second signal: {case}"
                    );
                    let name = if code == 143 { "SIGTERM" } else { "SIGINT" };
                    assert_eq!(
                        if until == "up" { ended.after_up() } else { &ended.stderr },
                        format!("{name} received during the shutdown: exiting immediately\n"),
                        "{case}"
                    );
                }
                // The shutdown had ended, so the signal had its default action.
                None if !hangs => {
                    assert!(began.elapsed() >= Duration::from_millis(50), "a duplicate has no effect: {case}");
                    assert!(matches!(ended.status.signal(), Some(2 | 15)), "{case}");
                    assert_eq!(ended.printed.len(), if until == "up" { 3 } else { 1 }, "{case}");
                }
                other => panic!("{other:?} {:?}: {case}", ended.status),
            }
        }
    }
}

// shows: R10, X07
#[test]
fn many_failures_shut_the_program_down_in_order_with_exit_code_2() {
    let ended = Program::start(&["launch", "fail repeatedly in Users"]).end();
    let down: Vec<_> = ended.printed.iter().filter_map(|line| line.strip_prefix("shutdown ")).collect();
    let services: Vec<_> = down.iter().filter_map(|line| line.split(':').next()).collect();
    assert_eq!(services, ["Web", "Users", "Db"], "{:?}", ended.printed);
    assert!(down.iter().all(|line| line.contains("injected failure")), "{down:?}");
    assert_eq!(ended.status.code(), Some(2));
    assert!(ended.stderr.contains("task failing of Users") && ended.stderr.len() < 2_000, "{}", ended.stderr);
}

/// The signals whose default action terminates this process, with their numbers. A shell script that runs the tests in the
/// background ignores SIGINT in all child processes.
fn terminating_signals() -> Vec<(&'static str, i32)> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap_or("0").trim();
    let ignored = u64::from_str_radix(ignored, 16).expect("a mask");
    [("TERM", 15), ("INT", 2)].into_iter().filter(|(_, number)| ignored >> (number - 1) & 1 == 0).collect()
}

// shows: T11
#[test]
fn a_program_that_does_not_ask_for_signals_keeps_their_default_action() {
    for (signal, number) in terminating_signals() {
        let mut program = Program::start(&["boot"]);
        program.until("waiting");
        program.signal(&[signal]);
        let ended = program.end();
        assert_eq!(ended.status.signal(), Some(number), "the default action");
        assert!(ended.printed.is_empty(), "{:?}", ended.printed);
    }
}

// shows: T11
#[test]
fn a_signal_has_its_default_action_again_after_run() {
    for (signal, number) in terminating_signals() {
        let mut program = Program::start(&["run"]);
        program.until("up");
        program.signal(&["TERM"]);
        let down = program.until("waiting");
        assert_eq!(down[down.len() - 2..], ["ran", "waiting"]);
        program.signal(&[signal]);
        assert_eq!(program.end().status.signal(), Some(number));
    }
}

// shows: T11
#[test]
fn a_second_run_listens_for_signals_again() {
    let mut program = Program::start(&["run twice"]);
    program.until("up");
    program.signal(&["INT"]);
    assert!(program.until("up").contains(&"shutdown Db: SIGINT received".to_owned()));
    program.signal(&["TERM"]);
    let ended = program.end();
    assert_eq!(ended.printed.last().map(String::as_str), Some("ran"));
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
}

// shows: S21, X07
#[test]
fn shutdown_events_come_before_the_hooks_and_before_run_returns() {
    let mut program = Program::start(&["events"]);
    program.until("up");
    program.signal(&["TERM"]);
    let ended = program.end();
    let lines: Vec<_> = ended.printed.iter().map(|line| line.split(": SIG").next().unwrap_or_default()).collect();
    let hooks = ["shutdown Web", "shutdown Users", "shutdown Db"];
    // A listener runs in its own task, so the order between events and hooks is not determined.
    let events: Vec<_> = lines.iter().copied().filter(|line| !line.starts_with("shutdown ")).collect();
    assert_eq!(events, ["event: shutting down", "event: shut down", "ran"]);
    assert_eq!(lines.iter().copied().filter(|line| line.starts_with("shutdown ")).collect::<Vec<_>>(), hooks);
    assert_eq!(lines[lines.len() - 2..], ["event: shut down", "ran"]);
}

#[test]
fn a_signal_has_its_effect_although_a_hook_blocks_its_thread() {
    let mut program = Program::start(&["limited", "block shutdown Users"]);
    program.until("up");
    program.signal(&["TERM"]);
    let printed = program.until("end").join("\n");
    assert!(printed.contains("shutdown of Users did not end within"), "{printed}");
    assert!(printed.contains("shutdown Db: SIGTERM received"), "the others are shut down: {printed}");
    assert!(!printed.contains("left: "), "{printed}");
}

#[test]
fn a_second_signal_exits_although_every_thread_is_blocked() {
    let mut program = Program::start(&["limited on one thread", "block shutdown Web"]);
    program.until("up");
    program.signal(&["TERM"]);
    program.until("shutdown Web: SIGTERM received");
    assert_eq!(program.signal_until_exit("TERM").status.code(), Some(143));
}

#[test]
fn a_second_signal_has_no_effect_if_the_builder_says_so() {
    let mut program = Program::start(&["limited", "ignore second signal", "hang shutdown Users"]);
    program.until("up");
    program.signal(&["TERM"]);
    program.until("shutdown Users: SIGTERM received");
    // Longer than the time in which a second signal counts as a duplicate of the first.
    std::thread::sleep(Duration::from_millis(100));
    program.signal(&["TERM", "INT"]);
    let printed = program.until("end").join("\n");
    assert!(printed.contains("shutdown of Users did not end within"), "the budget ends it: {printed}");
    assert_eq!(program.end().status.code(), Some(0));
}

#[test]
fn no_thread_of_the_library_outlives_the_registry() {
    let mut program = Program::start(&["limited"]);
    program.until("up");
    program.signal(&["TERM"]);
    let printed = program.until("end");
    assert_eq!(printed[printed.len() - 2..], ["clean", "end"]);
}

#[test]
fn a_program_that_returns_early_says_what_was_left_running() {
    let ended = Program::start(&["return early"]).end();
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stderr.contains("an early return"), "{}", ended.stderr);
    let left = ended.stderr.lines().find(|line| line.contains("left running")).unwrap_or_default();
    assert!(["Db", "Users", "Web"].iter().all(|service| left.contains(service)), "{}", ended.stderr);
}

#[test]
fn a_registry_that_has_ended_does_not_listen_for_signals() {
    let mut program = Program::start(&["run again"]);
    program.until("waiting");
    program.signal(&["TERM"]);
    assert_eq!(program.end().status.signal(), Some(15), "the signal has its default effect");
}

#[test]
fn service_graph_prints_the_plan_and_exits_before_any_init() {
    for (format, begins) in [("text", "Web"), ("dot", "digraph"), ("mermaid", "flowchart"), ("json", "{")] {
        for main in ["boot", "launch", "build", "use"] {
            let ended = Program::start_in(&[main], &[("SERVICE_GRAPH", format)]).end();
            assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
            assert!(ended.printed[0].starts_with(begins), "{format}: {:?}", ended.printed);
            assert!(!ended.printed.iter().any(|line| line.starts_with("init")), "{:?}", ended.printed);
        }
    }
}

#[test]
fn service_graph_exits_with_1_for_an_invalid_plan_and_with_2_for_an_unknown_format() {
    let ended = Program::start_in(&["boot", "invalid plan"], &[("SERVICE_GRAPH", "text")]).end();
    assert_eq!((ended.status.code(), ended.printed.len()), (Some(1), 0));
    assert!(ended.stderr.contains("Missing") && ended.stderr.contains(".give("), "{}", ended.stderr);
    let ended = Program::start_in(&["boot"], &[("SERVICE_GRAPH", "png")]).end();
    assert_eq!((ended.status.code(), ended.printed.len()), (Some(2), 0));
    assert_eq!(ended.stderr, "SERVICE_GRAPH is text, dot, mermaid or json, not png\n");
}

#[test]
fn an_empty_service_graph_variable_has_no_effect() {
    let ended = Program::start_in(&["logs"], &[("SERVICE_GRAPH", "")]).end();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    assert!(ended.printed.contains(&"init Web".to_owned()), "{:?}", ended.printed);
}
