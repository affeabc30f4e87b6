//! [`Spool`]: delivers letters into a folder.

use std::fs;
use std::path::PathBuf;

use async_trait::async_trait;
use service_core::{Context, Lifecycle, Result, guarded, service};

use super::{Letter, Mail};
use crate::ShopError;
use crate::storage::DataDir;

/// Delivers letters into a folder, one file each, where a mail server would pick them up.
#[service(requires = [DataDir], provides = [dyn Mail])]
pub struct Spool {
    folder: PathBuf,
}

impl Lifecycle for Spool {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let folder = cx.get::<DataDir>().path().join("spool");
        // No await in between, so an aborted boot leaves no folder without its cleanup.
        fs::create_dir_all(&folder)
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
        let unfinished = self.folder.join(format!("{number}.unfinished"));
        let written = async {
            tokio::fs::write(&unfinished, letter.to_string()).await?;
            tokio::fs::rename(&unfinished, self.folder.join(format!("{number}.eml"))).await
        };
        if let Err(error) = written.await {
            // A partial letter takes space on a disk that may be full. The error of the write is reported, not one of the removal.
            let _ = tokio::fs::remove_file(&unfinished).await;
            return Err(error.into());
        }
        Ok(())
    }
}
