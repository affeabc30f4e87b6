use std::io::{Read, Write};
use std::net::TcpStream;

use service_core::{Definition, Registry};
use socket2::{SockFilter, SockRef};

use super::socket_options::refuse_connections;
use super::*;

/// Serves no routes on this listener until the registry shuts down.
async fn serve(listener: TcpListener) -> Result<Registry> {
    let server = Server::new(listener, true)?;
    let web = Definition::new("web").init(move |cx: Context<()>| {
        let served = server.serve(&cx, Router::new());
        async { served }
    });
    Ok(Registry::builder().isolated().define(web).boot().await?)
}

/// Makes the kernel drop all packets to this listener that are not the first of a connection (SYN). Only a process with
/// `CAP_NET_ADMIN` may.
fn drop_handshakes(listener: &impl std::os::fd::AsFd) -> io::Result<()> {
    // A program of the kernel's classic packet filter: load the flags of the TCP header, keep SYN and ACK, compare.
    let program = [
        SockFilter::new(0x30, 0, 0, 13),
        SockFilter::new(0x54, 0, 0, 0x12),
        SockFilter::new(0x15, 0, 1, 0x02),
        SockFilter::new(0x06, 0, 0, u32::MAX),
        SockFilter::new(0x06, 0, 0, 0),
    ];
    SockRef::from(listener).attach_filter(&program)
}

#[tokio::test]
async fn a_client_whose_packets_a_full_backlog_dropped_is_answered() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let same = listener.into_std()?;
    let listener = TcpListener::from_std(same.try_clone()?)?;
    // Simulates a full backlog: the client regards itself as connected, but the kernel drops what it sends.
    match drop_handshakes(&same) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    let mut client = TcpStream::connect(address)?;
    client.write_all(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")?;

    SockRef::from(&same).detach_filter()?;
    drop(same);

    // The client's kernel sends the packets again 200 ms later.
    serve(listener).await?.shutdown().await?;
    let mut answer = String::new();
    client.read_to_string(&mut answer)?;
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    Ok(())
}

#[tokio::test]
async fn a_listener_that_refuses_connections_still_returns_those_of_its_backlog() -> Result<()> {
    for address in ["127.0.0.1:0", "[::1]:0"] {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let mut client = TcpStream::connect(address)?;
        refuse_connections(&listener)?;
        let error = TcpStream::connect(address).expect_err("it refuses connections");
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        let (accepted, _) = listener.accept().await?;
        client.write_all(b"sent")?;
        accepted.readable().await?;
        let mut read = [0; 8];
        assert_eq!(accepted.try_read(&mut read)?, 4);
    }
    Ok(())
}
