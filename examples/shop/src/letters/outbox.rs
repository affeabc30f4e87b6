//! [`Outbox`]: the queue of letters.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rusqlite::{OptionalExtension, Transaction, params};
use service_core::{Context, Health, Lifecycle, Restart, Result, service};
use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{Letter, Mail};
use crate::ShopError;
use crate::storage::Db;

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(30);

/// The queue of letters.
///
/// A letter is queued in the transaction that it is about, so that an order and its letter both exist or neither does. A
/// task delivers the queued letters. When the shop stops, it finishes one letter and leaves the others for the next start.
#[service(requires = [Db, dyn Mail])]
pub struct Outbox {
    cx: Context<Self>,
    db: Arc<Db>,
    mail: Arc<dyn Mail>,
    queued: Notify,
    undeliverable: AtomicUsize,
}

impl Lifecycle for Outbox {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let (queued, undeliverable) = (Notify::new(), AtomicUsize::new(0));
        Ok(Self { cx: cx.clone(), db: cx.get(), mail: cx.get(), queued, undeliverable })
    }

    async fn start(self: Arc<Self>, _cx: &Context<Self>) -> Result<()> {
        self.begin();
        Ok(())
    }

    async fn health(&self) -> Health {
        match self.undeliverable.load(Ordering::Relaxed) {
            0 => Health::Healthy,
            letters => Health::degraded(format!("letters that could not be delivered yet: {letters}")),
        }
    }
}

impl Outbox {
    /// Starts the delivery task, or replaces it.
    pub fn begin(self: &Arc<Self>) {
        // Without a limit: while the database is unavailable, letters stay queued and orders are still accepted.
        let patient = Restart::transient().intensity(u32::MAX, TRY_AGAIN_AFTER).backoff(FIRST_PAUSE, TRY_AGAIN_AFTER);
        let (outbox, draining) = (self.clone(), self.cx.draining());
        self.cx.tasks().supervised("deliver", patient, move || outbox.clone().deliver(draining.clone()));
    }

    /// Adds the letter to a transaction.
    pub fn queue(transaction: &Transaction<'_>, letter: &Letter) -> Result<(), ShopError> {
        let Letter { recipient, subject, body } = letter;
        let mut insert =
            transaction.prepare_cached("insert into letters (recipient, subject, body) values (?1, ?2, ?3)")?;
        insert.execute([recipient, subject, body])?;
        Ok(())
    }

    /// Wakes the delivery task after a transaction with a letter was committed.
    pub fn wake(&self) {
        self.queued.notify_one();
    }

    /// Delivers the queued letters until the outbox stops.
    async fn deliver(self: Arc<Self>, draining: CancellationToken) -> Result<(), ShopError> {
        while !draining.is_cancelled() {
            let undeliverable = self.deliver_all(&draining).await;
            self.undeliverable.store(*undeliverable.as_ref().unwrap_or(&1), Ordering::Relaxed);
            undeliverable?;
            tokio::select! {
                biased;
                () = draining.cancelled() => {}
                () = self.queued.notified() => {}
                () = sleep(TRY_AGAIN_AFTER) => {}
            }
        }
        Ok(())
    }

    /// Tries each letter once, oldest first. Returns the number of letters that could not be delivered.
    async fn deliver_all(&self, draining: &CancellationToken) -> Result<usize, ShopError> {
        let mut undeliverable = 0;
        let mut last = 0;
        while !draining.is_cancelled()
            && let Some((number, letter)) = self.next_after(last).await?
        {
            last = number;
            let delivered = self.mail.deliver(number, &letter).await;
            if let Err(error) = &delivered {
                tracing::warn!(number, %error, "a letter could not be delivered");
                undeliverable += 1;
            }
            self.record(number, delivered.is_ok()).await?;
        }
        Ok(undeliverable)
    }

    async fn next_after(&self, last: i64) -> Result<Option<(i64, Letter)>, ShopError> {
        self.db
            .read(move |connection| {
                let mut next = connection.prepare_cached(
                    "select id, recipient, subject, body from letters
                     where sent_at is null and id > ?1 order by id limit 1",
                )?;
                let letter = next.query_row([last], |row| {
                    Ok((row.get(0)?, Letter { recipient: row.get(1)?, subject: row.get(2)?, body: row.get(3)? }))
                });
                Ok(letter.optional()?)
            })
            .await
    }

    async fn record(&self, number: i64, delivered: bool) -> Result<(), ShopError> {
        self.db
            .write(move |transaction| {
                transaction.execute(
                    "update letters set attempts = attempts + 1,
                         sent_at = iif(?2, strftime('%Y-%m-%dT%H:%M:%SZ'), null)
                     where id = ?1",
                    params![number, delivered],
                )?;
                Ok(())
            })
            .await
    }
}
