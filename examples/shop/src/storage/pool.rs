//! [`Pool`]: the connections for reading.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::blocking;
use crate::ShopError;

/// As many reads run at the same time. A write waits for none of them, and no read waits for a write.
const CONNECTIONS: usize = 4;

/// How many instructions of SQLite's run between two looks at the clock: less than a millisecond.
const INSTRUCTIONS: i32 = 10_000;

/// The connections for reading.
#[derive(Clone)]
pub(super) struct Pool {
    free: Arc<Mutex<Vec<Connection>>>,
    /// One for each free connection.
    permits: Arc<Semaphore>,
}

impl Pool {
    pub(super) fn open(path: &Path) -> rusqlite::Result<Self> {
        let free = (0..CONNECTIONS).map(|_| open(path)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { free: Arc::new(Mutex::new(free)), permits: Arc::new(Semaphore::new(CONNECTIONS)) })
    }

    /// Runs `work` with a free connection. All of it, including the wait for the connection, has this time.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        time: Duration,
        work: impl FnOnce(&Connection) -> Result<T, ShopError> + Send + 'static,
    ) -> Result<T, ShopError> {
        let until = Instant::now() + time;
        let permit = timeout(time, Arc::clone(&self.permits).acquire_owned()).await.map_err(|_| ShopError::Busy)?;
        let pool = self.clone();
        blocking(move || {
            // Returned after the connection.
            let _permit = permit;
            let mut lent = pool.lend();
            // A closed pool has none.
            let connection = lent.connection.as_mut().ok_or(ShopError::Busy)?;
            limit(connection, until)?;
            work(connection)
        })
        .await
        .map_err(ShopError::of_a_read)
    }

    fn lend(&self) -> Lent<'_> {
        Lent { connection: self.lock().pop(), pool: self }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until each connection is free, and closes it. The last connection to a database that is closed has to be one for
    /// writing, because that one removes SQLite's other files.
    pub(super) async fn close(self) {
        let all = self.permits.acquire_many(CONNECTIONS as u32).await;
        let connections = std::mem::take(&mut *self.lock());
        blocking(move || drop(connections)).await;
        drop(all);
    }
}

/// A connection that is in use. It returns to the pool on drop, also if the work panics.
struct Lent<'a> {
    connection: Option<Connection>,
    pool: &'a Pool,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.pool.lock().extend(self.connection.take());
    }
}

/// A connection for reading.
pub(super) fn open(path: &Path) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

/// Limits the statements of this connection: a lock of another process is waited for, and work is interrupted, at this time.
pub(super) fn limit(connection: &mut Connection, until: Instant) -> rusqlite::Result<()> {
    connection.busy_timeout(until.saturating_duration_since(Instant::now()))?;
    connection.progress_handler(INSTRUCTIONS, Some(move || Instant::now() >= until))
}
