//! Which folders a ledger belongs to: names in it are of inputs in one folder, and their results lie in one other.

use super::Ledger;
use super::change::bytes;
use crate::error::Error;
use crate::place::Place;
use rusqlite::{Connection, OptionalExtension, params};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

impl Ledger {
    /// True where this was the ledger of these folders before, or they were `moved`.
    ///
    /// # Errors
    /// It is that of others; of SQLite.
    pub fn knows(&self, place: &Place, moved: bool) -> Result<bool, Error> {
        let known = known(&self.lock()).map_err(|source| Error::Ledger { path: self.path.clone(), source })?;
        let is_known = moved || known.is_some();
        if !moved {
            same(&self.path, known, &place.input, &place.output)?;
        }
        Ok(is_known)
    }

    /// Makes this the ledger of these folders, if it is that of none yet, or if they were `moved`.
    ///
    /// # Errors
    /// It is that of others; of SQLite.
    pub fn belongs_to(&self, place: &Place, moved: bool) -> Result<(), Error> {
        if self.knows(place, moved)? && !moved {
            return Ok(());
        }
        self.change(|change| {
            let sql = "INSERT OR REPLACE INTO place (only, input, output) VALUES (1, ?1, ?2)";
            change.execute(sql, params![bytes(&place.input), bytes(&place.output)]).map(drop)
        })
    }
}

impl Ledger {
    /// From now on this ledger's watcher uses this pipeline, besides those that it used before.
    ///
    /// # Errors
    /// Of SQLite.
    pub fn uses(&self, pipeline: &str) -> Result<(), Error> {
        self.change(|change| change.execute("INSERT OR IGNORE INTO pipeline (hash) VALUES (?1)", [pipeline]).map(drop))
    }

    /// True for a pipeline that this ledger's watcher uses or has used.
    ///
    /// # Errors
    /// Of SQLite.
    pub fn has_used(&self, pipeline: &str) -> Result<bool, Error> {
        Ok(!self.query("SELECT 1 FROM pipeline WHERE hash = ?1", [pipeline], |_| Ok(()))?.is_empty())
    }
}

impl Ledger {
    /// Files that are not known to be complete, and the oldest with the time it was first seen, in seconds since 1970.
    ///
    /// # Errors
    /// Of SQLite.
    pub fn settling(&self, n_files: usize, oldest: Option<&(String, f64)>) -> Result<(), Error> {
        let (name, seen) = oldest.map(|(name, seen)| (name, seen)).unzip();
        self.change_lightly(|change| {
            let sql = "INSERT OR REPLACE INTO settling (only, n_files, oldest, seen) VALUES (1, ?1, ?2, ?3)";
            change.execute(sql, params![n_files as i64, name, seen]).map(drop)
        })
    }
}

/// The folder of inputs and that of results, where they are known.
pub fn known(connection: &Connection) -> rusqlite::Result<Option<[PathBuf; 2]>> {
    // One that is only looked at may be of an earlier layout.
    let is_laid_out = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'place'";
    if connection.query_row(is_laid_out, [], |_| Ok(())).optional()?.is_none() {
        return Ok(None);
    }
    let path = |bytes: Vec<u8>| PathBuf::from(OsString::from_vec(bytes));
    let sql = "SELECT input, output FROM place";
    connection.query_row(sql, [], |row| Ok([path(row.get(0)?), path(row.get(1)?)])).optional()
}

/// # Errors
/// The ledger at `path` is known to be that of other folders.
pub fn same(path: &Path, known: Option<[PathBuf; 2]>, input: &Path, output: &Path) -> Result<(), Error> {
    match known {
        Some([known_input, known_output]) if (&*known_input, &*known_output) != (input, output) => {
            Err(Error::LedgerElsewhere { path: path.into(), input: known_input, output: known_output })
        }
        _ => Ok(()),
    }
}
