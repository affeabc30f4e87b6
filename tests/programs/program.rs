//! [`Program`]: the child in a process of its own, with what it prints.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

/// A running child; killed if a proof ends before it does.
pub(crate) struct Program {
    process: Child,
    stdout: BufReader<ChildStdout>,
}

/// What a child has come to.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    /// The lines that nobody had read yet.
    pub(crate) printed: Vec<String>,
    pub(crate) stderr: String,
}

impl Program {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_in(arguments, &[])
    }

    /// With these variables in its environment.
    pub(crate) fn start_in(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_child"));
        for name in ["NOTIFY_SOCKET", "RUST_LOG", "SERVICE_GRAPH", "WATCHDOG_PID", "WATCHDOG_USEC"] {
            command.env_remove(name);
        }
        command.args(arguments).envs(variables.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().expect("the child starts");
        let stdout = BufReader::new(process.stdout.take().expect("a pipe"));
        Self { process, stdout }
    }

    /// Reads what it prints, up to this line.
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

    /// Sends it signals, one right after the other.
    pub(crate) fn signal(&self, names: &[&str]) {
        let id = self.process.id();
        let kills: Vec<_> = names.iter().map(|name| format!("kill -s {name} {id}")).collect();
        let sent = Command::new("sh").args(["-c", &kills.join(" && ")]).status().expect("sh runs");
        assert!(sent.success());
    }

    /// Sends it so many signals, these in turn, as fast as they can be sent.
    pub(crate) fn storm(&self, names: &[&str], times: usize) {
        let (id, rounds) = (self.process.id(), times / names.len());
        let round: Vec<_> = names.iter().map(|name| format!("kill -s {name} {id}")).collect();
        // It may end on the way.
        let script =
            format!("i=0; while [ $i -lt {rounds} ]; do {} || exit 0; i=$((i+1)); done 2>&-", round.join(" && "));
        assert!(Command::new("sh").args(["-c", &script]).status().expect("sh runs").success());
    }

    /// Sends it this signal again and again until it has ended.
    pub(crate) fn insist(mut self, name: &str) -> Ended {
        while self.process.try_wait().expect("a child").is_none() {
            // It may end in between.
            let kill = format!("kill -s {name} {} 2>&-", self.process.id());
            let _ = Command::new("sh").args(["-c", &kill]).status();
        }
        self.end()
    }

    /// Reads nothing of what it writes to stderr: from now on that fails.
    pub(crate) fn deafen(&mut self) {
        drop(self.process.stderr.take());
    }

    /// Waits for its end.
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
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
