//! What keeps a watcher from starting or from going on at all. An item that fails is no such error.

use std::io;
use std::path::{Path, PathBuf};

/// Causes by where they lie.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A folder that is needed is not there, or cannot be used.
    #[error("{what} {}: {source}", path.display())]
    Folder { what: &'static str, path: PathBuf, source: io::Error },
    /// Two folders lie so that results would become inputs.
    #[error("{}: {message}", path.display())]
    Layout { path: PathBuf, message: String },
    /// The ledger cannot be read or written.
    #[error("ledger {}: {source}", path.display())]
    Ledger { path: PathBuf, source: rusqlite::Error },
    /// Another process has the ledger.
    #[error("ledger {}: another watcher uses it; a ledger belongs to one watcher (give this one its own)", path.display())]
    LedgerInUse { path: PathBuf },
    /// The ledger was written by a later version.
    #[error("ledger {}: its layout is {found}, this program knows up to {known}", path.display())]
    LedgerVersion { path: PathBuf, found: i64, known: i64 },
    /// A file of the watcher's own cannot be read or written.
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    /// A thread could not be started.
    #[error("no thread: {0}")]
    Thread(io::Error),
}

impl Error {
    /// True where the disk is full: then waiting helps.
    pub fn is_full(&self) -> bool {
        match self {
            Self::Folder { source, .. } | Self::File { source, .. } => is_full(source),
            Self::Ledger { source, .. } => source.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull),
            _ => false,
        }
    }
}

/// An error of the file system, with the file it was about.
pub fn file(path: &Path) -> impl FnOnce(io::Error) -> Error + '_ {
    move |source| Error::File { path: path.into(), source }
}

/// No space, or none left for this user.
pub fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
