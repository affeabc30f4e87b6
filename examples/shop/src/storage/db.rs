//! [`Db`]: the shop's database.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::{Connection, Transaction};
use service_core::{Context, Health, Lifecycle, Result, guarded, service};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::timeout;

use super::damage::Damage;
use super::db_file::DbFile;
use super::pool::{self, Pool};
use super::{DataDir, blocking};
use crate::{Settings, ShopError};

/// The shop's database: one SQLite file, with one connection for writing, which is used by one caller at a time, and several
/// for reading.
///
/// A read or a write waits for a connection, and for the locks of other processes, for [`Settings::wait`] at most.
#[service(requires = [Settings, DataDir])]
pub struct Db {
    path: PathBuf,
    wait: Duration,
    file: Arc<Mutex<DbFile>>,
    readers: Pool,
    damage: Arc<Damage>,
}

impl Lifecycle for Db {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let path = cx.get::<DataDir>().path().join("shop.db");
        let wait = cx.get::<Settings>().wait;
        let file = Arc::new(Mutex::new(DbFile::none()?));
        // Deferred before the file is opened: if the boot is aborted meanwhile, the cleanup waits for the lock and closes it.
        let (opened, closed) = (path.clone(), path.clone());
        cx.defer(locked(Arc::clone(&file), move |file| file.close(&closed)));
        let opening = locked(Arc::clone(&file), move |file| {
            *file = DbFile::open(&opened, wait)?;
            Ok::<_, service_core::error::BoxError>(Pool::open(&opened)?)
        });
        let readers = opening.await.map_err(|error| {
            let path = path.display();
            format!("cannot open the database {path}: {error}; move it away, or choose another folder with --data")
        })?;
        cx.defer(readers.clone().close());
        Ok(Self { path, wait, file, readers, damage: Arc::default() })
    }

    async fn health(&self) -> Health {
        if let Some(damage) = self.damage.known() {
            return Health::unhealthy(format!("the database is damaged: {damage}; restore a backup"));
        }
        match Arc::clone(&self.file).try_lock_owned() {
            Ok(file) => with(file, DbFile::health).await,
            // It is being written to.
            Err(_) => Health::Healthy,
        }
    }

    async fn shutdown(&self, _cx: &Context<Self>) -> Result<()> {
        if let Err(error) = locked(Arc::clone(&self.file), DbFile::optimize).await {
            tracing::warn!(%error, "the statistics of the database stay as they were");
        }
        Ok(())
    }
}

#[guarded]
impl Db {
    /// Reads. Neither a write nor another read delays it, unless all connections are in use.
    ///
    /// # Errors
    /// [`ShopError::Busy`] if the time ends first.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, ShopError> + Send + 'static,
    ) -> Result<T, ShopError> {
        let damage = Arc::clone(&self.damage);
        self.readers.read(self.wait, move |connection| damage.noted(work(connection))).await
    }

    /// Writes in one transaction. If `work` or the process fails, nothing is changed.
    ///
    /// # Errors
    /// [`ShopError::Busy`] if the time ends before the transaction begins.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, ShopError> + Send + 'static,
    ) -> Result<T, ShopError> {
        self.write_then(work, |_| ()).await
    }

    /// Writes in one transaction, then calls `committed`, even if the caller is dropped meanwhile: what follows from a change
    /// does not depend on a client that waits for the response.
    ///
    /// # Errors
    /// [`ShopError::Busy`] if the time ends before the transaction begins.
    pub async fn write_then<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, ShopError> + Send + 'static,
        committed: impl FnOnce(&T) + Send + 'static,
    ) -> Result<T, ShopError> {
        let until = Instant::now() + self.wait;
        let file = timeout(self.wait, Arc::clone(&self.file).lock_owned()).await.map_err(|_| ShopError::Busy)?;
        let damage = Arc::clone(&self.damage);
        with(file, move |file| {
            let written = damage.noted(file.write(until, work))?;
            committed(&written);
            Ok(written)
        })
        .await
    }

    /// Looks for damaged pages, and changes the health accordingly.
    pub async fn check(&self) -> Result<(), ShopError> {
        let (damage, path) = (Arc::clone(&self.damage), self.path.clone());
        Ok(blocking(move || damage.check(&path)).await?)
    }
}

impl Db {
    /// A separate connection for reading, which blocks no other caller.
    pub(crate) async fn open_reader(&self) -> Result<Connection, ShopError> {
        let path = self.path.clone();
        Ok(blocking(move || pool::open(&path)).await?)
    }
}

async fn locked<T: Send + 'static>(
    file: Arc<Mutex<DbFile>>,
    work: impl FnOnce(&mut DbFile) -> T + Send + 'static,
) -> T {
    with(file.lock_owned().await, work).await
}

/// Runs to its end even if the caller is dropped, and holds the lock until then, so that no transaction is left open.
async fn with<T: Send + 'static>(
    mut file: OwnedMutexGuard<DbFile>,
    work: impl FnOnce(&mut DbFile) -> T + Send + 'static,
) -> T {
    blocking(move || work(&mut file)).await
}
