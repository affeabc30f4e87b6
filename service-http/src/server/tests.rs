use std::io::{Read, Write};
use std::net::TcpStream;

use service_core::{Definition, Registry};

use super::*;

#[tokio::test]
async fn whom_a_full_queue_has_dropped_is_answered() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    // As a full queue has it: the client is connected as it sees it, and what it sends is dropped until the door is barred.
    assert!(queue::filter(&listener, queue::PASS, queue::DROP));
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
