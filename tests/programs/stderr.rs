//! What a program writes to stderr: in one format, and without ever waiting long for its reader.

use crate::program::Program;

#[test]
fn with_logs_in_json_each_line_is_json() {
    for (fault, code, words) in [
        ("no fault", 0, "shut down"),
        ("fail shutdown Users", 2, "injected failure of shutdown Users"),
        ("fail init Users", 1, "injected failure of init Users"),
        ("panic in init Users", 1, r#""action":"panic""#),
    ] {
        let mut program = Program::start(&["launch with JSON", fault]);
        if code != 1 {
            program.until("up");
            program.signal(&["TERM"]);
        }
        let ended = program.end();
        assert_eq!(ended.status.code(), Some(code), "{fault}: {}", ended.stderr);
        assert!(ended.stderr.contains(words), "{fault}: {}", ended.stderr);
        for line in ended.stderr.lines() {
            let is_object = serde_json::from_str::<serde_json::Map<_, _>>(line).is_ok();
            assert!(is_object, "{fault}: {line}");
        }
    }
}

#[test]
fn the_end_of_a_registry_waits_for_its_logs() {
    for _ in 0..20 {
        let ended = Program::start(&["run with JSON"]).end();
        assert_eq!(ended.status.code(), Some(0));
        assert!(ended.stderr.lines().last().is_some_and(|line| line.contains("shut down")), "{}", ended.stderr);
    }
}

#[test]
fn a_program_ends_in_time_although_nobody_reads_its_stderr() {
    for mode in ["launch", "launch with JSON", "launch logged"] {
        for (fault, code) in [("no fault", 0), ("fail shutdown Users", 2)] {
            let (mut program, _reader) = Program::start_without_reader(&[mode, fault]);
            program.until("up");
            program.signal(&["TERM"]);
            let ended = program.end();
            assert_eq!(
                ended.status.code(),
                Some(code),
                "{mode}, {fault}: otherwise the child ends itself after a minute"
            );
            assert_eq!(ended.printed.len(), 3, "{mode}, {fault}: every service is shut down");
        }
    }
}
