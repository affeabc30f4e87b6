//! How long the server waits for a client that sends slowly, and what becomes of a body that no handler reads.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use service_core::Result;
use service_http::Server;

use crate::client::Client;
use crate::handlers::body_length;
use crate::web::{open, open_with_short_drain};

#[tokio::test]
async fn a_connection_closes_when_the_head_of_a_request_is_not_complete_in_time() -> Result<()> {
    let server = Server::bind("127.0.0.1:0").await?.head_timeout(Duration::from_millis(500));
    let mut client = Client::connect(server.address()).await?;
    let registry = open_with_short_drain(server, Router::new()).await?;
    assert_eq!(client.get("/").await?.status, 404);
    client.send("GET /").await?;
    assert_eq!(client.closed().await?, "");
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn a_pause_in_a_body_is_a_400_and_closes_the_connection() -> Result<()> {
    let server = Server::bind("127.0.0.1:0").await?.body_timeout(Duration::from_millis(100));
    let mut client = Client::connect(server.address()).await?;
    let registry = open_with_short_drain(server, Router::new().route("/", post(body_length))).await?;
    client.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\n{").await?;
    let answer = client.answer().await?;
    assert_eq!(answer.status, 400);
    assert!(answer.body.ends_with("nothing more of the body came for 100ms; send all of it"), "{}", answer.body);
    assert_eq!(client.closed().await?, "");
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_can_send_its_whole_body_although_the_response_is_already_there() -> Result<()> {
    let (registry, address) = open(Router::new()).await?;
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
