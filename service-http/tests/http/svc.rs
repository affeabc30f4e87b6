//! A service as an argument of a handler: 503 until the service is ready. No request waits for a boot.

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
    release: Notify,
}

/// Boots when it is first requested, and is ready when the latch is released.
#[service(lazy, requires = [Latch])]
struct Reports;

impl Lifecycle for Reports {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        cx.get::<Latch>().release.notified().await;
        Ok(Self)
    }
}

impl Reports {
    #[guarded(refuse)]
    async fn count() -> Result<u32, NotReady> {
        Ok(3)
    }
}

/// Fails to boot. It is optional, so the boot of the registry succeeds.
#[service(lazy, optional)]
struct Maps;

impl Lifecycle for Maps {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        Err("the password is 1234".into())
    }
}

trait Mail: Send + Sync {
    fn to(&self) -> &'static str;
}

/// Boots when it is first requested through its trait.
#[service(lazy, autowire, provides = [dyn Mail])]
struct Smtp;

impl Mail for Smtp {
    fn to(&self) -> &'static str {
        "everybody"
    }
}

struct Outbox;

impl Mail for Outbox {
    fn to(&self) -> &'static str {
        "the test"
    }
}

/// Not a service.
struct Plain;

async fn mail(mail: Svc<dyn Mail>) -> &'static str {
    mail.clone().to()
}

async fn plain(_: Svc<Plain>) -> &'static str {
    "here"
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
    let more = Router::new().route("/mail", get(mail)).route("/plain", get(plain));
    more.route("/reports", get(reports)).route("/count", get(count)).route("/maps", get(maps))
}

fn assert_unavailable(answer: &Answer, error: &str) {
    assert_eq!(answer.body, format!(r#"{{"status": "unhealthy", "error": "{error}"}}"#));
    assert_eq!(answer.status, 503);
    assert!(answer.head.contains("retry-after: 1\r\n"), "{}", answer.head);
    assert!(answer.head.contains("content-type: application/json\r\n"), "{}", answer.head);
}

#[tokio::test]
async fn the_first_request_starts_the_boot_of_a_lazy_service_and_is_503_until_it_is_ready() -> Result<()> {
    let latch = Arc::new(Latch { release: Notify::new() });
    let registry = builder(routes()).replace::<Latch>(latch.clone()).boot().await?;
    let address = address(&registry);
    assert_unavailable(&client::get(address, "/count").await?, "Reports is not ready: it is idle");
    let first = client::get(address, "/reports").await?;
    assert_eq!(first.status, 503);
    // The first response contains the state before or after the boot began. Since then it has begun.
    registry.events();
    assert_unavailable(&client::get(address, "/reports").await?, "Reports is not ready: it is starting");
    latch.release.notify_one();
    registry.wait_ready::<Reports>().await?;
    assert_eq!(client::get(address, "/reports").await?.body, "here");
    assert_eq!(client::get(address, "/count").await?.body, "3");
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn a_failed_service_is_503_and_the_response_does_not_contain_the_cause() -> Result<()> {
    let registry = builder(routes()).with::<Maps>().boot().await?;
    assert_unavailable(&client::get(address(&registry), "/maps").await?, "Maps is not ready: it is failed");
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn a_service_that_the_registry_does_not_have_is_500() -> Result<()> {
    let registry = builder(routes()).only::<crate::web::Web>().boot().await?;
    let answer = client::get(address(&registry), "/maps").await?;
    assert_eq!(answer.status, 500);
    assert_eq!(answer.body, r#"{"status": "unhealthy", "error": "Maps cannot be had"}"#);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn a_lazy_service_that_no_handler_requests_is_not_booted() -> Result<()> {
    let (registry, address) = open(Router::new()).await?;
    assert_eq!(client::get(address, "/maps").await?.status, 404);
    assert_eq!(registry.state::<Maps>(), service_core::State::Idle);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn a_handler_gets_the_service_that_provides_a_trait_or_its_replacement() -> Result<()> {
    let registry = builder(routes()).with::<Smtp>().boot().await?;
    assert_eq!(client::get(address(&registry), "/mail").await?.body, "everybody");
    registry.shutdown().await?;

    let registry = builder(routes()).replace_dyn::<dyn Mail>(Arc::new(Outbox)).boot().await?;
    assert_eq!(client::get(address(&registry), "/mail").await?.body, "the test");
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn a_trait_that_no_service_provides_and_a_type_that_is_no_service_are_500() -> Result<()> {
    let registry = builder(routes()).only::<crate::web::Web>().boot().await?;
    for (path, name) in [("/mail", "Mail"), ("/plain", "Plain")] {
        let answer = client::get(address(&registry), path).await?;
        assert_eq!(answer.status, 500);
        assert_eq!(answer.body, format!(r#"{{"status": "unhealthy", "error": "{name} cannot be had"}}"#));
    }
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn the_first_request_for_a_trait_starts_the_lazy_service_that_provides_it() -> Result<()> {
    let (registry, address) = open(routes()).await?;
    assert_eq!(registry.state::<Smtp>(), service_core::State::Idle);
    let _ = client::get(address, "/mail").await?; // 200 or 503, whichever is first
    registry.events();
    assert_ne!(registry.state::<Smtp>(), service_core::State::Idle);
    registry.wait_ready::<Smtp>().await?;
    assert_eq!(client::get(address, "/mail").await?.body, "everybody");
    registry.shutdown().await?;
    Ok(())
}
