//! [`DbFile`]: the file of the database, while it is open.

use std::error::Error;
use std::fs;
use std::mem;
use std::path::Path;

use rusqlite::{Connection, MAIN_DB, Transaction, TransactionBehavior};
use service_core::{Health, Result};

use super::migrations;
use crate::ShopError;

/// The file of the database, while it is open.
pub(super) struct DbFile {
    pub(super) connection: Connection,
    /// Made by this boot, and nothing was written to it since.
    empty: bool,
    /// The disk did not take what was written last.
    full: bool,
}

impl DbFile {
    /// None yet, or none any more.
    pub(super) fn none() -> Result<Self> {
        Ok(Self { connection: Connection::open_in_memory()?, empty: false, full: false })
    }

    /// Opens the file, makes it if it is missing, and brings it to its present shape.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let empty = !path.exists();
        let opened = open(path).map(|connection| Self { connection, empty, full: false });
        if empty && opened.is_err() {
            // Why it could not be made says more than why it could not be removed.
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

    /// Whether it can be read, and, where a write has failed, written again.
    pub(super) fn health(&mut self) -> Health {
        if let Err(error) = self.connection.execute_batch("select 1") {
            return Health::unhealthy(error.to_string());
        }
        if !self.full {
            return Health::Healthy;
        }
        // Nobody reads it. It is written though it stays as it is, which a row would not be.
        match self.write(|transaction| Ok(transaction.execute_batch("pragma user_version = 0")?)) {
            Ok(_) => Health::Healthy,
            Err(error) => Health::degraded(format!("it can be read only: {}", cause(&error))),
        }
    }

    /// Closes the file. One that stayed empty goes: a shop that did not come up leaves no half a database behind.
    pub(super) fn close(&mut self, path: &Path) -> Result<()> {
        let Self { connection, empty, .. } = mem::replace(self, Self::none()?);
        connection.close().map_err(|(_, error)| error)?;
        if empty {
            fs::remove_file(path)?;
        }
        Ok(())
    }
}

/// What the database itself said.
fn cause(error: &ShopError) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}

fn open(path: &Path) -> Result<Connection> {
    let mut connection = Connection::open(path)?;
    // SQLite opens what it may not write all the same, and the first order would find out.
    if connection.is_readonly(MAIN_DB)? {
        return Err("it may not be written".into());
    }
    connection.execute_batch("pragma journal_mode = wal; pragma foreign_keys = on")?;
    migrations::apply(&mut connection)?;
    Ok(connection)
}
