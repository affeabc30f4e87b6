//! A message service: a producer and consumers around a bounded queue, a remote API behind retries and a circuit breaker, a batch with
//! limited concurrency, and a shutdown that loses no message. The paused clock skips all waits.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use std::{fmt, io};

use service_core::telemetry::{self, Config, Format, Level};
use service_core::{Context, Health, Lifecycle, Registry, Result, service};
use service_toolkit::breaker::BreakerError;
use service_toolkit::{Breaker, ExitStack, Queue, gather, retry};
use tokio::time::{Instant, sleep};

#[derive(Debug)]
enum ApiError {
    Unavailable,
    Rejected(u32),
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable => f.write_str("the API is unavailable"),
            Self::Rejected(message) => write!(f, "the API rejects message {message}"),
        }
    }
}

impl Error for ApiError {}

/// A remote API with an outage in its second second.
#[service]
struct Api {
    up_since: Instant,
    breaker: Breaker,
}

impl Lifecycle for Api {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        let breaker = Breaker::new("api").consecutive_failures(5).open_for(Duration::from_millis(500));
        Ok(Self { up_since: Instant::now(), breaker })
    }

    async fn health(&self) -> Health {
        self.breaker.health()
    }
}

impl Api {
    /// Delivers a message. An outage is retried and opens the breaker; a message that the API rejects does neither.
    #[retry(attempts = 8, delay = "100ms", max_delay = "1s", when = is_temporary)]
    async fn deliver(&self, message: u32) -> Result<(), BreakerError<ApiError>> {
        self.breaker.call_with(self.request(message), ApiError::is_outage).await
    }

    async fn request(&self, message: u32) -> Result<(), ApiError> {
        sleep(Duration::from_millis(40)).await;
        match self.up_since.elapsed().as_secs() {
            1 => Err(ApiError::Unavailable),
            _ if message.is_multiple_of(50) => Err(ApiError::Rejected(message)),
            _ => Ok(()),
        }
    }
}

fn is_temporary(error: &BreakerError<ApiError>) -> bool {
    !matches!(error, BreakerError::Failed(ApiError::Rejected(_)))
}

impl ApiError {
    fn is_outage(&self) -> bool {
        matches!(self, Self::Unavailable)
    }
}

#[service(requires = [Api], drain_timeout = "30s")]
struct Messages {
    cx: Context<Self>,
    api: Arc<Api>,
    queue: Queue<u32>,
    fetched: AtomicU32,
}

impl Lifecycle for Messages {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        Ok(Self { cx: cx.clone(), api: cx.get(), queue: Queue::new("messages", 20), fetched: AtomicU32::new(0) })
    }

    async fn start(self: Arc<Self>, cx: &Context<Self>) -> Result<()> {
        let (producer, consumer) = (self.clone(), self.clone());
        self.queue.produce(cx, move || producer.clone().fetch_next_message());
        self.queue.consume(cx, 4, move |message| consumer.clone().process(message));
        Ok(())
    }

    async fn health(&self) -> Health {
        self.queue.health()
    }
}

impl Messages {
    async fn fetch_next_message(self: Arc<Self>) -> Result<Option<u32>> {
        sleep(Duration::from_millis(12)).await;
        Ok(Some(self.fetched.fetch_add(1, Ordering::Relaxed) + 1))
    }

    async fn process(self: Arc<Self>, message: u32) -> Result<(), BreakerError<ApiError>> {
        self.api.deliver(message).await
    }

    /// Delivers a batch over a connection, ten messages at a time. The connection is closed in every case.
    async fn deliver_batch(&self, messages: Vec<u32>) -> Result<()> {
        ExitStack::scope(&self.cx, "batch", async |stack| {
            stack.push("connection", async { println!("connection closed") });
            let total = messages.len();
            let batch = gather(messages.into_iter().map(|message| self.api.deliver(message))).limit(10).split().await;
            println!("{} of {total} delivered, errors: {}", batch.successes.len(), batch.errors.len());
            batch.errors.iter().for_each(|error| println!("  {error}"));
            Ok(())
        })
        .await
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<()> {
    let logs = Config::new("messages").level(Level::Warn).module("service_toolkit::retry", Level::Error);
    telemetry::init(logs.format(Format::KeyValue).writer(io::stdout()))?;
    let registry = Registry::builder().signals(true).boot().await?;
    let messages = registry.get::<Messages>()?;
    for _ in 0..3 {
        sleep(Duration::from_millis(800)).await;
        println!("{}", registry.health().await.health());
    }
    messages.deliver_batch((1..=100).collect()).await?;
    registry.request_shutdown("the example is over");
    println!("{}", registry.run().await?.reason);
    let metrics = messages.queue.metrics();
    println!("{} messages: {} delivered, {} failed", metrics.pushed, metrics.processed, metrics.failed);
    println!("left: {}, longest delay: {:?}", metrics.depth, metrics.max_delay);
    Ok(())
}
