//! [`Spool`]: delivers letters into a folder.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use service_core::{Context, Lifecycle, Result, guarded, service};

use super::{Letter, Mail};
use crate::ShopError;
use crate::storage::{DataDir, blocking, private};

/// Delivers letters into a folder, one file each, where a mail server would pick them up.
#[service(requires = [DataDir], provides = [dyn Mail])]
pub struct Spool {
    folder: PathBuf,
}

impl Lifecycle for Spool {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let folder = cx.get::<DataDir>().path().join("spool");
        // No await in between, so an aborted boot leaves no folder without its cleanup.
        private::create_folder(&folder)
            .map_err(|error| format!("cannot make the mail spool {}: {error}", folder.display()))?;
        let made = folder.clone();
        cx.defer(async move {
            // Fails if the folder has letters in it; only an empty folder is removed.
            let _ = fs::remove_dir(made);
        });
        Ok(Self { folder })
    }
}

#[guarded]
#[async_trait]
impl Mail for Spool {
    async fn deliver(&self, number: i64, letter: &Letter) -> Result<(), ShopError> {
        let (folder, text) = (self.folder.clone(), letter.to_string());
        Ok(blocking(move || store(&folder, number, &text)).await?)
    }
}

/// Stores a letter so that it outlives a power failure: a letter counts as sent afterwards, and is never written again.
fn store(folder: &Path, number: i64, text: &str) -> io::Result<()> {
    let unfinished = folder.join(format!("{number}.unfinished"));
    let stored = write(&unfinished, text)
        .and_then(|()| fs::rename(&unfinished, folder.join(format!("{number}.eml"))))
        .and_then(|()| sync_folder(folder));
    if stored.is_err() {
        // A partial letter takes space on a disk that may be full. The error of the write is reported, not one of the removal.
        let _ = fs::remove_file(&unfinished);
    }
    stored
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = private::create(path, private::Readers::Group)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Stores the names of its files.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

/// Other systems store a name with its file.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
