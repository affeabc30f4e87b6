//! A task belongs to its service. A service that stops refuses new calls, waits for admitted calls, joins its tasks, and then
//! runs `shutdown`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use service_core::{Context, Lifecycle, NotReady, Registry, Result, guarded, service};
use tokio::time::sleep;

#[service(autowire(fn))]
struct Press {
    pages: AtomicU32,
}

impl Lifecycle for Press {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        Ok(Self::autowire(cx))
    }

    async fn start(self: Arc<Self>, cx: &Context<Self>) -> Result<()> {
        let stopping = cx.stopping();
        cx.spawn("count", async move {
            while stopping.run_until_cancelled(sleep(Duration::from_secs(2))).await.is_some() {
                println!("pages so far: {}", self.pages.load(Ordering::Relaxed));
            }
            println!("no more counting");
        });
        Ok(())
    }

    async fn shutdown(&self, _cx: &Context<Self>) -> Result<()> {
        println!("the press is cold after {} pages", self.pages.load(Ordering::Relaxed));
        Ok(())
    }
}

impl Press {
    #[guarded]
    async fn print(&self, page: &str) -> Result<(), NotReady> {
        println!("{page}: inked");
        sleep(Duration::from_millis(1500)).await;
        self.pages.fetch_add(1, Ordering::Relaxed);
        println!("{page}: printed");
        Ok(())
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<()> {
    let registry = Registry::boot().await?;
    Press::service().await?.print("page 1").await?;

    let press = Press::service().await?;
    let admitted = tokio::spawn(async move { press.print("page 2").await });
    sleep(Duration::from_secs(1)).await;
    registry.request_shutdown("it is late");
    sleep(Duration::from_millis(100)).await;
    if let Err(refusal) = Press::service().await {
        println!("page 3: {refusal}");
    }

    println!("{}", registry.stopped().await?);
    admitted.await??;
    Ok(())
}
