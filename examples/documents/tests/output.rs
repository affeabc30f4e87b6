//! Each program prints the text of its file in `expected`: what it prints itself, then its records; with timings masked and repeated
//! lines left out.
//! `UPDATE=1 cargo test -p documents` rewrites these files.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

/// A running program, which is killed on drop, and the lines that it prints.
struct Program {
    process: Child,
    lines: Receiver<String>,
    printed: Vec<String>,
}

impl Program {
    fn start(path: &str) -> Self {
        let mut process = Command::new(path)
            .env_remove("RUST_LOG")
            .env_remove("SERVICE_GRAPH")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let stdout = BufReader::new(process.stdout.take().expect("stdout is piped"));
        let (sender, lines) = channel();
        thread::spawn(move || stdout.lines().map_while(Result::ok).all(|line| sender.send(line).is_ok()));
        Self { process, lines, printed: Vec::new() }
    }

    /// Waits for a line that contains each of these texts, in any order. Returns the last of them.
    fn prints(&mut self, texts: &[&str]) -> String {
        let mut missing = texts.to_vec();
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("no {missing:?} in:\n{}", self.printed.join("\n")));
            self.printed.push(line.clone());
            missing.retain(|text| !line.contains(text));
            if missing.is_empty() {
                return line;
            }
        }
    }

    fn terminate(&self) {
        let sent = Command::new("kill").args(["-s", "TERM", &self.process.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Reads what the program still prints, and compares all of it.
    fn ends(mut self, name: &str) {
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            self.printed.push(line);
        }
        let status = self.process.wait().expect("the program ends");
        // A thread of its own writes the records, so what else the program prints comes before or after them.
        let (mut lines, records): (Vec<_>, Vec<_>) =
            self.printed.drain(..).partition(|line| !line.starts_with("timestamp="));
        lines.extend(records);
        let printed = masked(&lines);
        assert!(status.success(), "{status}\n{printed}");
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("expected").join(name).with_extension("txt");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&file, &printed).expect("the file can be written");
        }
        let expected = std::fs::read_to_string(&file).expect("the file exists");
        assert_eq!(printed, expected, "\nprinted:\n{printed}\nexpected:\n{expected}");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _already_ended = self.process.kill();
    }
}

/// The lines without times, ids, ports and figures of the process, each of them once.
fn masked(lines: &[String]) -> String {
    let mut text = String::new();
    for line in lines {
        let is_masked = |word: &&str| {
            ["timestamp=", "operation_id=", "memory_mb=", "cpu_percent="].iter().any(|key| word.starts_with(key))
        };
        let words = line.split(' ').filter(|word| !is_masked(word)).map(masked_word);
        let line = words.collect::<Vec<_>>().join(" ");
        if !text.lines().any(|before| before == line) {
            writeln!(text, "{line}").expect("a string accepts it");
        }
    }
    text
}

/// A decimal number such as `0.1012` and the port of an address become `…`.
fn masked_word(word: &str) -> String {
    if let Some((address, _)) = word.split_once("127.0.0.1:") {
        return format!("{address}127.0.0.1:…");
    }
    let mut masked = String::new();
    for part in word.split_inclusive(|character: char| !character.is_ascii_digit() && character != '.') {
        let number = part.trim_end_matches(|character: char| !character.is_ascii_digit() && character != '.');
        let is_time = number.contains('.') && number.parse::<f64>().is_ok();
        masked.push_str(if is_time { "…" } else { number });
        masked.push_str(&part[number.len()..]);
    }
    masked
}

/// The status and the body of a response.
fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("the program listens");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n").expect("the request is sent");
    let mut response = String::new();
    stream.read_to_string(&mut response).expect("the response is text");
    let (head, body) = response.split_once("\r\n\r\n").expect("a response has a head");
    format!("{} {body}", head.split(' ').nth(1).expect("the head has a status"))
}

#[test]
fn data_processor() {
    let mut program = Program::start(env!("CARGO_BIN_EXE_data_processor"));
    program.prints(&["booted", "batch processed", "message=healthy", "message=metrics"]);
    program.terminate();
    program.ends("data_processor");
}

#[test]
fn production_main() {
    let mut program = Program::start(env!("CARGO_BIN_EXE_production_main"));
    let line = program.prints(&["probes at "]);
    let address = line.rsplit("http://").next().expect("the line has an address");
    program.prints(&["ready for traffic", "refresh 1", "item 1 done"]);
    for path in ["/startupz", "/livez", "/readyz", "/healthz"] {
        let response = get(address, path);
        program.printed.push(format!("GET {path} {response}"));
    }
    program.terminate();
    program.prints(&["draining"]);
    for path in ["/startupz", "/livez", "/readyz"] {
        let response = get(address, path);
        program.printed.push(format!("while draining: GET {path} {response}"));
    }
    program.ends("production_main");
}

#[test]
fn message_service() {
    Program::start(env!("CARGO_BIN_EXE_message_service")).ends("message_service");
}

#[test]
fn application() {
    let mut program = Program::start(env!("CARGO_BIN_EXE_application"));
    program.prints(&["running"]);
    program.terminate();
    program.ends("application");
}

#[test]
fn tour() {
    Program::start(env!("CARGO_BIN_EXE_tour")).ends("tour");
}
