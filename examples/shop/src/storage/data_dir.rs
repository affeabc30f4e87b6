//! [`DataDir`]: the folder that is this shop's alone.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use service_core::{Context, Lifecycle, Result, service};

use crate::Settings;
use crate::http::Port;

const LOCK: &str = "lock";

/// The folder that is this shop's alone, while it is up.
///
/// It comes after [`Port`], so that a shop that is started twice by mistake stops before it touches the disk.
#[service(requires = [Settings], after = [Port])]
pub struct DataDir {
    path: PathBuf,
    /// Held, not used: the system lets go of it with the process, however that ends.
    _lock: File,
}

impl Lifecycle for DataDir {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let path = cx.get::<Settings>().data.clone();
        // No await in between: a boot that is given up finds no folder, or one that is looked after.
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

    /// Makes the folder its own, and says which was the topmost that had to be made.
    fn claim(path: PathBuf) -> Result<(Self, Option<PathBuf>), String> {
        let unusable = |error: io::Error| {
            format!("cannot write to the data folder {}: {error}; choose another with --data", path.display())
        };
        let made = path.ancestors().take_while(|folder| *folder != "" && !folder.exists()).last().map(Path::to_owned);
        fs::create_dir_all(&path).map_err(unusable)?;
        let lock = File::create(path.join(LOCK)).map_err(unusable)?;
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

/// If nothing was put into the folder, as where the boot failed, the lock and what had to be made goes again. It never
/// removes a folder that holds something.
fn leave(path: &Path, made: Option<&Path>) -> io::Result<()> {
    if fs::read_dir(path)?.count() > 1 {
        return Ok(());
    }
    fs::remove_file(path.join(LOCK))?;
    let Some(made) = made else { return Ok(()) };
    path.ancestors().take_while(|folder| folder.starts_with(made)).try_for_each(fs::remove_dir)
}
