//! [`DbFile`]: the open file of the database.

use std::error::Error;
use std::fs;
use std::mem;
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, MAIN_DB, Transaction, TransactionBehavior};
use service_core::{Health, Result};

use super::{damage, migrations, pool, private};
use crate::ShopError;

/// How long the statistics of the query planner may take at the end.
const OPTIMIZE: Duration = Duration::from_secs(2);

/// The open file of the database, with the connection for writing.
pub(super) struct DbFile {
    connection: Connection,
    /// This boot has created it, and nothing has been written to it since.
    empty: bool,
    /// The last write failed.
    full: bool,
}

impl DbFile {
    /// Not opened yet, or closed.
    pub(super) fn none() -> Result<Self> {
        Ok(Self { connection: Connection::open_in_memory()?, empty: false, full: false })
    }

    /// Opens the file, creates it if it is missing, and applies the migrations.
    ///
    /// # Errors
    /// If another process holds its lock for longer than `wait`, or a page that is looked at is damaged.
    pub(super) fn open(path: &Path, wait: Duration) -> Result<Self> {
        let empty = !path.exists();
        let opened = open(path, wait).map(|connection| Self { connection, empty, full: false });
        if empty && opened.is_err() {
            // The error of the creation is reported, not one of the removal.
            let _ = fs::remove_file(path);
        }
        opened
    }

    /// Writes in one transaction. Waits until then for another process that writes.
    pub(super) fn write<T>(
        &mut self,
        until: Instant,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, ShopError>,
    ) -> Result<T, ShopError> {
        let done = self.transact(until, work).map_err(ShopError::of_a_write);
        match &done {
            Ok(_) => (self.empty, self.full) = (false, false),
            Err(error) => self.full |= matches!(error, ShopError::NotKept(_)),
        }
        done
    }

    fn transact<T>(
        &mut self,
        until: Instant,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, ShopError>,
    ) -> Result<T, ShopError> {
        self.connection.busy_timeout(until.saturating_duration_since(Instant::now()))?;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = work(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }

    /// Whether the file can be written again, if the last write failed.
    pub(super) fn health(&mut self) -> Health {
        if !self.full {
            return Health::Healthy;
        }
        // A value that is not used: SQLite writes it even if it does not change, which is not so for a row.
        let write = |transaction: &Transaction<'_>| Ok(transaction.execute_batch("pragma user_version = 0")?);
        match self.write(Instant::now(), write) {
            Ok(()) => Health::Healthy,
            Err(error) => Health::degraded(format!("it can be read only: {}", cause(&error))),
        }
    }

    /// Brings the statistics of the query planner up to date, if there is time.
    pub(super) fn optimize(&mut self) -> rusqlite::Result<()> {
        pool::limit(&mut self.connection, Instant::now() + OPTIMIZE)?;
        self.connection.execute_batch("pragma optimize")
    }

    /// Closes the file. An empty file is removed, so that a failed boot leaves no incomplete database.
    pub(super) fn close(&mut self, path: &Path) -> Result<()> {
        let Self { connection, empty, .. } = mem::replace(self, Self::none()?);
        connection.close().map_err(|(_, error)| error)?;
        if empty {
            fs::remove_file(path)?;
        }
        Ok(())
    }
}

/// The error of the database itself.
fn cause(error: &ShopError) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}

fn open(path: &Path, wait: Duration) -> Result<Connection> {
    private::ensure(path)?;
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(wait)?;
    // SQLite opens a read-only file without an error, and the first order would fail.
    if connection.is_readonly(MAIN_DB)? {
        return Err("it may not be written".into());
    }
    match connection.execute_batch("pragma journal_mode = wal; pragma foreign_keys = on") {
        Err(error) if error.sqlite_error_code() != Some(ErrorCode::DatabaseCorrupt) => return Err(error.into()),
        // The check names the damage.
        _ => {}
    }
    if let Some(damage) = damage::find(path)? {
        return Err(format!("it is damaged: {damage}").into());
    }
    migrations::apply(&mut connection)?;
    Ok(connection)
}
