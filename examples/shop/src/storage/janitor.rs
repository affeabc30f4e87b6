//! [`Janitor`]: removes old data from the database, and looks for damage.

use std::sync::Arc;
use std::time::Duration;

use service_core::{Context, Lifecycle, Result, Schedule, service};

use super::Db;
use crate::ShopError;

const HOUR: Duration = Duration::from_secs(60 * 60);
const CHECK: Duration = Duration::from_secs(5 * 60);
/// A transaction deletes so many letters at most, so that no order waits for long.
const AT_ONCE: u32 = 1_000;

/// Removes letters that were sent more than 30 days ago: an hour after the start, and then once a day. Every five minutes it
/// looks for damaged pages.
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
    /// Starts the tasks, or replaces them. A run that fails is reported, and the next one runs at its time.
    pub fn begin(self: &Arc<Self>) {
        // Not during the boot, and not at the same moment in every process.
        let nightly = Schedule::new(24 * HOUR).first_after(HOUR).jitter(HOUR);
        let regularly = Schedule::new(CHECK).first_after(CHECK);
        let (sweeping, checking) = (self.clone(), self.clone());
        self.cx.tasks().periodic("sweep", nightly, move || sweeping.clone().sweep());
        self.cx.tasks().periodic("check", regularly, move || checking.clone().check());
    }

    /// Ends early if the service stops: the rest is deleted the next day.
    async fn sweep(self: Arc<Self>) -> Result<(), ShopError> {
        let draining = self.cx.draining();
        let mut letters = 0;
        loop {
            let swept = self.delete_some().await?;
            letters += swept;
            if swept < AT_ONCE as usize || draining.is_cancelled() {
                break;
            }
        }
        tracing::info!(letters, "swept");
        Ok(())
    }

    async fn delete_some(&self) -> Result<usize, ShopError> {
        self.db
            .write(|transaction| {
                let deleted = transaction.execute(
                    "delete from letters where id in (
                         select id from letters where sent_at < strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-30 days') limit ?1)",
                    [AT_ONCE],
                )?;
                Ok(deleted)
            })
            .await
    }

    async fn check(self: Arc<Self>) -> Result<(), ShopError> {
        self.db.check().await
    }
}
