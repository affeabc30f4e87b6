//! [`DbFile`]: the file of the database, while it is open.

use std::fs;
use std::mem;
use std::path::Path;

use rusqlite::{Connection, MAIN_DB};
use service_core::Result;

use super::migrations;

/// The file of the database, while it is open.
pub(super) struct DbFile {
    pub(super) connection: Connection,
    /// Made by this boot, and nothing was written to it since.
    pub(super) empty: bool,
}

impl DbFile {
    /// None yet, or none any more.
    pub(super) fn none() -> Result<Self> {
        Ok(Self { connection: Connection::open_in_memory()?, empty: false })
    }

    /// Opens the file, makes it if it is missing, and brings it to its present shape.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let empty = !path.exists();
        let opened = open(path).map(|connection| Self { connection, empty });
        if empty && opened.is_err() {
            // Why it could not be made says more than why it could not be removed.
            let _ = fs::remove_file(path);
        }
        opened
    }

    /// Closes the file. One that stayed empty goes: a shop that did not come up leaves no half a database behind.
    pub(super) fn close(&mut self, path: &Path) -> Result<()> {
        let Self { connection, empty } = mem::replace(self, Self::none()?);
        connection.close().map_err(|(_, error)| error)?;
        if empty {
            fs::remove_file(path)?;
        }
        Ok(())
    }
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
