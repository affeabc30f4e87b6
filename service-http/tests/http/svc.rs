//! A service as an argument: 503 until it is ready, and never a request that waits for a boot.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use service_core::{Context, Lifecycle, NotReady, Result, guarded, service};
use service_http::{Svc, Unavailable};
use tokio::sync::Notify;

use crate::client::{self, Answer};
use crate::web::{address, builder, open};

#[service(lazy, autowire)]
struct Latch {
    go: Notify,
}

/// Comes up with the first who asks, when the latch is opened.
#[service(lazy, requires = [Latch])]
struct Reports;

impl Lifecycle for Reports {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        cx.get::<Latch>().go.notified().await;
        Ok(Self)
    }
}

impl Reports {
    #[guarded(refuse)]
    async fn count() -> Result<u32, NotReady> {
        Ok(3)
    }
}

/// Never comes up, and the boot does not mind.
#[service(lazy, optional)]
struct Maps;

impl Lifecycle for Maps {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        Err("the password is 1234".into())
    }
}

async fn reports(_: Svc<Reports>) -> &'static str {
    "here"
}

async fn count() -> Result<String, Unavailable> {
    Ok(Reports::count().await?.to_string())
}

async fn maps(_: Svc<Maps>) -> &'static str {
    "here"
}

fn routes() -> Router {
    Router::new().route("/reports", get(reports)).route("/count", get(count)).route("/maps", get(maps))
}

fn is_later(answer: &Answer, words: &str) {
    assert_eq!(answer.body, format!(r#"{{"status": "unhealthy", "error": "{words}"}}"#));
    assert_eq!(answer.status, 503);
    assert!(answer.head.contains("retry-after: 1\r\n"), "{}", answer.head);
    assert!(answer.head.contains("content-type: application/json\r\n"), "{}", answer.head);
}

#[tokio::test]
async fn a_lazy_service_is_503_until_it_is_ready_and_the_first_who_asks_begins_its_boot() -> Result<()> {
    let latch = Arc::new(Latch { go: Notify::new() });
    let registry = builder(routes()).replace::<Latch>(latch.clone()).boot().await?;
    let address = address(&registry);
    is_later(&client::get(address, "/count").await?, "Reports is not ready: it is idle");
    let first = client::get(address, "/reports").await?;
    assert_eq!(first.status, 503);
    registry.events(); // whatever the first was told, the boot has begun by now
    is_later(&client::get(address, "/reports").await?, "Reports is not ready: it is starting");
    latch.go.notify_one();
    registry.wait_ready::<Reports>().await?;
    assert_eq!(client::get(address, "/reports").await?.body, "here");
    assert_eq!(client::get(address, "/count").await?.body, "3");
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn one_that_failed_is_503_and_keeps_the_reason_to_itself() -> Result<()> {
    let registry = builder(routes()).with::<Maps>().boot().await?;
    is_later(&client::get(address(&registry), "/maps").await?, "Maps is not ready: it is failed");
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn one_that_the_registry_does_not_have_is_500() -> Result<()> {
    let registry = builder(routes()).only::<crate::web::Web>().boot().await?;
    let answer = client::get(address(&registry), "/maps").await?;
    assert_eq!(answer.status, 500);
    assert_eq!(answer.body, r#"{"status": "unhealthy", "error": "Maps cannot be had"}"#);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn what_is_not_asked_for_is_not_booted() -> Result<()> {
    let (registry, address) = open(Router::new()).await?;
    assert_eq!(client::get(address, "/maps").await?.status, 404);
    assert_eq!(registry.state::<Maps>(), service_core::State::Idle);
    registry.shutdown().await?;
    Ok(())
}
