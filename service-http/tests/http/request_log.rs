//! The request log: the span of a request, its event, and its id.

use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use service_core::Result;
use service_http::{RequestLog, Server};

use crate::captured_log::CapturedLog;
use crate::client::Client;
use crate::web::{open, open_with_short_drain};

fn routes() -> Router {
    let id = async |headers: HeaderMap| {
        tracing::info!("inside");
        headers.get("x-request-id").and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned()
    };
    let broken = async || StatusCode::INTERNAL_SERVER_ERROR;
    let endless = async || std::future::pending::<()>().await;
    let routes = Router::new().route("/id", get(id)).route("/broken", get(broken)).route("/endless", get(endless));
    routes.layer(RequestLog)
}

#[tokio::test]
async fn a_request_is_logged_with_its_method_path_id_status_and_duration() -> Result<()> {
    let log = CapturedLog::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let (registry, address) = open(routes()).await?;
    let mut client = Client::connect(address).await?;

    let trace = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n";
    let head = format!("X-Request-Id: abc-1\r\nUser-Agent: {}\r\n{trace}", "a".repeat(200));
    client.send(&format!("GET /id?secret HTTP/1.1\r\nHost: test\r\n{head}\r\n")).await?;
    let answer = client.answer().await?;
    assert_eq!(answer.body, "abc-1");
    assert!(answer.head.contains("x-request-id: abc-1\r\n"), "{}", answer.head);
    let lines = log.take();
    let span = format!(
        "span request method=\"GET\" path=\"/id\" request_id=\"abc-1\" version=HTTP/1.1 client={} user_agent={}… \
         trace_id=\"4bf92f3577b34da6a3ce929d0e0e4736\" parent_id=\"00f067aa0ba902b7\"",
        client.address()?,
        "a".repeat(128)
    );
    assert_eq!(lines[..4], [&*span, "INFO message=inside", "record bytes=5", "record http.status_code=200"]);
    let [record, event] = &lines[4..] else { panic!("{lines:?}") };
    let duration = record.strip_prefix("record duration_ms=").and_then(|it| it.parse::<f64>().ok());
    assert!(duration.is_some_and(|it| it > 0.0), "{record}");
    let expected = "INFO message=answered domain=\"http\" action=\"request\" status=\"success\" http.status_code=200";
    assert_eq!(*event, format!("{expected}{}", &record["record".len()..]));
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn a_missing_or_invalid_id_is_replaced_by_a_unique_one() -> Result<()> {
    let (registry, address) = open(routes()).await?;
    let mut client = Client::connect(address).await?;
    let mut ids = std::collections::BTreeSet::new();
    for header in ["", "X-Request-Id: a b\r\n", &format!("X-Request-Id: {}\r\n", "x".repeat(129))] {
        client.send(&format!("GET /id HTTP/1.1\r\nHost: test\r\n{header}\r\n")).await?;
        let id = client.answer().await?.body;
        assert!(id.len() >= 10 && id.is_ascii() && !id.contains(' '), "{id}");
        ids.insert(id);
    }
    assert_eq!(ids.len(), 3);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn a_server_error_is_a_warning_and_a_disconnect_is_logged() -> Result<()> {
    let log = CapturedLog::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let server = Server::bind("127.0.0.1:0").await?.half_closed_timeout(Duration::from_millis(100));
    let mut client = Client::connect(server.address()).await?;
    let registry = open_with_short_drain(server, routes()).await?;
    assert_eq!(client.get("/broken").await?.status, 500);
    let answered =
        "WARN message=answered domain=\"http\" action=\"request\" status=\"error\" http.status_code=500 duration_ms=";
    assert!(log.take().iter().any(|line| line.starts_with(answered)));

    client.send("GET /endless HTTP/1.1\r\nHost: test\r\n\r\n").await?;
    while log.take().is_empty() {
        tokio::task::yield_now().await;
    }
    drop(client);
    let not_answered = |line: &String| {
        line.starts_with("INFO message=not answered") && line.contains("action=\"request\" status=\"cancelled\"")
    };
    while !log.take().iter().any(not_answered) {
        tokio::task::yield_now().await;
    }
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn what_a_client_sends_is_shortened_and_a_panic_is_an_error_with_its_request() -> Result<()> {
    let log = CapturedLog::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let panics = get(|| async { panic!("seeded") as &'static str });
    let (registry, address) = open(Router::new().route("/panics", panics).layer(RequestLog)).await?;
    let mut client = Client::connect(address).await?;
    assert_eq!(client.get(&format!("/{}", "p".repeat(300))).await?.status, 404);
    let lines = log.take();
    assert!(lines[0].contains(&format!("path=\"/{}…\" ", "p".repeat(255))), "{lines:?}");
    assert_eq!(client.get("/panics").await?.status, 500);
    let error = "ERROR message=the handler panicked domain=\"http\" action=\"request\" status=\"error\"";
    assert!(log.take().iter().any(|line| line.starts_with(error)));
    registry.shutdown().await?;
    Ok(())
}
