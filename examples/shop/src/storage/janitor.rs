//! [`Janitor`]: keeps the database small and quick.

use std::sync::Arc;
use std::time::Duration;

use service_core::{Context, Lifecycle, Result, Schedule, service};

use super::Db;
use crate::ShopError;

const HOUR: Duration = Duration::from_secs(60 * 60);

/// Keeps the database small and quick: an hour after the start and then once a day it throws away what was sent long ago.
#[service(requires = [Db])]
pub struct Janitor {
    cx: Context<Self>,
    db: Arc<Db>,
}

impl Lifecycle for Janitor {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        Ok(Self { cx: cx.clone(), db: cx.get() })
    }

    async fn start(self: Arc<Self>, _cx: &Context<Self>) -> Result<()> {
        self.begin();
        Ok(())
    }
}

impl Janitor {
    /// Begins, anew if it has begun; a sweep that fails is told, and made up for the next night.
    pub fn begin(self: &Arc<Self>) {
        // Not while it boots, and not all shops of a street at once.
        let nightly = Schedule::new(24 * HOUR).first_after(HOUR).jitter(HOUR);
        let janitor = self.clone();
        self.cx.tasks().periodic("sweep", nightly, move || janitor.clone().sweep());
    }

    async fn sweep(self: Arc<Self>) -> Result<(), ShopError> {
        let swept = self.db.write(|transaction| {
            let swept = transaction
                .execute("delete from letters where sent_at < strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-30 days')", ())?;
            transaction.execute_batch("pragma optimize")?;
            Ok(swept)
        });
        let letters = swept.await?;
        tracing::info!(letters, "swept");
        Ok(())
    }
}
