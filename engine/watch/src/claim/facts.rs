//! What stands in a claim's file, and how it is read and replaced.

use super::Owner;
use crate::error::Error;
use crate::input::Input;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::time::SystemTime;

/// What a claim says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The input's name, for people.
    pub input: String,
    /// The first of its files, below the watched folder; a group has no file of its own name.
    #[serde(default)]
    pub file: String,
    /// Of the input's files as they are: crashes of another content do not count.
    #[serde(default)]
    pub print: u64,
    pub owner: Owner,
    /// After so long without renewal the owner is taken for dead.
    pub lease_s: u64,
    /// Crashes before this claim, over all watchers.
    pub crashes: u32,
    /// The job is at work: if the owner is dead, it died of that.
    #[serde(default)]
    pub at_work: bool,
}

impl Facts {
    /// For those who take over from the dead.
    pub(super) fn crashes_of(&self, input: &Input) -> u32 {
        if self.print == input.print() { self.crashes + u32::from(self.at_work) } else { 0 }
    }

    /// In place of what the claim said before. What fails is lost: the count, and nothing else.
    pub(super) fn write(&self, path: &Path) {
        let text = serde_json::to_vec(self).unwrap_or_default();
        // Not emptied first: who reads meanwhile finds one text or the other, or one that says nothing yet.
        let _ = OpenOptions::new().write(true).open(path).and_then(|mut file| {
            file.write_all(&text)?;
            file.set_len(text.len() as u64)
        });
    }
}

/// What a claim says, and its last renewal; `None` where it was released meanwhile. No facts where it is being written.
pub(super) fn read(path: &Path) -> Result<Option<(Option<Facts>, SystemTime)>, Error> {
    // Opening makes a network drive ask its server, where looking alone may be answered from a cache.
    let opened = File::open(path).and_then(|opened| {
        let renewed = opened.metadata()?.modified()?;
        Ok((std::io::read_to_string(opened)?, renewed))
    });
    match opened {
        Ok((text, renewed)) => Ok(Some((serde_json::from_str(&text).ok(), renewed))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::File { path: path.into(), source }),
    }
}
