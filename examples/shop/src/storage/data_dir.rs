//! [`DataDir`]: the folder that is this shop's alone.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use service_core::{Context, Lifecycle, Reason, Result, service};

use super::blocking;
use crate::Settings;
use crate::http::Port;

/// The folder that is this shop's alone, while it is up.
///
/// It comes after [`Port`], so that a shop that is started twice by mistake stops before it touches the disk.
#[service(requires = [Settings], after = [Port])]
pub struct DataDir {
    path: PathBuf,
    /// The topmost folder that had to be made.
    made: Option<PathBuf>,
    /// Held, not used: the system lets go of it with the process, however that ends.
    _lock: File,
}

impl Lifecycle for DataDir {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let path = cx.get::<Settings>().data.clone();
        Ok(blocking(move || Self::claim(path)).await?)
    }

    async fn shutdown(&self, cx: &Context<Self>) -> Result<()> {
        match &self.made {
            Some(made) if cx.reason() == Some(Reason::BootFailed) => Ok(tokio::fs::remove_dir_all(made).await?),
            _ => Ok(()),
        }
    }
}

impl DataDir {
    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn claim(path: PathBuf) -> Result<Self, String> {
        let unusable = |error: io::Error| {
            format!("cannot write to the data folder {}: {error}; choose another with --data", path.display())
        };
        let made = path.ancestors().take_while(|folder| *folder != "" && !folder.exists()).last().map(Path::to_owned);
        fs::create_dir_all(&path).map_err(unusable)?;
        let lock = File::create(path.join("lock")).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, made, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(format!(
                "another shop uses the data folder {}; stop it, or choose another with --data",
                path.display()
            )),
            Err(TryLockError::Error(error)) => Err(unusable(error)),
        }
    }
}
