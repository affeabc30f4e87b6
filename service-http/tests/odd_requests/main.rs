//! Thousands of odd requests from a seeded generator: the server neither panics nor keeps a connection, and each request
//! is answered correctly, or the connection closes with a record in the log.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::routing::any;
use service_core::{Context, Definition, Registry, Result};
use service_http::Server;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use self::captured_log::CapturedLog;
use self::odd::Odd;

#[path = "../http/captured_log.rs"]
mod captured_log;
mod odd;

const REQUESTS: u64 = 3_000;

const CLIENTS: u64 = 32;

/// What the server and axum's extractors answer with.
const STATUSES: [u16; 7] = [100, 200, 400, 413, 414, 417, 431];

/// Longer than the server takes to answer or to close a connection.
const PATIENCE: Duration = Duration::from_secs(60);

/// The number of files that this process has open.
fn open_files() -> Option<usize> {
    Some(std::fs::read_dir("/proc/self/fd").ok()?.count())
}

/// The statuses in what a server has sent, if it has sent nothing but responses.
fn statuses(mut sent: &[u8], has_head: bool) -> Option<Vec<u16>> {
    let mut statuses = Vec::new();
    while !sent.is_empty() {
        let end = sent.windows(4).position(|it| it == b"\r\n\r\n")? + 4;
        let head = std::str::from_utf8(&sent[..end]).ok()?.to_lowercase();
        let status = head.strip_prefix("http/1.1 ").or_else(|| head.strip_prefix("http/1.0 "))?;
        let status = status.get(..3)?.parse().ok()?;
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
        let has_body = !(has_head && (sent.len() == end || sent[end..].starts_with(b"HTTP/1.")));
        let length = if has_body { length } else { 0 };
        statuses.push(status);
        sent = sent.get(end + length..)?;
    }
    Some(statuses)
}

/// Sends one request and returns what the server sends until it closes the connection, and the address of the client.
async fn send(address: SocketAddr, request: &[u8], shuts_down: bool) -> Result<(Vec<u8>, SocketAddr)> {
    let mut stream = TcpStream::connect(address).await?;
    let client = stream.local_addr()?;
    let (mut reads, mut writes) = stream.split();
    let mut sent = Vec::new();
    let write = async {
        // The server may close the connection before it has read everything.
        let _ = writes.write_all(request).await;
        if shuts_down {
            let _ = writes.shutdown().await;
        }
    };
    // A connection may also be reset.
    timeout(PATIENCE, async { tokio::join!(write, reads.read_to_end(&mut sent)) }).await?.1.unwrap_or_default();
    Ok((sent, client))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn odd_requests_are_answered_or_end_with_a_record_and_leave_nothing_behind() -> Result<()> {
    let log = CapturedLog::default();
    tracing::subscriber::set_global_default(log.clone())?;
    let panics = Arc::new(AtomicUsize::new(0));
    let (counted, hook) = (panics.clone(), std::panic::take_hook());
    std::panic::set_hook(Box::new(move |info| {
        counted.fetch_add(1, Ordering::Relaxed);
        hook(info);
    }));
    let limit = Duration::from_millis(100);
    let server = Server::bind("127.0.0.1:0").await?.head_timeout(limit).idle_timeout(limit).body_timeout(limit);
    let address = server.address();
    let router = Router::new().fallback(any(async |body: Bytes| body.len().to_string()));
    let web = Definition::new("web").init(move |cx: Context<()>| {
        let served = server.serve(&cx, router.clone());
        async { served }
    });
    let registry = Registry::builder().isolated().define(web).boot().await?;
    let before = open_files();

    let mut clients = JoinSet::new();
    for first in 0..CLIENTS {
        clients.spawn(async move {
            let (mut silent, mut first_statuses) = (Vec::new(), Vec::new());
            for seed in (first..REQUESTS).step_by(CLIENTS as usize) {
                let request = Odd::new(seed).request();
                let (sent, client) = send(address, &request, seed % 2 == 0).await?;
                let statuses = statuses(&sent, request.windows(4).any(|word| word == b"HEAD"));
                let are_valid = statuses.as_ref().is_some_and(|all| all.iter().all(|it| STATUSES.contains(it)));
                assert!(are_valid, "seed {seed}: {} {}", request.escape_ascii(), sent.escape_ascii());
                first_statuses.extend(statuses.and_then(|all| all.first().copied()));
                if sent.is_empty() && request.iter().any(|byte| !b"\r\n".contains(byte)) {
                    silent.push((seed, client));
                }
            }
            Result::<_>::Ok((silent, first_statuses))
        });
    }
    let (mut silent, mut first_statuses) = (Vec::new(), Vec::new());
    while let Some(ended) = clients.join_next().await {
        let (quiet, answers) = ended??;
        silent.extend(quiet);
        first_statuses.extend(answers);
    }
    let count = |status| first_statuses.iter().filter(|it| **it == status).count();
    assert!(count(200) > 500 && count(400) > 500, "the generator is too odd, or not odd enough: {}", count(200));
    registry.shutdown().await?;
    let log = log.take();
    for (seed, client) in silent {
        let client = format!("client={client}");
        let is_logged = log.iter().any(|line| line.split(' ').any(|word| word == client));
        assert!(is_logged, "seed {seed}: no answer and no record: {}", Odd::new(seed).request().escape_ascii());
    }
    assert_eq!(panics.load(Ordering::Relaxed), 0);
    assert!(open_files() <= before, "files are still open: {before:?}, {:?}", open_files());
    Ok(())
}
