//! What the ledger tells to someone who only looks, while a watcher writes it.

use crate::error::Error;
use crate::ledger::{self, open_to_read};
use rusqlite::{Connection, OptionalExtension};
use serde::Serialize;
use std::path::Path;

/// Counts, rate, the oldest that waits, what came last.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Status {
    pub waiting: u64,
    pub running: u64,
    /// With a result.
    pub done: u64,
    /// Done, too, and there was nothing to do with them.
    pub passed_over: u64,
    pub failed: u64,
    /// Ended within the last hour.
    pub last_hour: u64,
    /// Seconds since the oldest input that waits was seen.
    pub oldest_waiting_s: Option<f64>,
    pub oldest_waiting: Option<String>,
    /// Files that are not known to be complete, as of a minute ago while a watcher runs: empty, or still written, or just come.
    pub not_complete: u64,
    pub oldest_not_complete_s: Option<f64>,
    pub oldest_not_complete: Option<String>,
    pub last: Vec<Entry>,
    pub failures: Vec<Entry>,
    pub under_way: Vec<Entry>,
}

/// One input.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Entry {
    pub name: String,
    pub attempts: u32,
    /// Seconds since 1970.
    pub seen: f64,
    pub started: Option<f64>,
    pub ended: Option<f64>,
    pub kind: Option<String>,
    pub place: Option<String>,
    pub message: Option<String>,
    /// Relative to the folder of results.
    pub result: Option<String>,
    pub same_as: Option<String>,
}

/// A ledger opened for looking.
pub struct Looker {
    path: std::path::PathBuf,
    connection: Connection,
}

impl Looker {
    /// # Errors
    /// There is no ledger, or it cannot be read.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Ok(Self { path: path.into(), connection: open_to_read(path)? })
    }

    /// Looks whether it is the ledger of these folders.
    ///
    /// # Errors
    /// It is that of others; of SQLite.
    pub fn belongs_to(&self, input: &Path, output: &Path) -> Result<(), Error> {
        let known = ledger::known(&self.connection).map_err(|source| Error::Ledger { path: self.path.clone(), source })?;
        ledger::same(&self.path, known, input, output)
    }

    /// Looks; `now` in seconds since 1970, at most `n` entries of each list.
    ///
    /// # Errors
    /// Of SQLite.
    pub fn look(&self, now: f64, n: usize) -> Result<Status, Error> {
        self.ask(now, n).map_err(|source| Error::Ledger { path: self.path.clone(), source })
    }

    fn ask(&self, now: f64, n: usize) -> rusqlite::Result<Status> {
        let mut status = Status::default();
        let mut query = self.connection.prepare_cached("SELECT state, count(*) FROM item GROUP BY state")?;
        for row in query.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, u64>(1)?)))? {
            let (state, count) = row?;
            match state.as_str() {
                "waiting" => status.waiting = count,
                "running" => status.running = count,
                "done" => status.done = count,
                _ => status.failed = count,
            }
        }
        status.passed_over =
            self.connection
                .query_row("SELECT count(*) FROM item WHERE kind = 'passed_over' AND state = 'done'", [], |row| row.get(0))?;
        status.done = status.done.saturating_sub(status.passed_over);
        status.last_hour = self.connection.query_row(
            "SELECT count(*) FROM item WHERE state IN ('done', 'failed') AND ended > ?1",
            [now - 3600.0],
            |row| row.get(0),
        )?;
        let oldest = self.entries("state = 'waiting' ORDER BY seen", 1)?;
        if let Some(oldest) = oldest.into_iter().next() {
            status.oldest_waiting_s = Some((now - oldest.seen).max(0.0));
            status.oldest_waiting = Some(oldest.name);
        }
        self.settling(now, &mut status)?;
        status.last = self.entries("state = 'done' ORDER BY ended DESC", n)?;
        status.failures = self.entries("state = 'failed' ORDER BY ended DESC", n)?;
        status.under_way = self.entries("state = 'running' ORDER BY started", n)?;
        Ok(status)
    }

    fn settling(&self, now: f64, status: &mut Status) -> rusqlite::Result<()> {
        // One that is only looked at may be of an earlier version.
        let is_there = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'settling'";
        if self.connection.query_row(is_there, [], |_| Ok(())).optional()?.is_none() {
            return Ok(());
        }
        let one = |row: &rusqlite::Row| Ok((row.get(0)?, row.get(1)?, row.get::<_, Option<f64>>(2)?));
        let found = self.connection.query_row("SELECT n_files, oldest, seen FROM settling", [], one).optional()?;
        if let Some((n_files, oldest, seen)) = found {
            (status.not_complete, status.oldest_not_complete) = (n_files, oldest);
            status.oldest_not_complete_s = seen.map(|seen| (now - seen).max(0.0));
        }
        Ok(())
    }

    fn entries(&self, which: &str, n: usize) -> rusqlite::Result<Vec<Entry>> {
        let sql = format!(
            "SELECT shown, attempts, seen, started, ended, kind, place, message, result, same_as FROM item WHERE {which} LIMIT ?1"
        );
        let one = |row: &rusqlite::Row| {
            Ok(Entry {
                name: row.get(0)?,
                attempts: row.get(1)?,
                seen: row.get(2)?,
                started: row.get(3)?,
                ended: row.get(4)?,
                kind: row.get(5)?,
                place: row.get(6)?,
                message: row.get(7)?,
                result: row.get(8)?,
                same_as: row.get(9)?,
            })
        };
        self.connection.prepare_cached(&sql)?.query_map([n as i64], one)?.collect()
    }
}
