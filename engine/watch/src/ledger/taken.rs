//! What was taken in under names that belong to one group for ever: enough to recognise what comes later as a part of it.
//!
//! Not every file is recorded, only a sample: a whole group that comes again has all of it, and files that come late none.

use super::Ledger;
use super::change::bytes;
use crate::error::Error;
use crate::words::shown;
use rusqlite::params;
use std::collections::HashSet;
use std::path::Path;

/// The smallest of many hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sample(Vec<u64>);

impl Sample {
    /// Hashes that are kept.
    const MOST: usize = 16;

    pub fn of(hashes: impl IntoIterator<Item = u64>) -> Self {
        let mut hashes: Vec<u64> = hashes.into_iter().collect();
        hashes.sort_unstable();
        hashes.dedup();
        hashes.truncate(Self::MOST);
        Self(hashes)
    }

    /// True where all of it is among these. Of nothing that is never so.
    pub fn is_among(&self, hashes: impl IntoIterator<Item = u64>) -> bool {
        let hashes: HashSet<u64> = hashes.into_iter().collect();
        !self.0.is_empty() && self.0.iter().all(|hash| hashes.contains(hash))
    }

    fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|hash| hash.to_le_bytes()).collect()
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.as_chunks::<8>().0.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect())
    }
}

/// One group, as it was when work on it began for the last time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    pub n_files: u64,
    /// The folder that its files shared, below the watched one, for people.
    pub folder: String,
    pub contents: Sample,
    pub paths: Sample,
    /// Hash of the content that was set aside last, as a part of the group.
    pub refused: Option<String>,
    /// The last line of the history before. A clock may jump, these numbers only grow.
    pub since: i64,
}

impl Ledger {
    /// Records that a group is taken in, now.
    ///
    /// # Errors
    /// Of SQLite.
    pub fn take_in(&self, name: &Path, taken: &Taken) -> Result<(), Error> {
        let Taken { n_files, folder, contents, paths, refused, since: _ } = taken;
        let (contents, paths) = (contents.to_bytes(), paths.to_bytes());
        self.change_lightly(|change| {
            let sql = "INSERT OR REPLACE INTO taken (name, n_files, folder, contents, paths, refused, since) \
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, (SELECT coalesce(max(number), 0) FROM history))";
            let row = params![bytes(name), *n_files as i64, folder, contents, paths, refused];
            change.prepare_cached(sql)?.execute(row).map(drop)
        })
    }

    /// Records that files which came late were set aside; the same once more are meant as they are.
    ///
    /// # Errors
    /// Of SQLite.
    pub fn refused(&self, name: &Path, content: &str) -> Result<(), Error> {
        self.change_lightly(|change| {
            let sql = "UPDATE taken SET refused = ?2 WHERE name = ?1";
            change.prepare_cached(sql)?.execute(params![bytes(name), content]).map(drop)
        })
    }

    /// What was taken in under this name.
    ///
    /// # Errors
    /// Of SQLite.
    pub fn taken(&self, name: &Path) -> Result<Option<Taken>, Error> {
        let sql = "SELECT n_files, folder, contents, paths, refused, since FROM taken WHERE name = ?1";
        let one = |row: &rusqlite::Row| {
            Ok(Taken {
                n_files: row.get::<_, i64>(0)? as u64,
                folder: row.get(1)?,
                contents: Sample::from_bytes(&row.get::<_, Vec<u8>>(2)?),
                paths: Sample::from_bytes(&row.get::<_, Vec<u8>>(3)?),
                refused: row.get(4)?,
                since: row.get(5)?,
            })
        };
        Ok(self.query(sql, [bytes(name)], one)?.into_iter().next())
    }

    /// How a group first ended after it was taken in, and when in seconds since 1970: true where it failed. Reads the history from
    /// there on.
    ///
    /// # Errors
    /// Of SQLite.
    pub fn first_end(&self, name: &Path, since: i64) -> Result<Option<(bool, f64)>, Error> {
        let sql = "SELECT what = 'failed', at FROM history WHERE name = ?1 AND number > ?2 AND what IN ('done', 'same', 'failed') \
                   ORDER BY number LIMIT 1";
        Ok(self.query(sql, params![bytes(name), since], |row| Ok((row.get(0)?, row.get(1)?)))?.into_iter().next())
    }
}

impl Taken {
    /// The folder, as it is recorded.
    pub fn folder_of<'a>(files: impl Iterator<Item = &'a Path>) -> String {
        shown(&crate::job::shared_folder(files))
    }
}

#[cfg(test)]
mod tests {
    use super::Sample;

    #[test]
    fn a_sample_is_among_what_it_was_taken_of_and_more() {
        let hashes = || (0..100_u64).map(|number| number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let sample = Sample::of(hashes());
        assert_eq!(sample, Sample::of(hashes().chain(hashes())));
        assert_eq!(Sample::from_bytes(&sample.to_bytes()), sample);
        assert!(sample.is_among(hashes()) && sample.is_among(hashes().chain([1])));
        assert!(!sample.is_among([1]) && !sample.is_among([]) && !Sample::default().is_among(hashes()));
    }
}
