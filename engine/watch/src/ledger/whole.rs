//! Whether the ledger's files are still those that were opened: what is written to removed ones is lost.

use super::Ledger;
use crate::error::{Error, file};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// The files, each with its device and inode when it was opened.
pub(super) struct Whole([(PathBuf, u64, u64); 2]);

impl Whole {
    pub(super) fn of(paths: [PathBuf; 2]) -> Result<Self, Error> {
        let [ledger, log] = paths.map(|path| {
            let facts = path.metadata().map_err(file(&path))?;
            Ok((path, facts.dev(), facts.ino()))
        });
        Ok(Self([ledger?, log?]))
    }

    fn missing(&self) -> Option<&PathBuf> {
        let is_other = |(path, device, inode): &&(PathBuf, u64, u64)| match path.metadata() {
            Ok(facts) => (facts.dev(), facts.ino()) != (*device, *inode),
            // Another fault says nothing of the file; writing to it will.
            Err(error) => error.kind() == std::io::ErrorKind::NotFound,
        };
        self.0.iter().find(is_other).map(|(path, ..)| path)
    }
}

impl Ledger {
    /// Looks whether the files are there.
    ///
    /// # Errors
    /// One was removed, or another one has its name.
    pub fn is_there(&self) -> Result<(), Error> {
        match self.whole.missing() {
            Some(path) => Err(Error::LedgerGone { path: path.clone() }),
            None => Ok(()),
        }
    }
}
