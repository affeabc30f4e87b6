//! A tour of the patterns: operations, limits, task groups, progress, pools, error boundaries, retries, batches and caches.
//! The paused clock skips all waits.

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use service_core::telemetry::{self, Config, Format, Level};
use service_core::{Context, Lifecycle, Registry, Result, record, service};
use service_toolkit::batcher::BatchConfig;
use service_toolkit::{
    Batcher, Cache, EventTracker, ExitStack, OperationScope, Split, TaskGroup, WorkerPool, cached, error_boundary,
    gather, operation, retry, timeout,
};
use tokio::time::sleep;

#[service]
struct Tour {
    cx: Context<Self>,
    pool: WorkerPool,
    rows: Batcher<u32, String>,
    reports: Cache<String, String>,
    tracker: EventTracker,
    calls: AtomicU32,
}

impl Lifecycle for Tour {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let rows = Batcher::new(cx, "rows", BatchConfig::new(100, Duration::from_secs(5)), insert);
        let reports = Cache::new(1000).ttl(Duration::from_secs(300));
        let pool = WorkerPool::start(cx, "work", 10, 100);
        Ok(Self { cx: cx.clone(), pool, rows, reports, tracker: EventTracker::new(100), calls: AtomicU32::new(0) })
    }

    async fn start(self: Arc<Self>, cx: &Context<Self>) -> Result<()> {
        cx.tasks().periodic("sync", Duration::from_secs(3600), async || println!("data synchronized"));
        cx.tasks().periodic("cleanup", Duration::from_secs(86_400), async || println!("old files removed"));
        Ok(())
    }
}

struct Connection;

impl Connection {
    async fn query(&self, _sql: &str) -> Result<usize> {
        sleep(Duration::from_millis(20)).await;
        Ok(3)
    }

    async fn close(&self) {
        println!("connection closed");
    }
}

#[operation(domain = "database")]
async fn query(sql: &str) -> Result<usize> {
    let rows = Connection.query(sql).await?;
    if let Some(operation) = OperationScope::current() {
        operation.success("rows", rows);
    }
    Ok(rows)
}

/// One statement for many rows.
async fn insert(rows: Vec<u32>) -> Result<Vec<String>> {
    println!("{} rows inserted", rows.len());
    Ok(rows.iter().map(|row| format!("row {row}")).collect())
}

async fn process(item: u32) -> Result<u32, String> {
    sleep(Duration::from_millis(10)).await;
    if item == 7 { Err(format!("item {item} is broken")) } else { Ok(item * item) }
}

impl Tour {
    /// Fails two times out of three.
    async fn unreliable(&self) -> Result<&'static str, &'static str> {
        match self.calls.fetch_add(1, Ordering::Relaxed) % 3 {
            2 => Ok("the response"),
            _ => Err("no connection"),
        }
    }

    #[error_boundary(retries = 1, fallback = "the default response")]
    async fn risky(&self) -> Result<&'static str, &'static str> {
        self.unreliable().await
    }

    #[retry(attempts = 3, delay = "1s", factor = 2)]
    async fn persistent(&self) -> Result<&'static str, &'static str> {
        self.unreliable().await
    }

    #[cached(cache = self.reports)]
    async fn report(&self, name: &str) -> Result<String> {
        sleep(Duration::from_secs(10)).await;
        Ok(format!("the {name} report"))
    }

    async fn operations(&self) -> Result<()> {
        println!("{} rows", query("SELECT * FROM users").await?);
        if let Err(error) = timeout("a long operation", Duration::from_secs(30), pending::<()>()).await {
            println!("{error}");
        }
        Ok(())
    }

    async fn concurrency(&self) -> Result<()> {
        let mut group = TaskGroup::new().limit(10);
        (0..5).for_each(|item| group.spawn(process(item)));
        println!("group: {:?}", group.try_join().await.map_err(|split| split.errors));

        let progress = gather((0..20).map(process)).limit(5).on_progress(|progress| {
            if progress.completed % 10 == 0 {
                record!(domain: "batch", action: "progress", status: success, progress.completed, progress.total, "progress");
            }
        });
        let split = progress.split().await;
        println!("gather: {} results, errors: {:?}", split.successes.len(), split.errors);

        let mut submitted = Vec::new();
        for item in 5..9 {
            submitted.push(self.pool.submit(process(item)).await?);
        }
        let split: Split<_, _> = gather(submitted).await.into_iter().collect();
        println!("pool: {:?}, errors: {:?}", split.successes, split.errors);
        Ok(())
    }

    async fn resources(&self) -> Result<usize> {
        ExitStack::scope(&self.cx, "database", async |stack| {
            let database = stack.manage("connection", Connection, |it| async move { it.close().await });
            database.query("SELECT * FROM users").await
        })
        .await
    }

    async fn errors(&self) -> Result<()> {
        println!("error boundary: {}", self.risky().await?);
        println!("retry: {}", self.persistent().await?);
        Ok(())
    }

    async fn data(&self) -> Result<()> {
        let mut rows = Vec::new();
        for row in 0..250 {
            rows.push(self.rows.add(row).await?);
        }
        self.rows.flush().await?;
        println!("{}", rows.pop().expect("there are rows").await?);
        for _ in 0..2 {
            println!("{}, cached: {}", self.report("weekly").await?, self.reports.stats().hits);
        }
        let download = |event: OperationScope| async move { event.add_metadata("bytes", 4096) };
        self.tracker.track("download").run_infallible(download).await;
        for event in self.tracker.events() {
            println!("{}: {} bytes", event.name, event.metadata("bytes").unwrap_or_default());
        }
        Ok(())
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<()> {
    let logs = Config::new("tour").module("service_core", Level::Warn).format(Format::KeyValue);
    telemetry::init(logs.writer(io::stdout()))?;
    let registry = Registry::boot().await?;
    let tour = registry.get::<Tour>()?;
    tour.operations().await?;
    tour.concurrency().await?;
    println!("{} rows", tour.resources().await?);
    tour.errors().await?;
    tour.data().await?;
    registry.shutdown().await?;
    Ok(())
}
