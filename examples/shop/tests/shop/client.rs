//! [`Shop`]: the shop in its own process, with an HTTP client.

use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

/// A running shop. It is killed on drop.
pub(crate) struct Shop {
    process: Child,
    stdout: BufReader<ChildStdout>,
    address: String,
    /// The address of the probes, if the shop serves them.
    probes: Option<String>,
}

impl Shop {
    /// Starts the shop on a free port, and waits until it listens.
    pub(crate) fn start(data: &Path) -> Self {
        Self::start_as(&mut shop(data, &["--port", "0"]))
    }

    /// Starts it with this command, and waits until it listens.
    pub(crate) fn start_as(command: &mut Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().expect("the shop starts");
        let mut stdout = BufReader::new(process.stdout.take().expect("a pipe"));
        let mut seen = String::new();
        // The last line that the shop prints at its start.
        while !seen.contains("ctrl-c ends it\n") {
            assert_ne!(stdout.read_line(&mut seen).expect("a line"), 0, "the shop ended early:\n{seen}");
        }
        let after = |words| seen.lines().find_map(|line| line.strip_prefix(words));
        let address = after("listening on http://").expect("the shop prints its address").to_owned();
        let probes = after("probes at http://").and_then(|rest| rest.strip_suffix("/readyz")).map(str::to_owned);
        Self { process, stdout, address, probes }
    }

    /// Sends a GET request. Returns the status and the JSON.
    pub(crate) fn get(&self, path: &str) -> (u16, Value) {
        self.request("GET", path, "")
    }

    /// Sends a POST request. Returns the status and the JSON.
    pub(crate) fn post(&self, path: &str, body: &str) -> (u16, Value) {
        self.request("POST", path, body)
    }

    /// Requests a probe. Returns the status and the JSON.
    pub(crate) fn probe(&self, path: &str) -> (u16, Value) {
        Self::request_at(self.probes.as_deref().expect("the shop serves probes"), "GET", path, "")
    }

    /// Sends a request. Returns the status and the JSON.
    pub(crate) fn request(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        Self::request_at(&self.address, method, path, body)
    }

    fn request_at(address: &str, method: &str, path: &str, body: &str) -> (u16, Value) {
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        let mut stream = TcpStream::connect(address).expect("a connection");
        stream.write_all(request.as_bytes()).expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        (status, serde_json::from_str(body).expect("JSON"))
    }

    /// Sends a request that may be incomplete.
    pub(crate) fn begin(&self, request: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).expect("a connection");
        stream.write_all(request.as_bytes()).expect("a request");
        stream
    }

    /// Waits until the order is packed and this letter is in the spool.
    pub(crate) fn wait_for(&self, data: &Path, order: i64, letter: i64) {
        let letter = data.join(format!("spool/{letter}.eml"));
        let is_done = || self.get(&format!("/orders/{order}")).1["packed_at"].is_string() && letter.exists();
        for _ in 0..600 {
            if is_done() {
                return;
            }
            sleep(Duration::from_millis(100));
        }
        panic!("order {order} is not packed, or {} is missing", letter.display());
    }

    /// The id of the process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// The lines of the log. The command must pipe stderr.
    pub(crate) fn log(&mut self) -> Lines<BufReader<ChildStderr>> {
        BufReader::new(self.process.stderr.take().expect("a pipe")).lines()
    }

    /// Sends a signal.
    pub(crate) fn send_signal(&self, name: &str) {
        let kill = format!("kill -s {name} {}", self.process.id());
        let sent = Command::new("sh").args(["-c", &kill]).status().expect("sh runs");
        assert!(sent.success());
    }

    /// Sends a signal and waits for the exit. Returns the exit status and the rest of stdout.
    pub(crate) fn signal(mut self, name: &str) -> (ExitStatus, String) {
        self.send_signal(name);
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).expect("the rest of the output");
        (self.process.wait().expect("an end"), rest)
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        // The shop may have exited already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A command that runs the shop with its data in this folder.
pub(crate) fn shop(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shop"));
    command.arg("--data").arg(data).args(arguments);
    command
}
