//! Changes of the ledger: transactions, when they reach the disk, and the rows that most of them write.

use super::Ledger;
use crate::error::{Error, is_full};
use crate::input::Input;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::{MutexGuard, PoisonError};

impl Ledger {
    /// One transaction that is on the disk when this returns.
    ///
    /// Rationale: SQLite's own flush (`synchronous=FULL`) would keep every other thread from writing for as long as the disk
    /// takes. With `NORMAL` a transaction is whole in the log, and lasts as soon as the log is flushed, by whomever.
    pub(super) fn change<T>(&self, work: impl FnOnce(&Transaction) -> rusqlite::Result<T>) -> Result<T, Error> {
        let result = self.change_lightly(work)?;
        self.log.sync_data().map_err(|error| {
            let code = if is_full(&error) { rusqlite::ffi::SQLITE_FULL } else { rusqlite::ffi::SQLITE_IOERR_FSYNC };
            let source = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), Some(error.to_string()));
            Error::Ledger { path: self.path.clone(), source }
        })?;
        Ok(result)
    }

    /// One transaction that survives the death of the process, and reaches the disk with the next one that is flushed.
    ///
    /// Rationale: after a power cut an input that only waited, or had only begun, is found again in the folder.
    pub(super) fn change_lightly<T>(&self, work: impl FnOnce(&Transaction) -> rusqlite::Result<T>) -> Result<T, Error> {
        let wrong = |source| Error::Ledger { path: self.path.clone(), source };
        let mut connection = self.lock();
        let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(wrong)?;
        let result = work(&transaction).map_err(wrong)?;
        transaction.commit().map_err(wrong)?;
        // Now it is known that this was not written to a file that nobody finds again.
        self.is_there()?;
        Ok(result)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Connection> {
        // A transaction that panicked was rolled back when it was dropped.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts an input into a state; one of another content under the same name is a new one.
pub(super) fn put(change: &Transaction, input: &Input, state: &str) -> rusqlite::Result<()> {
    let (name, print) = (bytes(&input.name), input.print() as i64);
    let before: Option<i64> =
        change.prepare_cached("SELECT print FROM item WHERE name = ?1")?.query_row([name], |row| row.get(0)).optional()?;
    if before == Some(print) {
        if state == "waiting" || state == "running" {
            // What has ended and is worked on again begins anew.
            change
                .prepare_cached(
                    "UPDATE item SET attempts = 0, crashes = 0, ran = 0, started = NULL, not_before = NULL \
                     WHERE name = ?1 AND state IN ('done', 'failed')",
                )?
                .execute([name])?;
        }
        change.prepare_cached("UPDATE item SET state = ?2 WHERE name = ?1")?.execute(params![name, state])?;
        return Ok(());
    }
    // Another content under the same name is another input; the history keeps what became of the earlier one.
    change.prepare_cached("DELETE FROM item WHERE name = ?1")?.execute([name])?;
    change
        .prepare_cached(
            "INSERT INTO item (name, shown, state, print, is_group, bytes, seen) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![name, input.shown(), state, print, input.is_group, input.bytes() as i64, input.seen])?;
    for member in &input.members {
        change.prepare_cached("INSERT OR REPLACE INTO file (path, item, stamp) VALUES (?1, ?2, ?3)")?.execute(params![
            bytes(&member.path),
            name,
            member.stamp.hash() as i64
        ])?;
    }
    Ok(())
}

/// A line of the history.
pub(super) fn note(
    change: &Transaction,
    name: &Path,
    at: f64,
    what: &str,
    attempt: u32,
    message: Option<&str>,
) -> rusqlite::Result<()> {
    change
        .prepare_cached("INSERT INTO history (at, name, what, attempt, message) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![at, bytes(name), what, attempt, message])?;
    Ok(())
}

/// As names are kept: they need not be text.
pub(super) fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}
