//! The ledger's layout, and how safely it is written.

use crate::error::Error;
use rusqlite::Connection;
use std::path::Path;
use std::time::Duration;

/// Number of the layout in `user_version`.
pub const VERSION: i64 = 2;

/// A write-ahead log that is always whole. When it is flushed the ledger says itself; see its `change`.
const SAFETY: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;";

const LAYOUT: &str = "
CREATE TABLE item (
    name BLOB PRIMARY KEY,
    shown TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed')),
    print INTEGER NOT NULL,
    is_group INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    content TEXT,
    job TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    crashes INTEGER NOT NULL DEFAULT 0,
    ran INTEGER NOT NULL DEFAULT 0,
    seen REAL NOT NULL,
    started REAL,
    ended REAL,
    not_before REAL,
    kind TEXT,
    place TEXT,
    message TEXT,
    result TEXT,
    same_as TEXT,
    report TEXT
) STRICT;
CREATE INDEX item_by_state ON item (state, ended);
CREATE INDEX item_by_job ON item (job) WHERE job IS NOT NULL;
CREATE TABLE file (
    path BLOB PRIMARY KEY,
    item BLOB NOT NULL REFERENCES item (name) ON DELETE CASCADE,
    stamp INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX file_by_item ON file (item);
CREATE TABLE history (
    number INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    name BLOB NOT NULL,
    what TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    message TEXT
) STRICT;
PRAGMA user_version = 2;
";

/// What layout 1 lacks: whether the job of an input that runs has ended already.
const FROM_1: &str = "ALTER TABLE item ADD COLUMN ran INTEGER NOT NULL DEFAULT 0; PRAGMA user_version = 2;";

/// Opens for writing, and lays out what is new.
///
/// # Errors
/// Of SQLite, and a layout of a later version.
pub fn open(path: &Path) -> Result<Connection, Error> {
    let wrong = |source| Error::Ledger { path: path.into(), source };
    let connection = Connection::open(path).map_err(wrong)?;
    connection.busy_timeout(Duration::from_secs(30)).map_err(wrong)?;
    connection.execute_batch(SAFETY).map_err(wrong)?;
    match version(&connection, path)? {
        0 => connection.execute_batch(&format!("BEGIN IMMEDIATE; {LAYOUT} COMMIT;")).map_err(wrong)?,
        1 => connection.execute_batch(&format!("BEGIN IMMEDIATE; {FROM_1} COMMIT;")).map_err(wrong)?,
        found if found > VERSION => return Err(Error::LedgerVersion { path: path.into(), found, known: VERSION }),
        _ => {}
    }
    Ok(connection)
}

/// Opens for looking only, while a watcher may be writing.
///
/// # Errors
/// There is none, it cannot be read, or it has a layout of another version.
pub fn open_to_read(path: &Path) -> Result<Connection, Error> {
    let wrong = |source| Error::Ledger { path: path.into(), source };
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY | rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(wrong)?;
    connection.busy_timeout(Duration::from_secs(5)).map_err(wrong)?;
    match version(&connection, path)? {
        VERSION => Ok(connection),
        found => Err(Error::LedgerVersion { path: path.into(), found, known: VERSION }),
    }
}

fn version(connection: &Connection, path: &Path) -> Result<i64, Error> {
    connection
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .map_err(|source| Error::Ledger { path: path.into(), source })
}
