//! [`Packing`]: packs what was ordered.

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

/// Packs what was ordered, oldest first, one order at a time.
///
/// An order that is placed wakes it. Where it fails, it backs off, and orders are taken all the same: they wait in the
/// database. It goes down after [`Orders`](super::Orders), so it packs what was placed last, too.
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
    /// Begins, anew if it has begun.
    pub fn begin(self: &Arc<Self>) {
        let patient = Restart::transient().intensity(u32::MAX, LONGEST_PAUSE).backoff(FIRST_PAUSE, LONGEST_PAUSE);
        let (packing, stopping) = (self.clone(), self.cx.stopping());
        self.cx.tasks().supervised("pack", patient, move || packing.clone().pack(stopping.clone()));
    }

    /// Tells that an order was placed.
    pub fn wake(&self) {
        self.placed.notify_one();
    }

    /// Packs what is there, until it goes down, and then once more.
    async fn pack(self: Arc<Self>, stopping: CancellationToken) -> Result<(), ShopError> {
        loop {
            let is_last = stopping.is_cancelled();
            while let Some(order) = self.db.read(next).await? {
                self.db.write(move |transaction| mark(transaction, order)).await?;
                tracing::info!(order, "packed");
            }
            if is_last {
                return Ok(());
            }
            tokio::select! {
                biased;
                () = stopping.cancelled() => {}
                () = self.placed.notified() => {}
            }
        }
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
