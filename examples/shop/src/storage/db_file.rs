//! [`DbFile`]: the open file of the database.

use std::error::Error;
use std::fs;
use std::mem;
use std::path::Path;

use rusqlite::{Connection, MAIN_DB, Transaction, TransactionBehavior};
use service_core::{Health, Result};

use super::migrations;
use crate::ShopError;

/// The open file of the database.
pub(super) struct DbFile {
    pub(super) connection: Connection,
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
    pub(super) fn open(path: &Path) -> Result<Self> {
        let empty = !path.exists();
        let opened = open(path).map(|connection| Self { connection, empty, full: false });
        if empty && opened.is_err() {
            // The error of the creation is reported, not one of the removal.
            let _ = fs::remove_file(path);
        }
        opened
    }

    /// Writes in one transaction.
    pub(super) fn write<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, ShopError>,
    ) -> Result<T, ShopError> {
        let done = self.transact(work).map_err(ShopError::of_a_write);
        match &done {
            Ok(_) => (self.empty, self.full) = (false, false),
            Err(error) => self.full |= matches!(error, ShopError::NotKept(_)),
        }
        done
    }

    fn transact<T>(&mut self, work: impl FnOnce(&Transaction<'_>) -> Result<T, ShopError>) -> Result<T, ShopError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = work(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }

    /// Whether the file can be read and, if the last write failed, whether it can be written again.
    pub(super) fn health(&mut self) -> Health {
        if let Err(error) = self.connection.execute_batch("select 1") {
            return Health::unhealthy(error.to_string());
        }
        if !self.full {
            return Health::Healthy;
        }
        // A value that is not used: SQLite writes it even if it does not change, which is not so for a row.
        match self.write(|transaction| Ok(transaction.execute_batch("pragma user_version = 0")?)) {
            Ok(_) => Health::Healthy,
            Err(error) => Health::degraded(format!("it can be read only: {}", cause(&error))),
        }
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

fn open(path: &Path) -> Result<Connection> {
    let mut connection = Connection::open(path)?;
    // SQLite opens a read-only file without an error, and the first order would fail.
    if connection.is_readonly(MAIN_DB)? {
        return Err("it may not be written".into());
    }
    connection.execute_batch("pragma journal_mode = wal; pragma foreign_keys = on")?;
    migrations::apply(&mut connection)?;
    Ok(connection)
}
