//! What the file system says of a file without reading it: enough to notice that it was changed or replaced.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// One file, as it was at one look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Stamp {
    pub device: u64,
    pub inode: u64,
    pub size: u64,
    /// Nanoseconds since 1970.
    pub modified: i128,
    /// Of the last change of contents, name or rights; cannot be set back by hand.
    pub changed: i128,
}

impl Stamp {
    pub fn of(metadata: &Metadata) -> Self {
        let nanos = |seconds: i64, nanos: i64| i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.len(),
            modified: nanos(metadata.mtime(), metadata.mtime_nsec()),
            changed: nanos(metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// A short hash for records; device numbers are left out, they may change when a share is mounted anew.
    pub fn hash(&self) -> u64 {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.inode.to_le_bytes());
        hasher.update(&self.size.to_le_bytes());
        hasher.update(&self.modified.to_le_bytes());
        hasher.update(&self.changed.to_le_bytes());
        short(&hasher.finalize())
    }
}

/// A file with its stamp; the path is relative to the watched folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub path: PathBuf,
    pub stamp: Stamp,
}

/// One hash over all files of an item.
pub fn hash_of(members: &[Member]) -> u64 {
    let mut hasher = blake3::Hasher::new();
    for member in members {
        let name = member.path.as_os_str().as_encoded_bytes();
        hasher.update(&(name.len() as u64).to_le_bytes());
        hasher.update(name);
        hasher.update(&member.stamp.hash().to_le_bytes());
    }
    short(&hasher.finalize())
}

/// The first bytes of a hash, for records.
pub(crate) fn short(hash: &blake3::Hash) -> u64 {
    let mut first = [0; 8];
    first.copy_from_slice(&hash.as_bytes()[..8]);
    // The ledger keeps signed numbers.
    u64::from_le_bytes(first) >> 1
}
