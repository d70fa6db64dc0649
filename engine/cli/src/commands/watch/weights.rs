//! Files of weights: whether they are still what they were, and what they hold.

use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What the file system says of a file of weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    pub path: PathBuf,
    size: u64,
    modified: Option<SystemTime>,
}

impl Weights {
    pub fn look(path: &Path) -> Self {
        let facts = std::fs::metadata(path).ok();
        let size = facts.as_ref().map_or(0, std::fs::Metadata::len);
        Self { path: path.into(), size, modified: facts.and_then(|facts| facts.modified().ok()) }
    }

    /// True where the file is no longer what it was.
    pub fn is_changed(&self) -> bool {
        Self::look(&self.path) != *self
    }
}

/// Of a file's contents.
pub fn hash(path: &Path) -> std::io::Result<String> {
    let mut hasher = Sha256::new();
    std::io::copy(&mut std::fs::File::open(path)?, &mut hasher)?;
    Ok(format!("{:x}", hasher.finalize()))
}
