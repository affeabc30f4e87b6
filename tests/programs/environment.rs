//! Environment variables of a program: logging and systemd.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use crate::program::Program;

#[test]
fn logs_are_set_up_once_and_the_environment_overrides_the_code() {
    let quiet = Program::start(&["logs"]).end();
    assert_eq!(quiet.status.code(), Some(0), "{}", quiet.stderr);
    assert!(quiet.printed[0].starts_with("the logs of this process are set up already"), "{:?}", quiet.printed);
    assert_eq!(quiet.stderr, "", "the level is `warn`, and there are no warnings");

    let loud = Program::start_in(&["logs"], &[("RUST_LOG", "service_core=info")]).end();
    let messages = ["booting", "ready", "booted", "shutting down", "stopped", "shut down"];
    assert!(messages.iter().all(|message| loud.stderr.contains(&format!(": {message} "))), "{}", loud.stderr);
    assert!(loud.stderr.lines().all(|line| line.contains(" INFO child service_core: ")), "{}", loud.stderr);

    let invalid = Program::start_in(&["logs"], &[("RUST_LOG", "child=loud")]).end();
    assert_eq!(invalid.status.code(), Some(1));
    assert!(invalid.stderr.contains("\"child=loud\"") && invalid.printed.is_empty(), "{}", invalid.stderr);
}

#[test]
fn launch_and_a_builder_with_systemd_notify_systemd() {
    for mode in ["launch", "systemd"] {
        let path = std::env::temp_dir().join(format!("notify-{}-{mode}", std::process::id()));
        let socket = UnixDatagram::bind(&path).expect("a socket");
        socket.set_read_timeout(Some(Duration::from_secs(30))).expect("a bound");
        let name = path.to_str().expect("a plain path");
        let variables = [("NOTIFY_SOCKET", name), ("WATCHDOG_USEC", "60000000")];
        let mut program = Program::start_in(&[mode], &variables);
        let mut bytes = [0; 4096];
        let mut received = String::new();
        let mut wait_for = |line: &str| {
            while !received.contains(line) {
                let length = socket.recv(&mut bytes).expect("a message");
                received.push_str(&String::from_utf8_lossy(&bytes[..length]));
            }
        };
        wait_for("WATCHDOG=1\n");
        wait_for("READY=1\n");
        program.until("up");
        program.signal(&["TERM"]);
        wait_for("STOPPING=1\nSTATUS=shutting down (SIGTERM received), services left: 3\n");
        assert_eq!(program.end().status.code(), Some(0));
        std::fs::remove_file(path).expect("the socket exists");
    }
}

#[test]
fn a_plain_boot_does_not_notify_systemd() {
    let path = std::env::temp_dir().join(format!("notify-{}-boot", std::process::id()));
    let socket = UnixDatagram::bind(&path).expect("a socket");
    let mut program = Program::start_in(&["boot"], &[("NOTIFY_SOCKET", path.to_str().expect("a plain path"))]);
    program.until("waiting");
    socket.set_nonblocking(true).expect("a socket that does not wait");
    assert!(socket.recv(&mut [0; 8]).is_err());
    program.signal(&["TERM"]);
    program.end();
    std::fs::remove_file(path).expect("the socket exists");
}
