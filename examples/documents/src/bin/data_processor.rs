//! A data processor: two connections, three periodic tasks, structured logs, and an orderly end on SIGTERM or ctrl-c.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use service_core::telemetry::{self, Config, Format, Level};
use service_core::{Context, Health, Lifecycle, Registry, Result, Schedule, record, service};
use service_toolkit::{ProcessMetrics, ProcessSample};
use tokio::time::sleep;

const CONNECTING: Duration = Duration::from_millis(100);
const BATCHES: Schedule = Schedule::new(Duration::from_secs(1)).after_error(Duration::from_secs(5));
const HEALTH: Schedule = Schedule::new(Duration::from_secs(30)).after_error(Duration::from_secs(10));
const METRICS: Schedule = Schedule::new(Duration::from_secs(60)).after_error(Duration::from_secs(30));

#[service]
struct Database;

impl Lifecycle for Database {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        sleep(CONNECTING).await;
        Ok(Self)
    }
}

#[service]
struct MessageQueue;

impl Lifecycle for MessageQueue {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        sleep(CONNECTING).await;
        Ok(Self)
    }
}

#[service(requires = [Database, MessageQueue])]
struct Processor {
    queue: Arc<MessageQueue>,
    database: Arc<Database>,
}

impl Lifecycle for Processor {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        Ok(Self { queue: cx.get(), database: cx.get() })
    }

    async fn start(self: Arc<Self>, cx: &Context<Self>) -> Result<()> {
        let mut metrics = ProcessMetrics::start();
        cx.tasks().periodic("batches", BATCHES, move || self.clone().process_batch());
        cx.tasks().periodic("health", HEALTH, report_health);
        cx.tasks().periodic("metrics", METRICS, move || report_metrics(metrics.sample()));
        Ok(())
    }
}

impl MessageQueue {
    async fn receive(&self) -> Result<Vec<u32>> {
        sleep(Duration::from_millis(50)).await;
        Ok((0..10).collect())
    }
}

impl Database {
    async fn store(&self, values: &[u32]) -> Result<usize> {
        sleep(Duration::from_millis(50)).await;
        Ok(values.len())
    }
}

impl Processor {
    async fn process_batch(self: Arc<Self>) -> Result<()> {
        let batch_size = self.database.store(&self.queue.receive().await?).await?;
        record!(level: DEBUG, domain: "processor", action: "process", status: success, batch_size, "batch processed");
        Ok(())
    }
}

async fn report_metrics(sample: ProcessSample) {
    let ProcessSample { active_tasks, memory_bytes, cpu_percent, .. } = sample;
    let memory_mb = memory_bytes.map(|bytes| bytes >> 20);
    record!(domain: "metrics", action: "report", status: success, active_tasks, memory_mb, cpu_percent, "metrics");
}

async fn report_health() {
    let Some(registry) = Registry::current() else { return };
    match registry.health().await.health() {
        Health::Healthy => record!(domain: "health", action: "check", status: success, "healthy"),
        health => record!(domain: "health", action: "check", status: warning, %health, "not healthy"),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let logs = Config::new("data-processor").module("data_processor", Level::Debug).format(Format::KeyValue);
    telemetry::init(logs.writer(io::stdout()))?;
    Registry::builder().signals(true).boot().await?.run().await?;
    Ok(())
}
