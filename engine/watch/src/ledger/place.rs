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
