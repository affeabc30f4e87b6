//! What HTTP/1.1 asks of a server: half-closed clients, upgrades, `Connection`, `Host`, and requests that are not valid.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{CONNECTION, UPGRADE};
use axum::http::{Response, StatusCode};
use axum::routing::{any, get, post};
use hyper_util::rt::TokioIo;
use service_core::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::captured_log::CapturedLog;
use crate::client::{Client, request};
use crate::handlers::{BlockingHandler, body_length, hello};
use crate::web::{Web, address, builder, open};

#[tokio::test]
async fn a_client_that_has_closed_its_sending_side_gets_its_response() -> Result<()> {
    let (handler, routes) = BlockingHandler::routes();
    let (registry, address) = open(routes).await?;
    let mut client = TcpStream::connect(address).await?;
    client.write_all(request("/slow").as_bytes()).await?;
    client.shutdown().await?;
    handler.entered.notified().await;
    // The server has noticed that the client sends nothing more once it has served this request.
    assert_eq!(Client::connect(address).await?.get("/").await?.status, 200);
    handler.release.notify_one();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await?;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("done"), "{answer}");
    assert!(answer.to_lowercase().contains("connection: close"), "{answer}");

    let mut client = TcpStream::connect(address).await?;
    client.write_all(format!("{}{}", request("/"), request("/missing")).as_bytes()).await?;
    client.shutdown().await?;
    let mut answers = String::new();
    client.read_to_string(&mut answers).await?;
    assert!(answers.contains("HTTP/1.1 200") && answers.contains("HTTP/1.1 404"), "{answers}");
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() -> Result<()> {
    let (registry, address) = open(hello()).await?;
    let mut client = Client::connect(address).await?;
    client.send(&["/", "/missing", "/", "/missing", "/"].map(request).concat()).await?;
    for status in [200, 404, 200, 404, 200] {
        assert_eq!(client.answer().await?.status, status);
    }
    registry.shutdown().await?;
    Ok(())
}

/// Answers with 101, and then echoes what the client sends.
async fn echo(mut request: Request) -> Response<Body> {
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let Ok(upgraded) = upgrade.await else { return };
        let (mut read, mut write) = tokio::io::split(TokioIo::new(upgraded));
        let _ = tokio::io::copy(&mut read, &mut write).await;
    });
    let response = Response::builder().status(StatusCode::SWITCHING_PROTOCOLS);
    response.header(CONNECTION, "upgrade").header(UPGRADE, "echo").body(Body::empty()).expect("it is valid")
}

const UPGRADE_REQUEST: &str = "GET /echo HTTP/1.1\r\nHost: test\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n";

#[tokio::test]
async fn an_upgrade_is_completed_and_in_the_lame_duck_period_refused() -> Result<()> {
    let routes = Router::new().route("/echo", any(echo));
    let registry = builder(routes).lame_duck(std::time::Duration::from_secs(1)).boot().await?;
    let address = address(&registry);
    let (mut client, mut late) = (Client::connect(address).await?, Client::connect(address).await?);
    client.send(UPGRADE_REQUEST).await?;
    let answer = client.answer().await?;
    assert_eq!(answer.status, 101);
    assert!(answer.head.contains("connection: upgrade\r\n"), "{}", answer.head);
    client.send("HTTP/1.1 0 echoed\r\n\r\n").await?;
    assert!(client.answer().await?.head.contains("echoed"));
    let stats = registry.get::<Web>()?.server.stats();
    assert_eq!(stats.connections, 2, "an upgraded connection is still one: {stats:?}");

    registry.request_shutdown("the test requests it");
    late.send(UPGRADE_REQUEST).await?;
    let answer = late.answer().await?;
    assert_eq!(answer.status, 503);
    assert!(answer.head.contains("connection: close\r\n"), "{}", answer.head);
    assert_eq!(late.closed().await?, "");
    registry.stopped().await?;
    Ok(())
}

#[tokio::test]
async fn the_response_before_a_close_says_so() -> Result<()> {
    let routes = hello().route("/read", post(body_length));
    let (registry, address) = open(routes).await?;
    let body = "Content-Length: 5\r\n\r\nhello";
    for (head, status) in [
        ("POST /missing HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\n".to_owned(), 404),
        (format!("POST /missing HTTP/1.1\r\nHost: test\r\n{body}"), 404),
        ("GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n".to_owned(), 200),
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/1.1\r\nHost : test\r\n\r\n".to_owned(), 400),
    ] {
        let mut client = Client::connect(address).await?;
        client.send(&head).await?;
        let answer = client.answer().await?;
        assert_eq!(answer.status, status, "{head}");
        assert!(answer.head.contains("connection: close\r\n"), "{head}: {}", answer.head);
        assert_eq!(client.closed().await?, "", "{head}");
    }
    let mut client = Client::connect(address).await?;
    client.send(&format!("POST /read HTTP/1.1\r\nHost: test\r\n{body}")).await?;
    let answer = client.answer().await?;
    assert!(!answer.head.contains("connection:") && answer.body == "5", "{answer:?}");
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn a_connection_of_http_1_0_stays_open_only_on_request() -> Result<()> {
    let (registry, address) = open(hello()).await?;
    let mut client = Client::connect(address).await?;
    for _ in 0..2 {
        client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").await?;
        let answer = client.answer().await?;
        assert!(answer.status == 200 && answer.head.contains("connection: keep-alive\r\n"), "{answer:?}");
    }
    client.send("GET / HTTP/1.0\r\n\r\n").await?;
    let answer = client.answer().await?;
    assert!(answer.status == 200 && !answer.head.contains("keep-alive"), "{answer:?}");
    assert_eq!(client.closed().await?, "");
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn the_host_is_that_of_rfc_9112() -> Result<()> {
    let (registry, address) = open(hello()).await?;
    for (head, status) in [
        ("GET / HTTP/1.1\r\nHost: a.example:80\r\n\r\n", 200),
        ("GET / HTTP/1.1\r\nHost:\r\n\r\n", 200),
        ("GET http://b.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n", 200),
        ("GET / HTTP/1.0\r\n\r\n", 200),
        ("GET http://b.example/ HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a.example\r\nHost: a.example\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: user@a.example\r\n\r\n", 400),
        ("GET / HTTP/1.0\r\nHost: a b\r\n\r\n", 400),
    ] {
        let mut client = Client::connect(address).await?;
        client.send(head).await?;
        assert_eq!(client.answer().await?.status, status, "{head}");
    }
    assert_eq!(registry.get::<Web>()?.server.stats().refused, 4);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn a_request_that_is_not_valid_is_answered_logged_and_counted() -> Result<()> {
    let log = CapturedLog::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let (registry, address) = open(Router::new().route("/", get(async || "hello"))).await?;
    let many = "X: x\r\n".repeat(101);
    for (head, answer, event) in [
        (
            "G(T / HTTP/1.1\r\n\r\n".to_owned(),
            "400",
            "http.status_code=400 message=refused a request: invalid HTTP method parsed",
        ),
        (format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(70_000)), "414", "http.status_code=414"),
        (format!("GET / HTTP/1.1\r\nHost: test\r\n{many}\r\n"), "431", "http.status_code=431"),
        (format!("GET / HTTP/1.1\r\nHost: test\r\nX: {}", "x".repeat(1 << 20)), "431", "http.status_code=431"),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), "", "refused a request"),
    ] {
        let mut client = Client::connect(address).await?;
        // The server may stop reading before it has everything.
        let _ = client.send(&head).await;
        let text = client.closed().await?;
        assert_eq!(text.split(' ').nth(1).unwrap_or_default(), answer, "{text}");
        // The server reads what the client still sends, so that the client can read the answer.
        drop(client);
        let line = loop {
            if let [line] = &*log.take() {
                break line.clone();
            }
            tokio::task::yield_now().await;
        };
        let is_event = line.starts_with("WARN") && event.split(" message=").all(|part| line.contains(part));
        assert!(is_event, "{line}");
    }
    assert_eq!(registry.get::<Web>()?.server.stats().refused, 5);
    registry.shutdown().await?;
    Ok(())
}
