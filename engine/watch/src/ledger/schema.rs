//! The ledger's layout, and how safely it is written.

use crate::error::Error;
use crate::names::with_end;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::time::Duration;

/// Number of the layout in `user_version`.
pub const VERSION: i64 = 3;

/// In `application_id`, as the letters `voxl`: whose file it is. Layouts before 3 lack it.
const PROGRAM: i64 = 0x766f_786c;

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

/// What layout 2 lacks: the folders that it is the ledger of, in one row.
const FROM_2: &str = "
CREATE TABLE place (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    input BLOB NOT NULL,
    output BLOB NOT NULL
) STRICT;
PRAGMA application_id = 0x766f786c;
PRAGMA user_version = 3;
";

/// What layout 1 lacks: whether the job of an input that runs has ended already.
const FROM_1: &str = "ALTER TABLE item ADD COLUMN ran INTEGER NOT NULL DEFAULT 0; PRAGMA user_version = 2;";

/// The kind of what is done and has no result, as there was nothing to do with it.
pub const PASSED_OVER: &str = "passed_over";

/// So that they can be counted. Programs of earlier versions leave the index alone, too.
const COUNTED: &str = "CREATE INDEX IF NOT EXISTS item_passed_over ON item (name) WHERE kind = 'passed_over';";

/// What was taken in of groups with names that are theirs for ever. Programs of earlier versions that open a ledger with it leave
/// it alone, so the layout's number is the same.
const TAKEN: &str = "
CREATE TABLE IF NOT EXISTS taken (
    name BLOB PRIMARY KEY,
    n_files INTEGER NOT NULL,
    folder TEXT NOT NULL,
    contents BLOB NOT NULL,
    paths BLOB NOT NULL,
    refused TEXT,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
";

/// Pipelines that the watcher of this ledger has used, as marks of results call them; earlier versions leave it alone, too.
const PIPELINE: &str = "CREATE TABLE IF NOT EXISTS pipeline (hash TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;";

/// What is not known to be complete, in one row; earlier versions leave it alone, too.
const SETTLING: &str = "
CREATE TABLE IF NOT EXISTS settling (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    n_files INTEGER NOT NULL,
    oldest TEXT,
    seen REAL
) STRICT;
";

/// Opens for writing, and lays out what is new.
///
/// # Errors
/// Of SQLite, a file of another program, and a layout of a later version: none of them is changed.
pub fn open(path: &Path) -> Result<Connection, Error> {
    let wrong = |source| Error::Ledger { path: path.into(), source };
    let connection = Connection::open(path).map_err(wrong)?;
    connection.busy_timeout(Duration::from_secs(30)).map_err(wrong)?;
    let found = version(&connection, path)?;
    connection.execute_batch(SAFETY).map_err(wrong)?;
    let missing = match found {
        0 => [LAYOUT, FROM_2].concat(),
        1 => [FROM_1, FROM_2].concat(),
        2 => FROM_2.to_owned(),
        _ => String::new(),
    };
    connection
        .execute_batch(&format!("BEGIN IMMEDIATE; {missing} {TAKEN} {COUNTED} {PIPELINE} {SETTLING} COMMIT;"))
        .map_err(wrong)?;
    Ok(connection)
}

/// Opens for looking only, while a watcher may be writing.
///
/// # Errors
/// There is none, it cannot be read, it is a file of another program, or it has a layout of a later version.
pub fn open_to_read(path: &Path) -> Result<Connection, Error> {
    let looked = look(path, "");
    match &looked {
        // Who may not write beside it cannot share it; where nobody has it open, it can be read as it lies there.
        Err(Error::Ledger { source, .. }) if is_not_to_be_written(source) && !with_end(path, "-wal").exists() => {
            look(path, "?immutable=1")
        }
        _ => looked,
    }
}

fn is_not_to_be_written(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(rusqlite::ErrorCode::ReadOnly | rusqlite::ErrorCode::CannotOpen))
}

fn look(path: &Path, how: &str) -> Result<Connection, Error> {
    let wrong = |source| Error::Ledger { path: path.into(), source };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(address(path) + how, flags).map_err(wrong)?;
    connection.busy_timeout(Duration::from_secs(5)).map_err(wrong)?;
    match version(&connection, path)? {
        0 => Err(Error::LedgerForeign { path: path.into() }),
        _ => Ok(connection),
    }
}

/// The path as an address for SQLite.
fn address(path: &Path) -> String {
    let mut address = "file:".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => address.push(char::from(*byte)),
            // In hexadecimal digits, for what has a meaning in addresses.
            byte => address.extend(['%', digit(byte >> 4), digit(byte & 15)]),
        }
    }
    address
}

fn digit(value: u8) -> char {
    char::from_digit(value.into(), 16).unwrap_or('0')
}

/// The layout of a file that is a ledger; 0 of one that is empty.
fn version(connection: &Connection, path: &Path) -> Result<i64, Error> {
    let ask = || -> rusqlite::Result<_> {
        let number = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
        let n_own = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('item', 'file', 'history')";
        let [version, program] = [number("PRAGMA user_version")?, number("PRAGMA application_id")?];
        Ok((version, program, number(n_own)?, number("SELECT count(*) FROM sqlite_master")?))
    };
    let foreign = || Err(Error::LedgerForeign { path: path.into() });
    match ask() {
        Ok((0, 0, 0, 0)) => Ok(0),
        Ok((found, PROGRAM, 3, _)) if found > VERSION => Err(Error::LedgerVersion { path: path.into(), found, known: VERSION }),
        Ok((found @ 1..3, 0, 3, _) | (found @ 3.., PROGRAM, 3, _)) => Ok(found),
        Ok(_) => foreign(),
        Err(source) if source.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) => foreign(),
        Err(source) => Err(Error::Ledger { path: path.into(), source }),
    }
}
