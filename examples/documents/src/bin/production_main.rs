//! The main function of a service in production: components with health checks, probes, a cooperative worker, named background tasks,
//! and a shutdown that first drains and then cleans up, on SIGTERM or ctrl-c.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use service_core::{Context, Health, Lifecycle, Registry, Result, service};
use service_toolkit::ExitStack;
use tokio::time::sleep;

/// Starts first and stops last, so that the probes answer during the whole life of the program.
#[service]
struct Probes;

impl Lifecycle for Probes {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        println!("probes at http://{}", service_http::serve_probes(cx, "127.0.0.1:0").await?);
        Ok(Self)
    }
}

#[service(health_timeout = "1s")]
struct Database {
    queries: AtomicU32,
}

impl Lifecycle for Database {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        println!("database connected");
        Ok(Self { queries: AtomicU32::new(0) })
    }

    async fn health(&self) -> Health {
        Health::from_result(self.execute("SELECT 1").await)
    }

    async fn shutdown(&self, _cx: &Context<Self>) -> Result<()> {
        println!("database closed");
        Ok(())
    }
}

#[service(health_timeout = "1s")]
struct Redis;

impl Lifecycle for Redis {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        println!("redis connected");
        Ok(Self)
    }

    async fn health(&self) -> Health {
        Health::degraded("one of three replicas is behind")
    }

    async fn shutdown(&self, _cx: &Context<Self>) -> Result<()> {
        println!("redis closed");
        Ok(())
    }
}

#[service(requires = [Database, Redis], drain_timeout = "30s")]
struct Worker {
    cx: Context<Self>,
    database: Arc<Database>,
}

impl Lifecycle for Worker {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let worker = Self { cx: cx.clone(), database: cx.get() };
        worker.database.execute("SELECT * FROM settings").await?; // a warm-up, before the program is ready
        Ok(worker)
    }

    async fn start(self: Arc<Self>, cx: &Context<Self>) -> Result<()> {
        let tasks = cx.tasks();
        assert!(tasks.spawn_unique("items", self.clone().work()));
        assert!(!tasks.spawn_unique("items", self.clone().work()), "a task with this name is running");
        let refreshed = AtomicU32::new(0);
        tasks.periodic("refresh", Duration::from_secs(60), move || {
            println!("refresh {}", refreshed.fetch_add(1, Ordering::Relaxed) + 1);
            std::future::ready(())
        });
        let watcher = cx.clone();
        tasks.spawn("watcher", async move { watcher.stopping().cancelled().await });
        println!("watchers aborted: {}", tasks.stop("watcher", Duration::from_secs(10)).await);
        Ok(())
    }
}

impl Database {
    async fn execute(&self, _query: &str) -> Result<u32> {
        sleep(Duration::from_millis(5)).await;
        Ok(self.queries.fetch_add(1, Ordering::Relaxed))
    }
}

impl Worker {
    /// Works until the service stops. The item that is in progress then is finished first.
    async fn work(self: Arc<Self>) -> Result<()> {
        for item in 1.. {
            self.process(item).await?;
            println!("item {item} done");
            if !self.cx.sleep(Duration::from_secs(3600)).await {
                break;
            }
        }
        println!("worker finished");
        Ok(())
    }

    /// Flushes and closes what it acquires, in this order, also if it fails or is cancelled.
    async fn process(&self, item: u32) -> Result<()> {
        ExitStack::scope(&self.cx, "item", async |stack| {
            stack.push("file", async { println!("file closed") });
            stack.push("buffer", async { println!("buffer flushed") });
            self.database.execute(&format!("UPDATE items SET done = true WHERE id = {item}")).await?;
            Ok(())
        })
        .await
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let registry = Registry::builder().signals(true).lame_duck(Duration::from_secs(1)).boot().await?;
    println!("ready for traffic: {}", registry.is_ready());
    let draining = registry.get::<Worker>()?.cx.shutdown_requested();
    registry.spawn(async move {
        draining.cancelled().await;
        println!("draining");
    });
    println!("{}", registry.run().await?.reason);
    Ok(())
}
