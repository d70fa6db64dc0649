//! How work on an input begins: once for each key at a time.

use super::change::{bytes, note, put};
use super::{Error, Input, Ledger};
use rusqlite::{OptionalExtension, params};
use std::path::Path;

/// What the ledger says at the begin of an attempt.
#[derive(Clone, Debug, PartialEq)]
pub enum Begun {
    /// Go on: the attempt's number, and how many attempts ended with the process.
    Attempt { number: u32, crashes: u32 },
    /// An input with the same key is being worked on, or was done a moment ago.
    Twin,
}

/// What an attempt is at.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    /// Hash of the input's content.
    pub content: &'a str,
    /// Of content, pipeline, parameters, plugins and weights.
    pub job: &'a str,
    /// Inputs with this key that were done until then were looked at, and are no answer. Seconds since 1970.
    pub seen: f64,
}

impl<'a> Key<'a> {
    /// Whatever is done with this key already.
    pub fn again(content: &'a str, job: &'a str) -> Self {
        Self { content, job, seen: f64::MAX }
    }
}

impl Ledger {
    /// Records that work begins, before it does. An input is a twin that has the same key and is under way, or has been done later
    /// than `seen`: whoever looked then did not see it.
    ///
    /// # Errors
    /// Of SQLite.
    pub fn begin(&self, input: &Input, key: Key<'_>, crashes_before: u32, now: f64) -> Result<Begun, Error> {
        let Key { content, job, seen } = key;
        self.change_lightly(|change| {
            let name = bytes(&input.name);
            let twin: Option<i64> = change
                .prepare_cached(
                    "SELECT 1 FROM item WHERE job = ?1 AND name <> ?2 AND (state = 'running' OR state = 'done' AND ended > ?3)",
                )?
                .query_row(params![job, name, seen], |row| row.get(0))
                .optional()?;
            if twin.is_some() {
                return Ok(Begun::Twin);
            }
            let known = change
                .prepare_cached("SELECT attempts, crashes, print FROM item WHERE name = ?1 AND state IN ('waiting', 'running')")?
                .query_row([name], |row| Ok((row.get::<_, u32>(0)?, row.get::<_, u32>(1)?, row.get::<_, i64>(2)? as u64)))
                .optional()?;
            let (attempts, crashes) = match known {
                Some((attempts, crashes, print)) if print == input.print() => (attempts, crashes),
                _ => (0, 0),
            };
            // Other watchers may have died of it, too.
            let (attempts, crashes) = (attempts.max(crashes_before), crashes.max(crashes_before));
            put(change, input, "running")?;
            change
                .prepare_cached(
                    "UPDATE item SET content = ?2, job = ?3, attempts = ?4, crashes = ?5, ran = 0, started = ?6, ended = NULL, \
                     not_before = NULL, result = NULL, same_as = NULL, report = NULL WHERE name = ?1",
                )?
                .execute(params![name, content, job, attempts + 1, crashes, now])?;
            note(change, &input.name, now, "running", attempts + 1, None)?;
            Ok(Begun::Attempt { number: attempts + 1, crashes })
        })
    }

    /// Records that the job of an input has ended well: if the process dies from now on, that is no fault of the input's.
    ///
    /// # Errors
    /// Of SQLite.
    pub fn ran(&self, name: &Path) -> Result<(), Error> {
        self.change_lightly(|change| {
            change.prepare_cached("UPDATE item SET ran = 1 WHERE name = ?1")?.execute([bytes(name)]).map(drop)
        })
    }
}
