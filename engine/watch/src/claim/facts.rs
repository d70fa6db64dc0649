//! What stands in a claim's file, and how it is read and replaced.

use super::{Owner, Purpose};
use crate::error::Error;
use crate::input::Input;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::FileExt;
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
    /// Grows with every renewal.
    #[serde(default)]
    pub beat: u64,
    /// What its owner does with inputs.
    #[serde(default)]
    pub purpose: Purpose,
}

/// Two looks at a claim that give the same sign say that nothing has come from its owner in between.
///
/// Rationale: the time of change alone would do on a disk. On a share it may be an old one that this machine remembers (sshfs
/// does for 20 s), or be kept in whole seconds; what is in a file is asked for anew whenever it is opened.
pub(super) type Sign = (SystemTime, u64);

impl Facts {
    /// For those who take over from the dead.
    pub(super) fn crashes_of(&self, input: &Input) -> u32 {
        if self.print == print(input) { self.crashes + u32::from(self.at_work) } else { 0 }
    }

    /// As it is written, filled up to a length that changes seldom, and never below `least`: a machine that remembers how long
    /// a file was reads no further.
    pub(super) fn text(&self, least: usize) -> Vec<u8> {
        let mut text = serde_json::to_vec(self).unwrap_or_default();
        text.resize(text.len().next_multiple_of(256).max(least), b' ');
        text
    }

    /// In place of what the claim said before, if it still is the same owner's. What fails is lost: the count, and nothing else.
    pub(super) fn write(&self, path: &Path) {
        // Not emptied first: who reads meanwhile finds one text or the other.
        let _ = OpenOptions::new().read(true).write(true).open(path).and_then(|mut file| {
            let mut before = String::new();
            file.read_to_string(&mut before)?;
            let is_mine = serde_json::from_str::<Self>(&before).is_ok_and(|before| before.owner == self.owner);
            if is_mine { file.write_all_at(&self.text(before.len()), 0) } else { Ok(()) }
        });
    }
}

/// What tells contents apart on every machine: their stamps do not, for inode numbers and fractions of seconds are a mount's own.
pub(super) fn print(input: &Input) -> u64 {
    let mut hasher = blake3::Hasher::new();
    for member in &input.members {
        let name = member.path.as_os_str().as_encoded_bytes();
        hasher.update(&(name.len() as u64).to_le_bytes());
        hasher.update(name);
        hasher.update(&member.stamp.size.to_le_bytes());
        hasher.update(&member.stamp.modified.div_euclid(1_000_000_000).to_le_bytes());
    }
    let mut first = [0; 8];
    first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_le_bytes(first)
}

/// What a claim says, and its last sign of life; `None` where it was released meanwhile. No facts where it is being written.
pub(super) fn read(path: &Path) -> Result<Option<(Option<Facts>, Sign)>, Error> {
    // Opening makes a network drive ask its server, where looking alone may be answered from what is remembered.
    let opened = File::open(path).and_then(|opened| {
        let changed = opened.metadata()?.modified()?;
        Ok((std::io::read_to_string(opened)?, changed))
    });
    match opened {
        Ok((text, changed)) => {
            let facts: Option<Facts> = serde_json::from_str(&text).ok();
            let beat = facts.as_ref().map_or(0, |facts| facts.beat);
            Ok(Some((facts, (changed, beat))))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::File { path: path.into(), source }),
    }
}

#[cfg(test)]
mod tests {
    use super::{Facts, Owner, Purpose, read};

    fn facts(input: String) -> Facts {
        let owner = Owner::myself();
        Facts {
            input,
            file: "a".into(),
            print: 1,
            owner,
            lease_s: 1,
            crashes: 0,
            at_work: false,
            beat: 9,
            purpose: Purpose::default(),
        }
    }

    #[test]
    fn a_claim_that_was_taken_over_is_not_written_by_its_old_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("claim");
        let mine = facts("a".into());
        let others = Facts { owner: Owner { host: "b".into(), ..Owner::myself() }, ..mine.clone() };
        std::fs::write(&path, others.text(0)).unwrap();
        mine.write(&path);
        assert_eq!(read(&path).unwrap().unwrap().0, Some(others));
    }

    #[test]
    fn a_claim_can_be_read_whatever_was_written_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("claim");
        // With names of all lengths, so that texts grow and shrink over the lengths to which they are filled up.
        for length in 0..300 {
            let first = facts("x".repeat(length));
            std::fs::write(&path, first.text(0)).unwrap();
            for (beat, at_work) in [(9, true), (10, true), (11, false)] {
                let facts = Facts { beat, at_work, ..first.clone() };
                facts.write(&path);
                let (found, sign) = read(&path).unwrap().unwrap();
                assert_eq!((found, sign.1), (Some(facts), beat), "{length}");
            }
        }
    }
}
