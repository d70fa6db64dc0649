//! The ledger: what a watcher knows of every input, on its own disk (SQLite), written before anything is done about it.
//!
//! One row an input by name, one row a file, and a history that only grows. Each function here is one transaction.

mod begin;
mod change;
mod lock;
mod place;
mod recall;
mod schema;
mod taken;
mod whole;

pub use begin::{Begun, Key};
pub(crate) use place::{known, same};
pub use recall::{Known, Standing, Stays};
pub use schema::open_to_read;
pub use taken::{Sample, Taken};

use crate::error::{Error, file};
use crate::input::Input;
use crate::job::Failure;
use crate::outcome;
use change::{bytes, note, put};
use lock::lock;
use rusqlite::{Connection, params};
use schema::PASSED_OVER;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use whole::Whole;

/// An open ledger; it belongs to one process.
pub struct Ledger {
    path: PathBuf,
    connection: Mutex<Connection>,
    /// The write-ahead log; it is the same file as long as the connection is open.
    log: File,
    /// Its files, to be seen if they go.
    whole: Whole,
    /// Locked as long as this lives.
    _lock: File,
}

impl Ledger {
    /// Opens a ledger, or makes it, and locks it for this process.
    ///
    /// # Errors
    /// Another watcher has it; it cannot be made or read.
    pub fn open(path: &Path) -> Result<Self, Error> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|source| Error::Folder {
                what: "no folder for the ledger:",
                path: folder.into(),
                source,
            })?;
        }
        let lock = lock(path)?;
        let connection = Mutex::new(schema::open(path)?);
        let log_path = crate::names::with_end(path, "-wal");
        let log = File::options().write(true).open(&log_path).map_err(file(&log_path))?;
        let whole = Whole::of([path.into(), log_path])?;
        Ok(Self { path: path.into(), connection, log, whole, _lock: lock })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Records inputs that wait; those that are known to wait already keep what is known of them.
    ///
    /// # Errors
    /// Of SQLite; then none is recorded.
    pub fn wait(&self, inputs: &[&Input], now: f64) -> Result<(), Error> {
        if inputs.is_empty() {
            return Ok(());
        }
        self.change_lightly(|change| {
            for input in inputs {
                put(change, input, "waiting")?;
                note(change, input.name.as_path(), now, "waiting", 0, None)?;
            }
            Ok(())
        })
    }

    /// Records that inputs are done: by their own jobs, or by earlier ones with the same key.
    ///
    /// # Errors
    /// Of SQLite; then none is recorded.
    pub fn done(&self, inputs: &[(&Input, &Done)], now: f64) -> Result<(), Error> {
        if inputs.is_empty() {
            return Ok(());
        }
        self.change(|change| {
            for (input, done) in inputs {
                put(change, input, "done")?;
                let reason = done.report.as_deref().and_then(outcome::reason);
                change
                    .prepare_cached(
                        "UPDATE item SET content = ?2, job = ?3, started = coalesce(started, ?4), ended = ?4, not_before = NULL, \
                         kind = ?8, place = NULL, message = ?9, result = ?5, same_as = ?6, report = ?7 WHERE name = ?1",
                    )?
                    .execute(params![
                        bytes(&input.name),
                        done.content,
                        done.job,
                        now,
                        done.result.to_string_lossy(),
                        done.same_as.as_deref().map(crate::input::shown),
                        done.report,
                        reason.is_some().then_some(PASSED_OVER),
                        reason,
                    ])?;
                let what = if done.same_as.is_some() { "same" } else { "done" };
                note(change, &input.name, now, what, done.attempt, None)?;
            }
            Ok(())
        })
    }

    /// Records a failed attempt: `again` is the unix time of the next, `None` sets the input aside.
    ///
    /// # Errors
    /// Of SQLite.
    pub fn failed(&self, input: &Input, failure: &Failure, again: Option<f64>, counts: bool, now: f64) -> Result<(), Error> {
        let state = if again.is_some() { "waiting" } else { "failed" };
        self.change(|change| {
            put(change, input, state)?;
            let ended = again.is_none().then_some(now);
            change
                .prepare_cached(
                    "UPDATE item SET ended = ?2, not_before = ?3, kind = ?4, place = ?5, message = ?6, \
                     attempts = max(0, attempts - ?7) WHERE name = ?1",
                )?
                .execute(params![
                    bytes(&input.name),
                    ended,
                    again,
                    failure.kind.name(),
                    failure.place,
                    failure.message,
                    i64::from(!counts)
                ])?;
            let attempt = change
                .prepare_cached("SELECT attempts FROM item WHERE name = ?1")?
                .query_row([bytes(&input.name)], |row| row.get(0))?;
            note(change, &input.name, now, state, attempt, Some(&failure.message))
        })
    }

    /// Forgets an input that is gone without having been worked on.
    ///
    /// # Errors
    /// Of SQLite.
    pub fn forget(&self, name: &Path, now: f64) -> Result<(), Error> {
        self.change_lightly(|change| {
            let gone = change
                .prepare_cached("DELETE FROM item WHERE name = ?1 AND state IN ('waiting', 'running')")?
                .execute([bytes(name)])?;
            if gone > 0 { note(change, name, now, "gone", 0, None) } else { Ok(()) }
        })
    }

    /// The files of these inputs are no longer where they were: they were put away.
    ///
    /// # Errors
    /// Of SQLite.
    pub fn retired(&self, names: &[&Path]) -> Result<(), Error> {
        if names.is_empty() {
            return Ok(());
        }
        self.change_lightly(|change| {
            let mut delete = change.prepare_cached("DELETE FROM file WHERE item = ?1")?;
            names.iter().try_for_each(|name| delete.execute([bytes(name)]).map(drop))
        })
    }
}

/// What is recorded of an input that is done.
#[derive(Clone, Debug, Default)]
pub struct Done {
    pub content: String,
    pub job: String,
    /// Relative to the folder of results.
    pub result: PathBuf,
    /// The input whose job had the same key.
    pub same_as: Option<PathBuf>,
    /// JSON.
    pub report: Option<String>,
    pub attempt: u32,
}
