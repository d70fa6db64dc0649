//! Files that are seen whole or not at all: written beside their place, then moved there.

use std::fs::Permissions;
use std::io;
use std::path::Path;
use tempfile::{Builder, NamedTempFile};

/// A new file beside `path`, whose folders are made. It is gone when it is dropped without [`show`].
pub(crate) fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let folder = folder(path);
    std::fs::create_dir_all(folder)?;
    let mut builder = Builder::new();
    builder.prefix(".voxloom-").suffix(".part");
    // Rationale: temporary files are private by default, results are as public as the user's umask lets them be.
    #[cfg(unix)]
    builder.permissions(<Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o666));
    builder.tempfile_in(folder)
}

/// Moves it to its place, in one step; what was there before is replaced.
pub(crate) fn show(file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    // Closed before it is moved: SMB moves no file that is open.
    file.into_temp_path().persist(path).map_err(|error| error.error)?;
    // The new name is on the disk only when the folder is.
    #[cfg(unix)]
    std::fs::File::open(folder(path))?.sync_all()?;
    Ok(())
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
