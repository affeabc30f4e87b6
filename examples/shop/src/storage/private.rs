//! Creates files and folders that other users of the machine cannot read, whatever the umask is.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::Path;

/// Who may read a file, besides its owner.
#[derive(Clone, Copy)]
pub(crate) enum Readers {
    /// Nobody.
    Owner,
    /// The group: a letter is picked up by a mail server.
    Group,
}

/// Opens a file for writing and empties it. If it is missing, it is created for these readers.
pub(crate) fn create(path: &Path, readers: Readers) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    restrict(&mut options, readers);
    options.open(path)
}

/// Creates an empty file for its owner. One that is there stays as it is.
pub(super) fn ensure(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    restrict(&mut options, Readers::Owner);
    options.open(path).map(drop)
}

/// Creates a folder, and those above it that are missing, for its owner and the group.
pub(crate) fn create_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o750);
    builder.recursive(true).create(path)
}

#[cfg(unix)]
fn restrict(options: &mut OpenOptions, readers: Readers) {
    use std::os::unix::fs::OpenOptionsExt;

    options.mode(match readers {
        Readers::Owner => 0o600,
        Readers::Group => 0o640,
    });
}

/// Other systems inherit the permissions of the folder.
#[cfg(not(unix))]
fn restrict(_: &mut OpenOptions, _: Readers) {}
