use std::io::{Read, Write};
use std::net::TcpStream;

use service_core::{Definition, Registry};

use super::socket_options::{ACCEPT, DROP, filter_packets};
use super::*;

#[tokio::test]
async fn a_client_whose_packets_a_full_backlog_dropped_is_answered() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    // Simulates a full backlog: the client regards itself as connected, but the kernel drops what it sends until the
    // server replaces this filter at shutdown.
    assert!(filter_packets(&listener, ACCEPT, DROP));
    let mut client = TcpStream::connect(address)?;
    client.write_all(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")?;

    let server = Server::new(listener, true)?;
    let web = Definition::new("web").init(move |cx: Context<()>| {
        let served = server.serve(&cx, Router::new());
        async { served }
    });
    Registry::builder().isolated().define(web).boot().await?.shutdown().await?;
    let mut answer = String::new();
    client.read_to_string(&mut answer)?;
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    Ok(())
}
