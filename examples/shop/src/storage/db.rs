//! [`Db`]: the shop's database.

use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::{Connection, OpenFlags, Transaction};
use service_core::{Context, Health, Lifecycle, Result, guarded, service};
use tokio::sync::Mutex;

use super::db_file::DbFile;
use super::{DataDir, blocking};
use crate::ShopError;

/// The shop's database: one SQLite file with one connection, which is used by one caller at a time.
#[service(requires = [DataDir])]
pub struct Db {
    path: PathBuf,
    file: Arc<Mutex<DbFile>>,
}

impl Lifecycle for Db {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let path = cx.get::<DataDir>().path().join("shop.db");
        let file = Arc::new(Mutex::new(DbFile::none()?));
        // Deferred before the file is opened: if the boot is aborted meanwhile, the cleanup waits for the lock and closes it.
        let (opened, closed) = (path.clone(), path.clone());
        cx.defer(locked(Arc::clone(&file), move |file| file.close(&closed)));
        let opening = locked(Arc::clone(&file), move |file| DbFile::open(&opened).map(|opened| *file = opened));
        opening.await.map_err(|error| {
            let path = path.display();
            format!("cannot open the database {path}: {error}; move it away, or choose another folder with --data")
        })?;
        Ok(Self { path, file })
    }

    async fn health(&self) -> Health {
        self.run(DbFile::health).await
    }

    async fn shutdown(&self, _cx: &Context<Self>) -> Result<()> {
        Ok(self.run(|file| file.connection.execute_batch("pragma optimize")).await?)
    }
}

#[guarded]
impl Db {
    /// Reads.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, ShopError> + Send + 'static,
    ) -> Result<T, ShopError> {
        self.run(|file| work(&file.connection)).await
    }

    /// Writes in one transaction. If `work` or the process fails, nothing is changed.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, ShopError> + Send + 'static,
    ) -> Result<T, ShopError> {
        self.run(|file| file.write(work)).await
    }
}

impl Db {
    /// A separate connection for reading, which blocks no other caller.
    pub(crate) async fn open_reader(&self) -> Result<Connection, ShopError> {
        let path = self.path.clone();
        Ok(blocking(move || Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)).await?)
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce(&mut DbFile) -> T + Send + 'static) -> T {
        locked(Arc::clone(&self.file), work).await
    }
}

/// Runs to its end even if the caller is dropped, and holds the lock until then, so that no transaction is left open.
async fn locked<T: Send + 'static>(
    file: Arc<Mutex<DbFile>>,
    work: impl FnOnce(&mut DbFile) -> T + Send + 'static,
) -> T {
    let mut file = file.lock_owned().await;
    blocking(move || work(&mut file)).await
}
