//! [`Packing`]: packs orders.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, Transaction};
use service_core::{Context, Lifecycle, Restart, Result, service};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::ShopError;
use crate::storage::Db;

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Packs orders, oldest first, one at a time.
///
/// Each placed order wakes it. If it fails, it backs off, and orders are still accepted: they wait in the database. When the
/// shop stops, it finishes one order and leaves the others for the next start, so that a stop does not take longer after a
/// busy minute.
#[service(requires = [Db])]
pub struct Packing {
    cx: Context<Self>,
    db: Arc<Db>,
    placed: Notify,
}

impl Lifecycle for Packing {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        Ok(Self { cx: cx.clone(), db: cx.get(), placed: Notify::new() })
    }

    async fn start(self: Arc<Self>, _cx: &Context<Self>) -> Result<()> {
        self.begin();
        Ok(())
    }
}

impl Packing {
    /// Starts the packing task, or replaces it.
    pub fn begin(self: &Arc<Self>) {
        let patient = Restart::transient().intensity(u32::MAX, LONGEST_PAUSE).backoff(FIRST_PAUSE, LONGEST_PAUSE);
        let (packing, draining) = (self.clone(), self.cx.draining());
        self.cx.tasks().supervised("pack", patient, move || packing.clone().pack(draining.clone()));
    }

    /// Wakes the packing task after an order was placed.
    pub fn wake(&self) {
        self.placed.notify_one();
    }

    /// Packs the waiting orders until the service stops.
    async fn pack(self: Arc<Self>, draining: CancellationToken) -> Result<(), ShopError> {
        while !draining.is_cancelled() {
            if let Some(order) = self.db.read(next).await? {
                self.db.write(move |transaction| mark(transaction, order)).await?;
                tracing::info!(order, "packed");
                continue;
            }
            tokio::select! {
                biased;
                () = draining.cancelled() => {}
                () = self.placed.notified() => {}
            }
        }
        Ok(())
    }
}

fn next(connection: &Connection) -> Result<Option<i64>, ShopError> {
    let mut next = connection.prepare_cached("select min(id) from orders where packed_at is null")?;
    Ok(next.query_row((), |row| row.get(0))?)
}

fn mark(transaction: &Transaction<'_>, order: i64) -> Result<(), ShopError> {
    transaction
        .prepare_cached("update orders set packed_at = strftime('%Y-%m-%dT%H:%M:%SZ') where id = ?1")?
        .execute([order])?;
    Ok(())
}
