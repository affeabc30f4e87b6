//! Clients that load a server.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use service_core::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// One round of load.
#[derive(Clone, Copy)]
pub(crate) struct Round {
    pub(crate) requests_per_second: f64,
    /// The time that 99 of 100 requests did not exceed.
    pub(crate) p99: Duration,
}

/// Sends requests on kept connections, one after the other on each.
pub(crate) async fn round(address: SocketAddr, path: &str, clients: usize, time: Duration) -> Result<Round> {
    let started = Instant::now();
    let mut running = JoinSet::new();
    for _ in 0..clients {
        let mut client = Client::connect(address, path).await?;
        running.spawn(async move {
            let mut latencies = Vec::new();
            while started.elapsed() < time {
                let sent = Instant::now();
                client.ask().await?;
                latencies.push(sent.elapsed());
            }
            Result::<_>::Ok(latencies)
        });
    }
    let mut latencies = Vec::new();
    while let Some(ended) = running.join_next().await {
        latencies.extend(ended??);
    }
    let requests_per_second = latencies.len() as f64 / started.elapsed().as_secs_f64();
    latencies.sort_unstable();
    let p99 = latencies.get(latencies.len() * 99 / 100).copied().unwrap_or_default();
    Ok(Round { requests_per_second, p99 })
}

/// Connections that have carried one request each. At most as many as the process may open.
pub(crate) async fn idle(address: SocketAddr, path: &str, number: usize) -> Result<Vec<TcpStream>> {
    let mut connections = Vec::with_capacity(number);
    for _ in 0..number {
        let Ok(mut client) = Client::connect(address, path).await else { break };
        client.ask().await?;
        connections.push(client.stream);
    }
    Ok(connections)
}

/// The memory of this process.
pub(crate) fn resident_bytes() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.and_then(|text| text.split(' ').nth(1)?.parse().ok());
    pages.unwrap_or(0_usize) * 4_096
}

struct Client {
    stream: TcpStream,
    request: Vec<u8>,
}

impl Client {
    async fn connect(address: SocketAddr, path: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, request: format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n").into_bytes() })
    }

    /// Sends a request and reads the response, which fits into one buffer and ends with `hello`.
    async fn ask(&mut self) -> Result<()> {
        self.stream.write_all(&self.request).await?;
        let (mut space, mut length) = ([0; 1_024], 0);
        loop {
            match self.stream.read(&mut space[length..]).await? {
                0 => return Err("the server closed the connection".into()),
                more => length += more,
            }
            if space[..length].ends_with(b"hello") {
                return Ok(());
            }
        }
    }
}
