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

    client.send("GET /id?secret HTTP/1.1\r\nHost: test\r\nX-Request-Id: abc-1\r\n\r\n").await?;
    let answer = client.answer().await?;
    assert_eq!(answer.body, "abc-1");
    assert!(answer.head.contains("x-request-id: abc-1\r\n"), "{}", answer.head);
    let lines = log.take();
    assert_eq!(
        lines[..3],
        ["span request method=GET path=\"/id\" request_id=\"abc-1\"", "INFO message=inside", "record status=200",]
    );
    let [record, event] = &lines[3..] else { panic!("{lines:?}") };
    let duration = record.strip_prefix("record duration_ms=").and_then(|it| it.parse::<f64>().ok());
    assert!(duration.is_some_and(|it| it > 0.0), "{record}");
    assert_eq!(*event, format!("INFO message=answered status=200{}", &record["record".len()..]));
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
    assert!(log.take().iter().any(|line| line.starts_with("WARN message=answered status=500 duration_ms=")));

    client.send("GET /endless HTTP/1.1\r\nHost: test\r\n\r\n").await?;
    while log.take().is_empty() {
        tokio::task::yield_now().await;
    }
    drop(client);
    while !log.take().iter().any(|line| line.starts_with("INFO message=not answered")) {
        tokio::task::yield_now().await;
    }
    registry.shutdown().await?;
    Ok(())
}
