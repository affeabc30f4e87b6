//! [`Client`]: an HTTP client that shows the text of each response, and whether the connection is open.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longer than any response takes.
const READ_TIMEOUT: Duration = Duration::from_secs(20);

/// One connection to a server.
pub(crate) struct Client {
    stream: TcpStream,
    read: Vec<u8>,
}

/// A response.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The status line and the headers, in lower case.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> io::Result<Self> {
        Ok(Self { stream: TcpStream::connect(address).await?, read: Vec::new() })
    }

    /// The address that the server sees.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.stream.local_addr()
    }

    /// Sends a request, or a part of it.
    pub(crate) async fn send(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(text.as_bytes()).await
    }

    /// Sends a request and reads its response. The connection stays open.
    pub(crate) async fn get(&mut self, path: &str) -> io::Result<Answer> {
        self.send(&request(path)).await?;
        self.answer().await
    }

    /// Reads the next response.
    pub(crate) async fn answer(&mut self) -> io::Result<Answer> {
        let head = loop {
            if let Some(end) = self.read.windows(4).position(|it| it == b"\r\n\r\n") {
                let rest = self.read.split_off(end + 4);
                break String::from_utf8_lossy(&std::mem::replace(&mut self.read, rest)).to_lowercase();
            }
            self.read_more().await?;
        };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
        while self.read.len() < length {
            self.read_more().await?;
        }
        let rest = self.read.split_off(length);
        let body = String::from_utf8_lossy(&std::mem::replace(&mut self.read, rest)).into_owned();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Ok(Answer { status, head, body })
    }

    async fn read_more(&mut self) -> io::Result<()> {
        match timeout(READ_TIMEOUT, self.stream.read_buf(&mut self.read)).await?? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    /// Waits until the server has closed the connection, and returns what it sent before.
    pub(crate) async fn closed(&mut self) -> io::Result<String> {
        // A connection that was cut off may also be reset.
        loop {
            match self.read_more().await {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::TimedOut => return Err(error),
                Err(_) => break,
            }
        }
        Ok(String::from_utf8_lossy(&self.read).into_owned())
    }
}

/// The text of a request.
pub(crate) fn request(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n")
}

/// Sends one request on a new connection.
pub(crate) async fn get(address: SocketAddr, path: &str) -> io::Result<Answer> {
    Client::connect(address).await?.get(path).await
}
