//! What scans found, kept in the user's cache folder by the content of the library.
//!
//! A file whose size, times and inode are unchanged is not read again. The cache is a convenience: one that is missing,
//! damaged or of another version counts as empty, and one that cannot be written is done without.

use super::Fault;
use super::scan::Facts;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use voxloom_abi::{ABI_MAJOR, ABI_MINOR};

#[derive(Default)]
pub(super) struct Cache {
    file: Option<PathBuf>,
    content: Content,
    changed: bool,
}

#[derive(Default, Serialize, Deserialize)]
struct Content {
    /// Files by path.
    files: BTreeMap<String, Stamp>,
    /// Libraries by SHA-256.
    libraries: BTreeMap<String, Facts>,
}

#[derive(PartialEq, Serialize, Deserialize)]
struct Stamp {
    size: u64,
    inode: u64,
    /// Modification and change, in nanoseconds.
    times: [i64; 2],
    sha256: String,
}

impl Cache {
    pub fn read(folder: Option<&Path>) -> Self {
        // The version stands in the name, so that programs of two versions do not empty each other's cache.
        let name = format!("plugins-{}-abi{ABI_MAJOR}.{ABI_MINOR}.json", env!("CARGO_PKG_VERSION"));
        let file = folder.map(|folder| folder.join(name));
        let text = file.as_ref().and_then(|file| std::fs::read(file).ok()).unwrap_or_default();
        Self { file, content: serde_json::from_slice(&text).unwrap_or_default(), changed: false }
    }

    /// What is known of the library in `file`, if its content was scanned before.
    pub fn find(&mut self, file: &Path) -> Option<Facts> {
        self.file.as_ref()?;
        let known = self.content.files.get(&file.to_string_lossy().into_owned());
        if let Some(known) = known.filter(|known| stamp(file, &known.sha256).is_some_and(|now| now == **known)) {
            return self.content.libraries.get(&known.sha256).cloned();
        }
        let found = self.content.libraries.get(&hash(file).ok()?).cloned()?;
        self.remember(file, &found.sha256);
        Some(found)
    }

    /// Keeps `facts` and completes them by the hash of the file.
    pub fn keep(&mut self, file: &Path, mut facts: Facts) -> Result<Facts, Fault> {
        facts.sha256 = hash(file).map_err(|error| Fault::Unreadable(error.to_string()))?;
        self.remember(file, &facts.sha256);
        self.content.libraries.insert(facts.sha256.clone(), facts.clone());
        Ok(facts)
    }

    /// Writes what is new, beside the old and then in its place. Forgets libraries whose files are gone.
    pub fn write(mut self) {
        let Some(file) = self.file.take().filter(|_| self.changed) else { return };
        self.content.files.retain(|path, _| Path::new(path).exists());
        let alive: BTreeSet<&String> = self.content.files.values().map(|stamp| &stamp.sha256).collect();
        self.content.libraries.retain(|hash, _| alive.contains(hash));
        let beside = file.with_extension(format!("{}.tmp", std::process::id()));
        let written = file.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| {
            std::fs::write(&beside, serde_json::to_vec(&self.content).unwrap_or_default())?;
            std::fs::rename(&beside, &file)
        });
        if written.is_err() {
            let _ = std::fs::remove_file(&beside);
        }
    }

    fn remember(&mut self, file: &Path, sha256: &str) {
        if let Some(stamp) = stamp(file, sha256) {
            self.content.files.insert(file.to_string_lossy().into_owned(), stamp);
            self.changed = true;
        }
    }
}

fn stamp(file: &Path, sha256: &str) -> Option<Stamp> {
    let found = std::fs::metadata(file).ok()?;
    let times = [found.mtime() * 1_000_000_000 + found.mtime_nsec(), found.ctime() * 1_000_000_000 + found.ctime_nsec()];
    Some(Stamp { size: found.len(), inode: found.ino(), times, sha256: sha256.to_owned() })
}

fn hash(file: &Path) -> std::io::Result<String> {
    let mut hasher = Sha256::new();
    std::io::copy(&mut File::open(file)?, &mut hasher)?;
    let mut text = String::with_capacity(64);
    for byte in hasher.finalize() {
        write!(text, "{byte:02x}").map_err(std::io::Error::other)?;
    }
    Ok(text)
}
