//! [`DataDir`]: the locked data folder.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use service_core::{Context, Lifecycle, Result, service};

use super::private;
use crate::Settings;
use crate::http::Port;

const LOCK: &str = "lock";

/// The data folder, locked while the shop runs.
///
/// It starts after [`Port`], so that a second process that was started by mistake stops before it touches the disk.
#[service(requires = [Settings], after = [Port])]
pub struct DataDir {
    path: PathBuf,
    /// The lock. The system releases it when the process ends.
    _lock: File,
}

impl Lifecycle for DataDir {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let path = cx.get::<Settings>().data.clone();
        // No await in between, so an aborted boot leaves no folder without its cleanup.
        let (data_dir, made) = Self::claim(path.clone())?;
        cx.defer(async move { leave(&path, made.as_deref()) });
        Ok(data_dir)
    }
}

impl DataDir {
    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Creates and locks the folder, and returns the topmost folder that was created.
    fn claim(path: PathBuf) -> Result<(Self, Option<PathBuf>), String> {
        let unusable = |error: io::Error| {
            format!("cannot write to the data folder {}: {error}; choose another with --data", path.display())
        };
        let made = path.ancestors().take_while(|folder| *folder != "" && !folder.exists()).last().map(Path::to_owned);
        private::create_folder(&path).map_err(unusable)?;
        let lock = private::create(&path.join(LOCK), private::Readers::Owner).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => Ok((Self { path, _lock: lock }, made)),
            Err(TryLockError::WouldBlock) => Err(format!(
                "another shop uses the data folder {}; stop it, or choose another with --data",
                path.display()
            )),
            Err(TryLockError::Error(error)) => Err(unusable(error)),
        }
    }
}

/// If the folder is empty, for example after a failed boot, removes the lock and the folders that were created. A folder with
/// content is never removed.
fn leave(path: &Path, made: Option<&Path>) -> io::Result<()> {
    if fs::read_dir(path)?.count() > 1 {
        return Ok(());
    }
    fs::remove_file(path.join(LOCK))?;
    let Some(made) = made else { return Ok(()) };
    path.ancestors().take_while(|folder| folder.starts_with(made)).try_for_each(fs::remove_dir)
}
