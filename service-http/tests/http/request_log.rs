//! What the log of a request says.

use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use service_core::Result;
use service_http::RequestLog;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::client::Client;
use crate::web::open;

/// Every span of a request and every event in one, as one text: its fields.
#[derive(Clone, Default)]
struct Seen {
    lines: Arc<Mutex<Vec<String>>>,
    spans: Arc<AtomicU64>,
}

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0 += &format!(" {}={value:?}", field.name());
    }
}

impl Seen {
    fn note(&self, head: String, record: impl FnOnce(&mut Fields)) {
        let mut fields = Fields(head);
        record(&mut fields);
        self.lines.lock().expect("nobody panics").push(fields.0);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.lines.lock().expect("nobody panics"))
    }
}

impl Subscriber for Seen {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("service_http") || metadata.target() == "http::request_log"
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.note(format!("span {}", span.metadata().name()), |fields| span.record(fields));
        Id::from_u64(self.spans.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        self.note("record".to_owned(), |fields| values.record(fields));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        self.note(event.metadata().level().to_string(), |fields| event.record(fields));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

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
async fn a_request_has_its_method_path_status_duration_and_id() -> Result<()> {
    let seen = Seen::default();
    let _guard = tracing::subscriber::set_default(seen.clone());
    let (registry, address) = open(routes()).await?;
    let mut client = Client::connect(address).await?;

    client.send("GET /id?secret HTTP/1.1\r\nHost: test\r\nX-Request-Id: abc-1\r\n\r\n").await?;
    let answer = client.answer().await?;
    assert_eq!(answer.body, "abc-1");
    assert!(answer.head.contains("x-request-id: abc-1\r\n"), "{}", answer.head);
    let lines = seen.take();
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
async fn an_id_that_is_missing_or_unfit_is_made_and_never_twice() -> Result<()> {
    let (registry, address) = open(routes()).await?;
    let mut client = Client::connect(address).await?;
    let mut ids = std::collections::BTreeSet::new();
    for unfit in ["", "X-Request-Id: a b\r\n", &format!("X-Request-Id: {}\r\n", "x".repeat(129))] {
        client.send(&format!("GET /id HTTP/1.1\r\nHost: test\r\n{unfit}\r\n")).await?;
        let id = client.answer().await?.body;
        assert!(id.len() >= 10 && id.is_ascii() && !id.contains(' '), "{id}");
        ids.insert(id);
    }
    assert_eq!(ids.len(), 3);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn what_fails_warns_and_what_nobody_waits_for_says_so() -> Result<()> {
    let seen = Seen::default();
    let _guard = tracing::subscriber::set_default(seen.clone());
    let (registry, address) = open(routes()).await?;
    let mut client = Client::connect(address).await?;
    assert_eq!(client.get("/broken").await?.status, 500);
    assert!(seen.take().iter().any(|line| line.starts_with("WARN message=answered status=500 duration_ms=")));

    client.send("GET /endless HTTP/1.1\r\nHost: test\r\n\r\n").await?;
    while seen.take().is_empty() {
        tokio::task::yield_now().await;
    }
    drop(client);
    while !seen.take().iter().any(|line| line.starts_with("INFO message=not answered")) {
        tokio::task::yield_now().await;
    }
    registry.shutdown().await?;
    Ok(())
}
