//! The probes while a registry boots, is up, has an unhealthy service, and shuts down.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use service_core::{Builder, Context, Health, Lifecycle, Registry, Result, service};
use tokio::sync::{Notify, watch};

use crate::client::{self, Answer};
use crate::web::{address, builder};

/// Lets a test control the services, and learn the address of the probes.
#[service(lazy, autowire)]
struct Switches {
    finish_init: Notify,
    finish_shutdown: Notify,
    is_unhealthy: AtomicBool,
    hangs: AtomicBool,
    address: watch::Sender<Option<SocketAddr>>,
}

/// Serves the probes on a separate listener.
#[service(lazy, requires = [Switches])]
struct Probes;

impl Lifecycle for Probes {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let address = service_http::serve_probes(cx, "127.0.0.1:0").await?;
        cx.get::<Switches>().address.send_replace(Some(address));
        Ok(Self)
    }
}

/// Starts, is unhealthy and stops as the switches say.
#[service(lazy, requires = [Switches], tags = ["a b"], health_timeout = "100ms")]
struct Db {
    switches: Arc<Switches>,
}

impl Lifecycle for Db {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let switches = cx.get::<Switches>();
        switches.finish_init.notified().await;
        Ok(Self { switches })
    }

    async fn health(&self) -> Health {
        if self.switches.hangs.load(Ordering::Acquire) {
            std::future::pending::<()>().await;
        }
        if self.switches.is_unhealthy.load(Ordering::Acquire) {
            Health::unhealthy("no \"disk\"")
        } else {
            Health::Healthy
        }
    }

    async fn shutdown(&self, _cx: &Context<Self>) -> Result<()> {
        self.switches.finish_shutdown.notified().await;
        Ok(())
    }
}

#[service(lazy, requires = [Db], tags = ["api"])]
struct Api;

impl Lifecycle for Api {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        Ok(Self)
    }
}

fn controlled() -> (Builder, Arc<Switches>) {
    let switches = Arc::new(Switches {
        finish_init: Notify::new(),
        finish_shutdown: Notify::new(),
        is_unhealthy: AtomicBool::new(false),
        hangs: AtomicBool::new(false),
        address: watch::Sender::new(None),
    });
    let builder = Registry::builder().isolated().with::<Probes>().with::<Api>();
    (builder.replace::<Switches>(switches.clone()), switches)
}

async fn probe_address(switches: &Switches) -> Result<SocketAddr> {
    let mut address = switches.address.subscribe();
    let address = address.wait_for(Option::is_some).await?;
    Ok(address.ok_or("the probes have an address")?)
}

/// The statuses of `/startupz`, `/livez` and `/readyz`.
async fn statuses(address: SocketAddr) -> Result<[u16; 3]> {
    let mut statuses = [0; 3];
    for (status, path) in statuses.iter_mut().zip(["/startupz", "/livez", "/readyz"]) {
        *status = client::get(address, path).await?.status;
    }
    Ok(statuses)
}

fn assert_answer(answer: &Answer, status: u16, body: &str) {
    assert_eq!((answer.status, &*answer.body), (status, body));
    assert!(answer.head.contains("content-type: application/json\r\n"), "{}", answer.head);
    assert!(answer.head.contains("cache-control: no-store\r\n"), "{}", answer.head);
}

// shows: H01, H09
#[tokio::test]
async fn the_probes_are_served_from_before_the_boot_until_after_the_drain() -> Result<()> {
    let (builder, switches) = controlled();
    let booting = tokio::spawn(async move { builder.boot().await });
    let address = probe_address(&switches).await?;
    assert_eq!(statuses(address).await?, [503, 200, 503], "the registry boots");
    let starting = r#"{"status": "unhealthy", "error": "starting"}"#;
    assert_answer(&client::get(address, "/startupz").await?, 503, starting);
    assert_answer(&client::get(address, "/readyz").await?, 503, starting);
    assert_eq!(client::get(address, "/healthz").await?.status, 503);

    switches.finish_init.notify_one();
    let registry = booting.await??;
    assert_eq!(statuses(address).await?, [200, 200, 200], "the registry is up");
    assert_answer(&client::get(address, "/readyz").await?, 200, r#"{"status": "healthy", "error": null}"#);

    registry.request_shutdown("the test requests it");
    let draining = client::get(address, "/readyz").await?;
    assert_answer(&draining, 503, r#"{"status": "unhealthy", "error": "shutting down"}"#);
    assert_eq!(statuses(address).await?, [200, 200, 503], "the registry drains");
    switches.finish_shutdown.notify_one();
    registry.stopped().await?;
    assert!(client::get(address, "/livez").await.is_err(), "the registry has stopped");
    Ok(())
}

// shows: H09
#[tokio::test]
async fn the_probes_are_served_in_the_lame_duck_period() -> Result<()> {
    let (builder, switches) = controlled();
    switches.finish_init.notify_one();
    switches.finish_shutdown.notify_one();
    let registry = builder.lame_duck(Duration::from_millis(300)).boot().await?;
    let address = probe_address(&switches).await?;
    registry.request_shutdown("the test requests it");
    assert_eq!(statuses(address).await?, [200, 200, 503]);
    assert!(registry.get::<Api>().is_ok(), "services are still available");
    registry.stopped().await?;
    Ok(())
}

// shows: H02
#[tokio::test]
async fn an_unhealthy_service_changes_readiness_and_health_but_not_liveness() -> Result<()> {
    let (builder, switches) = controlled();
    switches.finish_init.notify_one();
    switches.finish_shutdown.notify_one();
    let registry = builder.boot().await?;
    let address = probe_address(&switches).await?;
    let health = client::get(address, "/healthz").await?;
    assert!(health.status == 200 && health.body.starts_with(r#"{"status": "healthy", "components": [{"#), "{health:?}");

    switches.is_unhealthy.store(true, Ordering::Release);
    assert_eq!(statuses(address).await?, [200, 200, 503]);
    assert_answer(&client::get(address, "/readyz").await?, 503, r#"{"status": "unhealthy", "error": "Db unhealthy"}"#);
    let health = client::get(address, "/healthz").await?;
    assert!(health.status == 503 && health.body.contains(r#""error": "no \"disk\"""#), "{health:?}");
    switches.is_unhealthy.store(false, Ordering::Release);
    assert_eq!(statuses(address).await?, [200, 200, 200]);

    registry.set_unready("warming the cache");
    assert_answer(
        &client::get(address, "/readyz").await?,
        503,
        r#"{"status": "unhealthy", "error": "warming the cache"}"#,
    );
    registry.set_ready();
    registry.set_dead("deadlock");
    assert_eq!(statuses(address).await?, [200, 503, 200]);
    assert_answer(&client::get(address, "/livez").await?, 503, r#"{"status": "unhealthy", "error": "deadlock"}"#);
    registry.shutdown().await?;
    Ok(())
}

// shows: H04
#[tokio::test]
async fn a_health_check_that_hangs_is_reported_in_time() -> Result<()> {
    let (builder, switches) = controlled();
    switches.finish_init.notify_one();
    switches.finish_shutdown.notify_one();
    let registry = builder.boot().await?;
    switches.hangs.store(true, Ordering::Release);
    let started = Instant::now();
    let health = client::get(probe_address(&switches).await?, "/healthz").await?;
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    assert!(health.status == 503 && health.body.contains("timed out after 100ms"), "{health:?}");
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn health_can_be_requested_by_tag_and_an_unknown_tag_is_a_404() -> Result<()> {
    let (builder, switches) = controlled();
    switches.finish_init.notify_one();
    switches.finish_shutdown.notify_one();
    let registry = builder.boot().await?;
    let address = probe_address(&switches).await?;
    switches.is_unhealthy.store(true, Ordering::Release);
    for (query, status, names) in [("a%20b", 503, ["Db"]), ("a+b&more", 503, ["Db"]), ("api", 200, ["Api"])] {
        let health = client::get(address, &format!("/healthz?tag={query}")).await?;
        assert_eq!(health.status, status, "{query}: {health:?}");
        let listed: Vec<_> = health.body.split(r#""name": ""#).skip(1).filter_map(|it| it.split('"').next()).collect();
        assert_eq!(listed, names, "{query}");
    }
    let health = client::get(address, "/healthz?more=1&tag=apy").await?;
    let error = "no service that is up or coming up has the tag apy";
    assert_answer(&health, 404, &format!(r#"{{"status": "unhealthy", "error": "{error}"}}"#));
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn the_probes_can_be_merged_into_another_router() -> Result<()> {
    let routes = Router::new();
    let registry = builder(routes.clone()).boot().await?;
    let probing = builder(routes.merge(service_http::probes(&registry))).boot().await?;
    assert_eq!(statuses(address(&probing)).await?, [200, 200, 200]);
    registry.shutdown().await?;
    assert_eq!(
        statuses(address(&probing)).await?,
        [200, 200, 503],
        "the probes describe the registry that they were created for"
    );
    probing.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn the_probes_can_be_merged_into_a_router_with_a_state() -> Result<()> {
    let (registry, _) = crate::web::open(Router::new()).await?;
    let routes = Router::new().route("/name", axum::routing::get(async |State(name): State<&'static str>| name));
    let routes: Router = routes.merge(service_http::probes(&registry)).with_state("Ada");
    let (probing, address) = crate::web::open(routes).await?;
    assert_eq!(client::get(address, "/name").await?.body, "Ada");
    assert_eq!(statuses(address).await?, [200, 200, 200]);
    registry.shutdown().await?;
    probing.shutdown().await?;
    Ok(())
}
