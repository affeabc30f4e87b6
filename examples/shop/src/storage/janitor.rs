//! [`Janitor`]: keeps the database small and quick.

use std::sync::Arc;
use std::time::Duration;

use service_core::{Context, Lifecycle, Result, service};
use tokio::time::sleep;

use super::Db;
use crate::ShopError;

const ROUND: Duration = Duration::from_secs(60 * 60);

/// Keeps the database small and quick: every hour it throws away what was sent long ago.
#[service(autowire(fn))]
pub struct Janitor {
    db: Arc<Db>,
}

impl Lifecycle for Janitor {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        Ok(Self::autowire(cx))
    }

    async fn start(self: Arc<Self>, cx: &Context<Self>) -> Result<()> {
        let stopping = cx.stopping();
        cx.spawn("sweep", async move {
            while stopping.run_until_cancelled(sleep(ROUND)).await.is_some() {
                if let Err(error) = self.sweep().await {
                    eprintln!("shop: the janitor left things as they are: {error}");
                }
            }
        });
        Ok(())
    }
}

impl Janitor {
    async fn sweep(&self) -> Result<(), ShopError> {
        self.db
            .write(|transaction| {
                transaction
                    .execute("delete from letters where sent_at < strftime('%Y-%m-%dT%H:%M:%SZ', '-30 days')", ())?;
                Ok(transaction.execute_batch("pragma optimize")?)
            })
            .await
    }
}
