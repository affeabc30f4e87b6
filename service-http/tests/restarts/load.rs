//! One run of the server under load, from its start until SIGTERM.

use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::Duration;

use service_core::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::tally::Tally;

pub(crate) const CLIENTS: usize = 200;

/// The user and the group `nobody`.
#[cfg(target_os = "linux")]
const NOBODY: u32 = 65_534;

/// Longer than the server may take to stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(60);

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n";

/// Starts the server, loads it, sends SIGTERM, and counts how the requests ended.
pub(crate) async fn run_once(kept: bool, number: u32) -> Result<Tally> {
    let mut server = unprivileged()?.env("SERVE", "1").stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    let stdout = server.stdout.take().ok_or("a pipe")?;
    BufReader::new(stdout).read_line(&mut line)?;
    let address: SocketAddr = line.trim().parse()?;

    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        clients.spawn(client(address, kept));
    }
    // The delay varies, so that SIGTERM arrives at a different point of a request each time.
    sleep(Duration::from_millis(100 + u64::from(number * 7 % 23))).await;
    let signalled = Command::new("kill").args(["-s", "TERM", &server.id().to_string()]).status()?;
    assert!(signalled.success());
    let mut all = Tally::default();
    for tally in timeout(STOP_TIMEOUT, clients.join_all()).await? {
        all += tally;
    }
    let ended = tokio::task::spawn_blocking(move || server.wait()).await??;
    if !ended.success() {
        return Err(format!("the server ended with {ended}").into());
    }
    Ok(all)
}

/// This program, as a user without capabilities.
#[cfg(target_os = "linux")]
fn unprivileged() -> io::Result<Command> {
    use std::os::unix::fs::MetadataExt;
    use std::os::unix::process::CommandExt;

    // Root, and root alone, has to give its user up, and with it the other groups. The program may be in a folder that
    // another user cannot enter, so the child starts it by the link that the kernel follows by itself.
    let mut command = Command::new("/proc/self/exe");
    if std::fs::metadata("/proc/self")?.uid() == 0 {
        command.uid(NOBODY).gid(NOBODY).current_dir("/");
    }
    Ok(command)
}

#[cfg(not(target_os = "linux"))]
fn unprivileged() -> io::Result<Command> {
    std::env::current_exe().map(Command::new)
}

/// Sends requests without a pause until it cannot connect.
async fn client(address: SocketAddr, kept: bool) -> Tally {
    let mut tally = Tally::default();
    'connect: loop {
        let Ok(mut stream) = TcpStream::connect(address).await else {
            tally.not_connected += 1;
            return tally;
        };
        for sent in 0.. {
            let (read, ended) = send(&mut stream).await;
            let head = read.split(|it| *it == b'\r').next().unwrap_or_default();
            match ended {
                Ok(is_last) => {
                    let tally = if head.ends_with(b" 200 OK") { &mut tally.answered } else { &mut tally.refused };
                    *tally += 1;
                    if is_last || !kept {
                        continue 'connect;
                    }
                }
                Err(_) if sent > 0 && read.is_empty() => {
                    tally.closed += 1;
                    continue 'connect;
                }
                Err(_) => {
                    tally.lost += 1;
                    continue 'connect;
                }
            }
        }
    }
}

/// Sends one request. Returns what was read, and whether the server closes the connection after this response.
async fn send(stream: &mut TcpStream) -> (Vec<u8>, io::Result<bool>) {
    let mut read = Vec::new();
    let ended = async {
        stream.write_all(REQUEST).await?;
        loop {
            if stream.read_buf(&mut read).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let text = String::from_utf8_lossy(&read).to_lowercase();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Ok(head.contains("connection: close"));
            }
        }
    };
    let ended = ended.await;
    (read, ended)
}
