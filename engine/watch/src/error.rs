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
    #[error("ledger {}: {}", path.display(), told(source))]
    Ledger { path: PathBuf, source: rusqlite::Error },
    /// Another process has the ledger.
    #[error("ledger {}: another watcher uses it; a ledger belongs to one watcher (give this one its own)", path.display())]
    LedgerInUse { path: PathBuf },
    /// The ledger was written by a later version.
    #[error("ledger {}: its layout is {found}, this program knows up to {known}", path.display())]
    LedgerVersion { path: PathBuf, found: i64, known: i64 },
    /// The file is no ledger.
    #[error(
        "ledger {}: this is a file of another program, and is left as it is; name another file with --ledger, the watcher makes it",
        path.display()
    )]
    LedgerForeign { path: PathBuf },
    /// The ledger is that of other folders.
    #[error(
        "ledger {}: it belongs to inputs in {} with results in {}; give other folders a ledger of their own with --ledger, \
         or say --moved if these are the same folders under new names",
        path.display(), input.display(), output.display()
    )]
    LedgerElsewhere { path: PathBuf, input: PathBuf, output: PathBuf },
    /// The ledger's file was taken away while it was in use.
    #[error(
        "ledger {}: it was removed or replaced while the watcher used it; put it back, or start without it: results that are \
         there are recognised",
        path.display()
    )]
    LedgerGone { path: PathBuf },
    /// A file of the watcher's own cannot be read or written.
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    /// A thread could not be started.
    #[error("no thread: {0}")]
    Thread(io::Error),
}

impl Error {
    /// True where the watcher was asked for something that cannot be, and has touched nothing.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Layout { .. } | Self::LedgerForeign { .. } | Self::LedgerElsewhere { .. } | Self::LedgerVersion { .. }
        )
    }

    /// True where the disk is full: then waiting helps.
    pub fn is_full(&self) -> bool {
        match self {
            Self::Folder { source, .. } | Self::File { source, .. } => is_full(source),
            Self::Ledger { source, .. } => source.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull),
            _ => false,
        }
    }
}

/// What SQLite says, in one line and once, and what can be done where that is known.
fn told(error: &rusqlite::Error) -> String {
    use rusqlite::ErrorCode;
    let text = match error {
        rusqlite::Error::SqliteFailure(_, Some(text)) | rusqlite::Error::SqlInputError { msg: text, .. } => text.clone(),
        other => other.to_string(),
    };
    let advice = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            "; it is damaged: move it away, with its -wal and -shm, and start again; results that are there are recognised"
        }
        Some(ErrorCode::CannotOpen) => "; is it a folder, or is its folder not to be written in?",
        Some(ErrorCode::ReadOnly) => "; this user may not write it",
        _ => "",
    };
    crate::words::one_line(&text) + advice
}

/// An error of the file system, with the file it was about.
pub fn file(path: &Path) -> impl FnOnce(io::Error) -> Error + '_ {
    move |source| Error::File { path: path.into(), source }
}

/// No space, or none left for this user.
pub fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
