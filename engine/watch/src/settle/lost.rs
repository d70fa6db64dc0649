//! Files of which nobody can tell what they belong to: still being written, empty, or damaged. What lies in the same folder
//! may be what they are missing from.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Such files by folder.
#[derive(Debug, Default)]
pub struct Lost {
    by_folder: BTreeMap<PathBuf, BTreeSet<PathBuf>>,
    /// Asked about for the last time, when they were quiet.
    settled: BTreeSet<PathBuf>,
}

impl Lost {
    pub fn add(&mut self, path: &Path) {
        self.by_folder.entry(folder_of(path)).or_default().insert(path.into());
    }

    /// It was quiet, and still cannot be told.
    pub fn settle(&mut self, path: &Path) {
        self.settled.insert(path.into());
    }

    pub fn remove(&mut self, path: &Path) {
        self.settled.remove(path);
        let folder = folder_of(path);
        if let Some(files) = self.by_folder.get_mut(&folder) {
            files.remove(path);
            if files.is_empty() {
                self.by_folder.remove(&folder);
            }
        }
    }

    pub fn is_settled(&self, path: &Path) -> bool {
        self.settled.contains(path)
    }

    /// All that are settled.
    pub fn settled(&self) -> impl Iterator<Item = &PathBuf> {
        self.settled.iter()
    }

    /// Those in one of these folders, in order.
    pub fn within<'a>(&'a self, folders: &'a BTreeSet<PathBuf>) -> impl Iterator<Item = &'a PathBuf> {
        folders.iter().filter_map(|folder| self.by_folder.get(folder)).flatten()
    }
}

fn folder_of(path: &Path) -> PathBuf {
    path.parent().unwrap_or(path).to_owned()
}
