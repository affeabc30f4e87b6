//! What a server permits its clients: each limit closes a connection, and is logged with its name.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use service_core::{Registry, Result};
use service_http::Server;

use crate::captured_log::CapturedLog;
use crate::client::{Client, request};
use crate::handlers::{BlockingHandler, body_length, hello};
use crate::web::{open, open_with_short_drain};

const SHORT: Duration = Duration::from_millis(300);

/// A server whose limits are far away, so that a test sets the one that it shows.
async fn patient_server() -> std::io::Result<Server> {
    let far = Duration::MAX;
    let server = Server::bind("127.0.0.1:0").await?.idle_timeout(far).head_timeout(far).body_timeout(far);
    Ok(server.request_timeout(far).min_body_rate(0).write_timeout(far).half_closed_timeout(far))
}

/// Waits for the event that names this limit, and returns it.
async fn limit_event(log: &CapturedLog, limit: &str) -> String {
    let limit = format!("limit=\"{limit}\"");
    for _ in 0..4_000 {
        if let Some(line) = log.take().into_iter().find(|line| line.contains(&limit)) {
            return line;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("no event contains {limit}");
}

#[tokio::test]
async fn an_idle_connection_closes_after_the_idle_timeout_and_one_with_a_request_does_not() -> Result<()> {
    let log = CapturedLog::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let server = patient_server().await?.idle_timeout(SHORT);
    let (handler, routes) = BlockingHandler::routes();
    let (mut idle, mut busy) = (Client::connect(server.address()).await?, Client::connect(server.address()).await?);
    let registry = open_with_short_drain(server, routes).await?;
    busy.send(&request("/slow")).await?;
    assert_eq!(idle.get("/").await?.status, 200);
    assert_eq!(idle.closed().await?, "");
    let event = limit_event(&log, "idle_timeout").await;
    assert!(event.starts_with("INFO message=closed an idle connection domain=\"http\" action=\"close\""), "{event}");
    assert!(event.contains("service=\"web\" client=127.0.0.1:"), "{event}");
    tokio::time::sleep(SHORT).await;
    handler.release.notify_one();
    assert_eq!(busy.answer().await?.body, "done");
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn a_connection_closes_when_the_head_of_a_request_is_not_complete_in_time() -> Result<()> {
    let log = CapturedLog::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let server = patient_server().await?.head_timeout(SHORT);
    let mut client = Client::connect(server.address()).await?;
    let registry = open_with_short_drain(server, Router::new()).await?;
    assert_eq!(client.get("/").await?.status, 404);
    tokio::time::sleep(SHORT).await;
    assert_eq!(client.get("/").await?.status, 404, "the limit begins with the first byte");
    client.send("GET /").await?;
    assert_eq!(client.closed().await?, "");
    let event = limit_event(&log, "head_timeout").await;
    assert!(event.starts_with("WARN message=closed a connection that exceeded a limit"), "{event}");
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn a_pause_in_a_body_is_a_400_and_closes_the_connection() -> Result<()> {
    let log = CapturedLog::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let server = patient_server().await?.body_timeout(Duration::from_millis(100));
    let mut client = Client::connect(server.address()).await?;
    let registry = open_with_short_drain(server, Router::new().route("/up", post(body_length))).await?;
    client.send("POST /up HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\n{").await?;
    let answer = client.answer().await?;
    assert_eq!(answer.status, 400);
    assert!(answer.body.ends_with("nothing more of the body came for 100ms; send all of it"), "{}", answer.body);
    assert_eq!(client.closed().await?, "");
    let event = limit_event(&log, "body_timeout").await;
    assert!(event.starts_with("WARN") && event.ends_with("request=\"POST /up\""), "{event}");
    registry.shutdown().await?;
    Ok(())
}

/// Sends a byte of a body every 20 ms until the server responds, and returns the error in the response.
async fn trickle(server: Server, log: &CapturedLog, limit: &str) -> Result<String> {
    let address = server.address();
    let registry = open_with_short_drain(server, Router::new().route("/up", post(body_length))).await?;
    let mut client = Client::connect(address).await?;
    client.send("POST /up HTTP/1.1\r\nHost: test\r\nContent-Length: 999999\r\n\r\n").await?;
    let answer = loop {
        // Fails once the server has closed the connection.
        let _ = client.send("x").await;
        if let Ok(answer) = tokio::time::timeout(Duration::from_millis(20), client.answer()).await {
            break answer?;
        }
    };
    assert_eq!(answer.status, 400);
    drop(client);
    assert!(limit_event(log, limit).await.ends_with("request=\"POST /up\""));
    registry.shutdown().await?;
    Ok(answer.body)
}

#[tokio::test]
async fn a_body_that_never_ends_is_a_400_after_the_time_for_the_whole_request() -> Result<()> {
    let log = CapturedLog::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let error = trickle(patient_server().await?.request_timeout(SHORT), &log, "request_timeout").await?;
    assert!(error.ends_with("the request did not arrive within 300ms; send it faster"), "{error}");
    Ok(())
}

#[tokio::test]
async fn a_body_that_comes_slower_than_the_minimum_rate_is_a_400() -> Result<()> {
    let log = CapturedLog::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let error = trickle(patient_server().await?.min_body_rate(1_000), &log, "min_body_rate").await?;
    assert!(error.ends_with("the body came slower than 1000 bytes per second; send it faster"), "{error}");
    Ok(())
}

#[tokio::test]
async fn a_client_that_does_not_read_is_disconnected_after_the_write_timeout() -> Result<()> {
    let log = CapturedLog::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let server = patient_server().await?.write_timeout(SHORT);
    let address = server.address();
    // Larger than the buffers of both kernels.
    let routes = hello().route("/large", get(async || vec![b'x'; 64 << 20]));
    let registry = open_with_short_drain(server, routes).await?;
    let mut client = Client::connect(address).await?;
    client.send(&request("/large")).await?;
    let event = limit_event(&log, "write_timeout").await;
    assert!(event.starts_with("WARN") && event.ends_with("request=\"GET /large\""), "{event}");
    assert!(client.closed().await?.len() < 64 << 20, "the response was complete");
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn a_client_that_reads_slowly_gets_its_whole_response() -> Result<()> {
    const LARGE: usize = 6 << 20;
    let server = patient_server().await?.write_timeout(Duration::from_secs(2)).idle_timeout(SHORT);
    let address = server.address();
    let routes = Router::new().route("/large", get(async || vec![b'x'; LARGE]));
    let registry = open_with_short_drain(server, routes).await?;
    let read = tokio::task::spawn_blocking(move || {
        let mut client = TcpStream::connect(address)?;
        client.write_all(request("/large").as_bytes())?;
        let (mut read, mut space) = (0, vec![0; 256 << 10]);
        // Long after the handler has returned: the connection is not idle while its client reads.
        while read < LARGE {
            std::thread::sleep(Duration::from_millis(40));
            match client.read(&mut space)? {
                0 => break,
                length => read += length,
            }
        }
        std::io::Result::Ok(read)
    });
    assert!(read.await?? >= LARGE);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn clients_beyond_the_limit_of_connections_wait_for_a_place() -> Result<()> {
    let log = CapturedLog::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let server = patient_server().await?.max_connections(2);
    let address = server.address();
    let registry = open_with_short_drain(server, hello()).await?;
    let (mut first, mut second) = (Client::connect(address).await?, Client::connect(address).await?);
    assert_eq!((first.get("/").await?.status, second.get("/").await?.status), (200, 200));
    let mut third = Client::connect(address).await?;
    third.send(&request("/")).await?;
    assert!(tokio::time::timeout(SHORT, third.answer()).await.is_err(), "it has no place");
    assert!(limit_event(&log, "max_connections").await.starts_with("WARN message=the limit of connections is reached"));
    drop(first);
    assert_eq!(third.answer().await?.status, 200);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_can_send_its_whole_body_although_the_response_is_already_there() -> Result<()> {
    let (registry, address): (Registry, _) = open(Router::new()).await?;
    let mut client = TcpStream::connect(address)?;
    let answer = tokio::task::spawn_blocking(move || {
        // The body is larger than all buffers on its way. No handler reads it, and the connection closes after the
        // response.
        client
            .write_all(format!("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n\r\n", 32 << 20).as_bytes())?;
        client.write_all(&vec![b'x'; 32 << 20])?;
        let mut answer = String::new();
        client.read_to_string(&mut answer)?;
        std::io::Result::Ok(answer)
    });
    let answer = answer.await??;
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    registry.shutdown().await?;
    Ok(())
}
