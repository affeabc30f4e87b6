//! [`Damage`]: what is known about damaged pages of the database.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::ErrorCode;

use super::pool;
use crate::ShopError;

/// How long a check may take. It finds less in a database that is too large for that, and delays no stop.
const CHECK: Duration = Duration::from_secs(5);

/// What is known about damaged pages of the database. A page is read when it is needed, so the database may work for hours.
#[derive(Default)]
pub(super) struct Damage(Mutex<Option<String>>);

impl Damage {
    /// The damage that was found, if any.
    pub(super) fn known(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks at the result of a read or a write.
    pub(super) fn noted<T>(&self, done: Result<T, ShopError>) -> Result<T, ShopError> {
        if let Err(ShopError::Database(error)) = &done
            && is_damage(error)
        {
            self.set(Some(error.to_string()));
        }
        done
    }

    /// Checks the file.
    pub(super) fn check(&self, path: &Path) -> rusqlite::Result<()> {
        let found = find(path)?;
        if let Some(damage) = &found {
            tracing::error!(damage, "the database is damaged");
        }
        self.set(found);
        Ok(())
    }

    fn set(&self, found: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = found;
    }
}

/// The first damage in the pages that a check reaches in its time. Its connection has cached nothing.
pub(super) fn find(path: &Path) -> rusqlite::Result<Option<String>> {
    let mut connection = pool::open(path)?;
    pool::limit(&mut connection, Instant::now() + CHECK)?;
    match connection.query_row("pragma quick_check(1)", (), |row| row.get::<_, String>(0)) {
        Ok(found) if found == "ok" => Ok(None),
        Ok(found) => Ok(Some(found.replace('\n', " "))),
        Err(error) if is_damage(&error) => Ok(Some(error.to_string())),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether the error is about the content of the file.
fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}
