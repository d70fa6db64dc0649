//! What the ledger is asked: what is known of a key, of files, and of everything when a watcher starts.

use super::Ledger;
use super::change::bytes;
use crate::error::Error;
use crate::job::{Failure, Kind};
use rusqlite::{OptionalExtension, params};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// How far a file had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Found complete, not yet done: `waiting`, or `running` when the process ended.
    Complete,
    /// Its input is done or failed; it may still have to be put away.
    Ended,
}

/// One file of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub path: PathBuf,
    pub item: PathBuf,
    /// Hash of its stamp.
    pub stamp: u64,
    pub standing: Standing,
    pub failed: bool,
}

/// An input that is done and was not put away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stays {
    pub name: PathBuf,
    pub content: String,
    pub job: String,
}

impl Ledger {
    /// The next inputs by name that are done and were not put away.
    ///
    /// # Errors
    /// Of SQLite.
    pub fn staying(&self, after: &Path, n: usize) -> Result<Vec<Stays>, Error> {
        let sql = "SELECT item.name, coalesce(content, ''), coalesce(job, '') FROM file CROSS JOIN item ON item.name = file.item \
                   WHERE file.item > ?1 AND state = 'done' GROUP BY file.item ORDER BY file.item LIMIT ?2";
        self.query(sql, params![bytes(after), n as i64], |row| {
            Ok(Stays { name: path(row.get(0)?), content: row.get(1)?, job: row.get(2)? })
        })
    }

    /// Some other inputs that are done and had the same key, the latest first.
    ///
    /// # Errors
    /// Of SQLite.
    pub fn earlier(&self, job: &str, name: &Path) -> Result<Vec<PathBuf>, Error> {
        let sql = "SELECT name FROM item WHERE job = ?1 AND state = 'done' AND name <> ?2 ORDER BY ended DESC LIMIT 8";
        self.query(sql, params![job, bytes(name)], |row| Ok(path(row.get(0)?)))
    }

    /// When the last of the inputs that [`Ledger::earlier`] names was done, in seconds since 1970; 0 where there is none.
    ///
    /// # Errors
    /// Of SQLite.
    pub fn last_done(&self, job: &str, name: &Path) -> Result<f64, Error> {
        let sql = "SELECT coalesce(max(ended), 0.0) FROM item WHERE job = ?1 AND state = 'done' AND name <> ?2";
        Ok(self.query(sql, params![job, bytes(name)], |row| row.get(0))?.into_iter().next().unwrap_or(0.0))
    }

    /// When the last attempt at an input as it is now began, in seconds since 1970, where the input has not ended.
    ///
    /// # Errors
    /// Of SQLite.
    pub fn started(&self, name: &Path, print: u64) -> Result<Option<f64>, Error> {
        let sql = "SELECT started FROM item WHERE name = ?1 AND print = ?2 AND state IN ('waiting', 'running')";
        let found = self.query(sql, params![bytes(name), print as i64], |row| row.get(0))?;
        Ok(found.into_iter().next().flatten())
    }

    /// True where an input of this name was done once, whatever its content. Reads the whole history where it was overwritten.
    ///
    /// # Errors
    /// Of SQLite.
    pub fn was_done(&self, name: &Path) -> Result<bool, Error> {
        let as_it_is = "SELECT 1 FROM item WHERE name = ?1 AND ended IS NOT NULL";
        if !self.query(as_it_is, [bytes(name)], |_| Ok(()))?.is_empty() {
            return Ok(true);
        }
        let sql = "SELECT 1 FROM history WHERE name = ?1 AND what IN ('done', 'same') LIMIT 1";
        Ok(!self.query(sql, [bytes(name)], |_| Ok(()))?.is_empty())
    }

    /// All files that the ledger knows below the watched folder.
    ///
    /// # Errors
    /// Of SQLite.
    pub fn files(&self) -> Result<Vec<Known>, Error> {
        self.query("SELECT file.path, file.item, file.stamp, item.state FROM file JOIN item ON item.name = file.item", [], known)
    }

    /// The files of one input.
    ///
    /// # Errors
    /// Of SQLite.
    pub fn files_of(&self, item: &Path) -> Result<Vec<Known>, Error> {
        self.query(
            "SELECT file.path, file.item, file.stamp, item.state FROM file JOIN item ON item.name = file.item \
             WHERE file.item = ?1",
            [bytes(item)],
            known,
        )
    }

    /// Inputs that were being worked on when the process ended wait again: that counts as a crash of each whose job had not
    /// ended. To be asked once, at the start.
    ///
    /// # Errors
    /// Of SQLite.
    pub fn crashed(&self, now: f64) -> Result<usize, Error> {
        self.change(|change| {
            change.execute(
                "INSERT INTO history (at, name, what, attempt, message) \
                 SELECT ?1, name, 'crash', attempts, 'the process ended while it ran' FROM item WHERE state = 'running' AND ran = 0",
                [now],
            )?;
            change.execute("UPDATE item SET state = 'waiting', crashes = crashes + 1 - ran WHERE state = 'running'", [])
        })
    }

    /// Attempts and crashes of an input as it is now, and the unix time before which it is not tried again.
    ///
    /// # Errors
    /// Of SQLite.
    pub fn tries(&self, name: &Path, print: u64) -> Result<(u32, u32, Option<f64>), Error> {
        let connection = self.lock();
        let found = connection
            .prepare_cached("SELECT attempts, crashes, not_before FROM item WHERE name = ?1 AND print = ?2 AND state IN ('waiting', 'running')")
            .and_then(|mut query| {
                query.query_row(params![bytes(name), print as i64], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()
            });
        found.map(|found| found.unwrap_or((0, 0, None))).map_err(|source| Error::Ledger { path: self.path.clone(), source })
    }

    /// Why an input failed, after how many attempts, and when.
    ///
    /// # Errors
    /// Of SQLite.
    pub fn why(&self, name: &Path) -> Result<Option<(Failure, u32, f64)>, Error> {
        let connection = self.lock();
        let sql = "SELECT kind, place, message, attempts, coalesce(ended, 0.0) FROM item WHERE name = ?1 AND state = 'failed'";
        let found = connection.prepare_cached(sql).and_then(|mut query| {
            query
                .query_row([bytes(name)], |row| {
                    let kind = match row.get::<_, Option<String>>(0)?.as_deref() {
                        Some("crash") => Kind::Crash,
                        Some("transient") => Kind::Transient,
                        _ => Kind::Bad,
                    };
                    let message: Option<String> = row.get(2)?;
                    let failure =
                        Failure { kind, place: row.get(1)?, message: message.unwrap_or_default(), facts: Box::default() };
                    Ok((failure, row.get(3)?, row.get(4)?))
                })
                .optional()
        });
        found.map_err(|source| Error::Ledger { path: self.path.clone(), source })
    }

    /// True for an input that is done or failed, by its name as it is shown.
    ///
    /// # Errors
    /// Of SQLite.
    pub fn has_ended(&self, shown: &str) -> Result<bool, Error> {
        let sql = "SELECT count(*) FROM item WHERE shown = ?1 AND state IN ('done', 'failed')";
        let count = self.query(sql, [shown], |row| row.get::<_, i64>(0))?;
        Ok(count.first().is_some_and(|count| *count > 0))
    }

    /// Names of inputs that wait.
    ///
    /// # Errors
    /// Of SQLite.
    pub fn waiting(&self) -> Result<Vec<PathBuf>, Error> {
        self.query("SELECT name FROM item WHERE state = 'waiting'", [], |row| Ok(path(row.get(0)?)))
    }

    pub(super) fn query<T>(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
        one: impl FnMut(&rusqlite::Row) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, Error> {
        let connection = self.lock();
        let all = connection.prepare_cached(sql).and_then(|mut query| query.query_map(params, one)?.collect());
        all.map_err(|source| Error::Ledger { path: self.path.clone(), source })
    }
}

fn known(row: &rusqlite::Row) -> rusqlite::Result<Known> {
    let state: String = row.get(3)?;
    Ok(Known {
        path: path(row.get(0)?),
        item: path(row.get(1)?),
        stamp: row.get::<_, i64>(2)? as u64,
        standing: if state == "done" || state == "failed" { Standing::Ended } else { Standing::Complete },
        failed: state == "failed",
    })
}

fn path(bytes: Vec<u8>) -> PathBuf {
    OsString::from_vec(bytes).into()
}
