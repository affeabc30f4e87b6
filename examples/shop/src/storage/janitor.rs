//! [`Janitor`]: removes old data from the database.

use std::sync::Arc;
use std::time::Duration;

use service_core::{Context, Lifecycle, Result, Schedule, service};

use super::Db;
use crate::ShopError;

const HOUR: Duration = Duration::from_secs(60 * 60);

/// Removes letters that were sent more than 30 days ago: an hour after the start, and then once a day.
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
    /// Starts the task, or replaces it. A run that fails is reported, and the next one is a day later.
    pub fn begin(self: &Arc<Self>) {
        // Not during the boot, and not at the same moment in every process.
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
