//! [`Janitor`]: keeps the database small and quick.

use std::sync::Arc;
use std::time::Duration;

use service_core::{Context, Every, Lifecycle, Result, service};

use super::Db;
use crate::ShopError;

const HOUR: Duration = Duration::from_secs(60 * 60);

/// Keeps the database small and quick: an hour after the start and then once a day it throws away what was sent long ago.
#[service(autowire(fn))]
pub struct Janitor {
    db: Arc<Db>,
}

impl Lifecycle for Janitor {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        Ok(Self::autowire(cx))
    }

    async fn start(self: Arc<Self>, cx: &Context<Self>) -> Result<()> {
        // Not while it boots, and not all shops of a street at once.
        let nightly = Every::new(24 * HOUR).first_after(HOUR).jitter(HOUR);
        cx.tasks().periodic("sweep", nightly, move || self.clone().sweep());
        Ok(())
    }
}

impl Janitor {
    async fn sweep(self: Arc<Self>) -> Result<(), ShopError> {
        self.db
            .write(|transaction| {
                transaction
                    .execute("delete from letters where sent_at < strftime('%Y-%m-%dT%H:%M:%SZ', '-30 days')", ())?;
                Ok(transaction.execute_batch("pragma optimize")?)
            })
            .await
    }
}
