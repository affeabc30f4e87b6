//! [`Db`]: the shop's database.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use service_core::{Context, Health, Lifecycle, Result, guarded, service};
use tokio::sync::Mutex;

use super::{DataDir, blocking, migrations};
use crate::ShopError;

/// The shop's database: one SQLite file, and one connection that everything goes through in turn.
#[service(requires = [DataDir])]
pub struct Db {
    path: PathBuf,
    connection: Arc<Mutex<Connection>>,
}

impl Lifecycle for Db {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let path = cx.get::<DataDir>().path().join("shop.db");
        let file = path.clone();
        let connection = blocking(move || open(&file))
            .await
            .map_err(|error| format!("cannot open the database {}: {error}", path.display()))?;
        Ok(Self { path, connection: Arc::new(Mutex::new(connection)) })
    }

    async fn health(&self) -> Health {
        Health::from_result(self.run(|connection| connection.execute_batch("select 1")).await)
    }

    async fn shutdown(&self, _cx: &Context<Self>) -> Result<()> {
        Ok(self.run(|connection| connection.execute_batch("pragma optimize; pragma wal_checkpoint(truncate)")).await?)
    }
}

#[guarded]
impl Db {
    /// Reads.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, ShopError> + Send + 'static,
    ) -> Result<T, ShopError> {
        self.run(|connection| work(connection)).await
    }

    /// Writes in one transaction: all that `work` did is kept, or, if it fails or the process does, nothing.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, ShopError> + Send + 'static,
    ) -> Result<T, ShopError> {
        self.run(|connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        })
        .await
    }
}

impl Db {
    /// A connection of the caller's own, for reading only: it holds nobody up.
    pub(crate) async fn open_reader(&self) -> Result<Connection, ShopError> {
        let path = self.path.clone();
        Ok(blocking(move || Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)).await?)
    }

    /// Runs to its end even where the caller is dropped, so a transaction is never left open.
    async fn run<T: Send + 'static>(&self, work: impl FnOnce(&mut Connection) -> T + Send + 'static) -> T {
        let mut connection = Arc::clone(&self.connection).lock_owned().await;
        blocking(move || work(&mut connection)).await
    }
}

fn open(path: &Path) -> Result<Connection> {
    let mut connection = Connection::open(path)?;
    connection.execute_batch("pragma journal_mode = wal; pragma foreign_keys = on")?;
    migrations::apply(&mut connection)?;
    Ok(connection)
}
