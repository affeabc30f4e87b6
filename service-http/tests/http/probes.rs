//! What an orchestrator sees: while it boots, when it is up, when somebody is ill, and on the way down.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use service_core::{Builder, Context, Health, Lifecycle, Registry, Result, service};
use tokio::sync::{Notify, watch};

use crate::client::{self, Answer};
use crate::web::{address, builder};

/// What the tests turn, and are told.
#[service(lazy, autowire)]
struct Switches {
    come_up: Notify,
    go_down: Notify,
    is_ill: AtomicBool,
    hangs: AtomicBool,
    listens: watch::Sender<Option<SocketAddr>>,
}

/// On a listener of its own.
#[service(lazy, requires = [Switches])]
struct Probes;

impl Lifecycle for Probes {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let address = service_http::serve_probes(cx, "127.0.0.1:0").await?;
        cx.get::<Switches>().listens.send_replace(Some(address));
        Ok(Self)
    }
}

/// Comes up, is ill and goes down as the switches say.
#[service(lazy, requires = [Switches], tags = ["a b"], health_timeout = "100ms")]
struct Db {
    switches: Arc<Switches>,
}

impl Lifecycle for Db {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let switches = cx.get::<Switches>();
        switches.come_up.notified().await;
        Ok(Self { switches })
    }

    async fn health(&self) -> Health {
        if self.switches.hangs.load(Ordering::Acquire) {
            std::future::pending::<()>().await;
        }
        if self.switches.is_ill.load(Ordering::Acquire) { Health::unhealthy("no \"disk\"") } else { Health::Healthy }
    }

    async fn shutdown(&self, _cx: &Context<Self>) -> Result<()> {
        self.switches.go_down.notified().await;
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

fn switched() -> (Builder, Arc<Switches>) {
    let switches = Arc::new(Switches {
        come_up: Notify::new(),
        go_down: Notify::new(),
        is_ill: AtomicBool::new(false),
        hangs: AtomicBool::new(false),
        listens: watch::Sender::new(None),
    });
    let builder = Registry::builder().isolated().with::<Probes>().with::<Api>();
    (builder.replace::<Switches>(switches.clone()), switches)
}

async fn listening(switches: &Switches) -> Result<SocketAddr> {
    let mut listens = switches.listens.subscribe();
    let address = listens.wait_for(Option::is_some).await?;
    Ok(address.ok_or("it listens")?)
}

/// The statuses of `/startupz`, `/livez` and `/readyz`.
async fn statuses(address: SocketAddr) -> Result<[u16; 3]> {
    let mut statuses = [0; 3];
    for (status, path) in statuses.iter_mut().zip(["/startupz", "/livez", "/readyz"]) {
        *status = client::get(address, path).await?.status;
    }
    Ok(statuses)
}

fn is(answer: &Answer, status: u16, body: &str) {
    assert_eq!((answer.status, &*answer.body), (status, body));
    assert!(answer.head.contains("content-type: application/json\r\n"), "{}", answer.head);
    assert!(answer.head.contains("cache-control: no-store\r\n"), "{}", answer.head);
}

#[tokio::test]
async fn h01_h09_every_probe_is_there_from_before_the_boot_until_after_the_drain() -> Result<()> {
    let (builder, switches) = switched();
    let booting = tokio::spawn(async move { builder.boot().await });
    let address = listening(&switches).await?;
    assert_eq!(statuses(address).await?, [503, 200, 503], "it boots");
    let starting = r#"{"status": "unhealthy", "error": "starting"}"#;
    is(&client::get(address, "/startupz").await?, 503, starting);
    is(&client::get(address, "/readyz").await?, 503, starting);
    assert_eq!(client::get(address, "/healthz").await?.status, 503);

    switches.come_up.notify_one();
    let registry = booting.await??;
    assert_eq!(statuses(address).await?, [200, 200, 200], "it is up");
    is(&client::get(address, "/readyz").await?, 200, r#"{"status": "healthy", "error": null}"#);

    registry.request_shutdown("the test says so");
    let leaving = client::get(address, "/readyz").await?;
    is(&leaving, 503, r#"{"status": "unhealthy", "error": "shutting down"}"#);
    assert_eq!(statuses(address).await?, [200, 200, 503], "it drains");
    switches.go_down.notify_one();
    registry.stopped().await?;
    assert!(client::get(address, "/livez").await.is_err(), "it is down");
    Ok(())
}

#[tokio::test]
async fn h09_the_probes_are_served_in_the_lame_duck_too() -> Result<()> {
    let (builder, switches) = switched();
    switches.come_up.notify_one();
    switches.go_down.notify_one();
    let registry = builder.lame_duck(Duration::from_millis(300)).boot().await?;
    let address = listening(&switches).await?;
    registry.request_shutdown("the test says so");
    assert_eq!(statuses(address).await?, [200, 200, 503]);
    assert!(registry.get::<Api>().is_ok(), "it still serves");
    registry.stopped().await?;
    Ok(())
}

#[tokio::test]
async fn h02_ill_health_turns_readiness_and_health_and_not_liveness() -> Result<()> {
    let (builder, switches) = switched();
    switches.come_up.notify_one();
    switches.go_down.notify_one();
    let registry = builder.boot().await?;
    let address = listening(&switches).await?;
    let health = client::get(address, "/healthz").await?;
    assert!(health.status == 200 && health.body.starts_with(r#"{"status": "healthy", "components": [{"#), "{health:?}");

    switches.is_ill.store(true, Ordering::Release);
    assert_eq!(statuses(address).await?, [200, 200, 503]);
    is(&client::get(address, "/readyz").await?, 503, r#"{"status": "unhealthy", "error": "Db unhealthy"}"#);
    let health = client::get(address, "/healthz").await?;
    assert!(health.status == 503 && health.body.contains(r#""error": "no \"disk\"""#), "{health:?}");
    switches.is_ill.store(false, Ordering::Release);
    assert_eq!(statuses(address).await?, [200, 200, 200]);

    registry.set_unready("warming the cache");
    is(&client::get(address, "/readyz").await?, 503, r#"{"status": "unhealthy", "error": "warming the cache"}"#);
    registry.set_ready();
    registry.set_dead("no hope");
    assert_eq!(statuses(address).await?, [200, 503, 200]);
    is(&client::get(address, "/livez").await?, 503, r#"{"status": "unhealthy", "error": "no hope"}"#);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn h04_a_check_that_hangs_is_answered_for_in_time() -> Result<()> {
    let (builder, switches) = switched();
    switches.come_up.notify_one();
    switches.go_down.notify_one();
    let registry = builder.boot().await?;
    switches.hangs.store(true, Ordering::Release);
    let began = Instant::now();
    let health = client::get(listening(&switches).await?, "/healthz").await?;
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert!(health.status == 503 && health.body.contains("timed out after 100ms"), "{health:?}");
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn health_is_asked_by_tag_and_an_unknown_tag_is_no_good_news() -> Result<()> {
    let (builder, switches) = switched();
    switches.come_up.notify_one();
    switches.go_down.notify_one();
    let registry = builder.boot().await?;
    let address = listening(&switches).await?;
    switches.is_ill.store(true, Ordering::Release);
    for (query, status, names) in [("a%20b", 503, ["Db"]), ("a+b&more", 503, ["Db"]), ("api", 200, ["Api"])] {
        let health = client::get(address, &format!("/healthz?tag={query}")).await?;
        assert_eq!(health.status, status, "{query}: {health:?}");
        let listed: Vec<_> = health.body.split(r#""name": ""#).skip(1).filter_map(|it| it.split('"').next()).collect();
        assert_eq!(listed, names, "{query}");
    }
    let health = client::get(address, "/healthz?more=1&tag=apy").await?;
    let words = "no service that is up or coming up has the tag apy";
    is(&health, 404, &format!(r#"{{"status": "unhealthy", "error": "{words}"}}"#));
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn probes_are_merged_into_a_router_of_ones_own() -> Result<()> {
    let routes = Router::new();
    let registry = builder(routes.clone()).boot().await?;
    let probed = builder(routes.merge(service_http::probes(&registry))).boot().await?;
    assert_eq!(statuses(address(&probed)).await?, [200, 200, 200]);
    registry.shutdown().await?;
    assert_eq!(statuses(address(&probed)).await?, [200, 200, 503], "those of the one that they were made for");
    probed.shutdown().await?;
    Ok(())
}
