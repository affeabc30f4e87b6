//! [`Program`]: a child process and its output.

use std::io::{BufRead, BufReader, PipeReader, Read, Write};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

/// A running child process. It is killed on drop.
pub(crate) struct Program {
    process: Child,
    stdout: BufReader<ChildStdout>,
}

/// The result of a child process.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    /// The lines of stdout that were not read before.
    pub(crate) printed: Vec<String>,
    pub(crate) stderr: String,
}

impl Ended {
    /// What is on stderr after the line that a program without logs prints when it is up.
    pub(crate) fn after_up(&self) -> &str {
        let (up, rest) = self.stderr.split_once('\n').unwrap_or_default();
        assert!(up.starts_with("3 services ready in "), "{}", self.stderr);
        rest
    }
}

impl Program {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_in(arguments, &[])
    }

    /// Starts the child with these environment variables.
    pub(crate) fn start_in(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::start_with(Stdio::piped(), arguments, variables)
    }

    /// Starts the child with a stderr that has no room and that nobody reads, until the returned end of its pipe is dropped.
    pub(crate) fn start_without_reader(arguments: &[&str]) -> (Self, PipeReader) {
        let (reader, mut writer) = std::io::pipe().expect("a pipe");
        // As much as a pipe of Linux takes.
        writer.write_all(&[b'\n'; 64 << 10]).expect("there is room");
        (Self::start_with(Stdio::from(writer), arguments, &[]), reader)
    }

    fn start_with(stderr: Stdio, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_child"));
        for name in ["NOTIFY_SOCKET", "RUST_LOG", "SERVICE_GRAPH", "WATCHDOG_PID", "WATCHDOG_USEC"] {
            command.env_remove(name);
        }
        // Nothing is written to stdin, and it stays open.
        command
            .args(arguments)
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(stderr);
        let mut process = command.spawn().expect("the child starts");
        let stdout = BufReader::new(process.stdout.take().expect("a pipe"));
        Self { process, stdout }
    }

    /// Reads stdout up to this line.
    pub(crate) fn until(&mut self, line: &str) -> Vec<String> {
        let mut printed = Vec::new();
        loop {
            let mut next = String::new();
            let length = self.stdout.read_line(&mut next).expect("a line");
            assert_ne!(length, 0, "it ended before it printed {line:?}: {printed:?}");
            printed.push(next.trim_end().to_owned());
            if printed.last().is_some_and(|last| last == line) {
                return printed;
            }
        }
    }

    /// Sends several signals, one immediately after another.
    pub(crate) fn signal(&self, names: &[&str]) {
        let id = self.process.id();
        let kills: Vec<_> = names.iter().map(|name| format!("kill -s {name} {id}")).collect();
        let sent = Command::new("sh").args(["-c", &kills.join(" && ")]).status().expect("sh runs");
        assert!(sent.success());
    }

    /// Sends this many signals as fast as possible, alternating between the given ones.
    pub(crate) fn send_repeatedly(&self, names: &[&str], times: usize) {
        let (id, rounds) = (self.process.id(), times / names.len());
        let round: Vec<_> = names.iter().map(|name| format!("kill -s {name} {id}")).collect();
        // The child may exit before the last signal.
        let script =
            format!("i=0; while [ $i -lt {rounds} ]; do {} || exit 0; i=$((i+1)); done 2>&-", round.join(" && "));
        assert!(Command::new("sh").args(["-c", &script]).status().expect("sh runs").success());
    }

    /// Sends a signal repeatedly until the child has exited.
    pub(crate) fn signal_until_exit(mut self, name: &str) -> Ended {
        while self.process.try_wait().expect("a child").is_none() {
            // The child may exit before the signal.
            let kill = format!("kill -s {name} {} 2>&-", self.process.id());
            let _ = Command::new("sh").args(["-c", &kill]).status();
        }
        self.end()
    }

    /// Closes the pipe of stderr, so that writing to it fails.
    pub(crate) fn close_stderr(&mut self) {
        drop(self.process.stderr.take());
    }

    /// Waits until the child exits.
    pub(crate) fn end(mut self) -> Ended {
        let (mut rest, mut stderr) = (String::new(), String::new());
        self.stdout.read_to_string(&mut rest).expect("the rest of its output");
        if let Some(mut pipe) = self.process.stderr.take() {
            pipe.read_to_string(&mut stderr).expect("its errors");
        }
        let status = self.process.wait().expect("an end");
        Ended { status, printed: rest.lines().map(str::to_owned).collect(), stderr }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // The child may have exited already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
