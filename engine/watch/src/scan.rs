//! Looking through the watched folder: the truth, where events are hints.

use crate::names::{self, READY};
use crate::stamp::Stamp;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One file that may be an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Below the watched folder.
    pub path: PathBuf,
    pub stamp: Stamp,
    /// It lies below a folder with a `.ready` file.
    pub is_ready: bool,
}

/// What could not be looked at.
pub type Troubles = Vec<(PathBuf, std::io::Error)>;

/// Every file at or below a path that may be an input, one after the other: whoever asks may do something else in between.
///
/// Links are not followed, neither to files nor to folders.
pub struct Walk {
    folder: PathBuf,
    except: Arc<BTreeSet<PathBuf>>,
    /// The path itself, until it was looked at.
    start: Option<PathBuf>,
    /// Folders that are being looked through, the deepest last.
    levels: Vec<Level>,
    /// What could not be looked at so far.
    pub troubles: Troubles,
}

/// What is left of a folder.
struct Level {
    path: PathBuf,
    is_ready: bool,
    names: std::vec::IntoIter<OsString>,
}

impl Walk {
    /// Of `start`, a path below `folder`. What lies at or below `except`, paths below `folder`, is left out.
    pub fn new(folder: &Path, start: &Path, except: Arc<BTreeSet<PathBuf>>) -> Self {
        let may_be_input = start.as_os_str().is_empty() || names::may_be_input(start);
        let is_left_out = has_link_above(folder, start) || start.ancestors().any(|above| except.contains(above));
        let start = (may_be_input && !is_left_out).then(|| start.to_owned());
        Self { folder: folder.into(), except, start, levels: Vec::new(), troubles: Vec::new() }
    }

    /// The file, if that is what the path is; a folder is entered.
    fn entry(&mut self, path: PathBuf, is_ready: bool) -> Option<Found> {
        if self.except.contains(&path) {
            return None;
        }
        let absolute = if path.as_os_str().is_empty() { self.folder.clone() } else { self.folder.join(&path) };
        match absolute.symlink_metadata() {
            Ok(metadata) if metadata.is_dir() => self.enter(path, &absolute, is_ready),
            Ok(metadata) if metadata.is_file() && crate::retire::is_error(&absolute) => {}
            Ok(metadata) if metadata.is_file() => return Some(Found { path, stamp: Stamp::of(&metadata), is_ready }),
            // Links, pipes, sockets and devices are no inputs.
            Ok(_) => {}
            Err(error) => self.trouble(&path, error),
        }
        None
    }

    fn enter(&mut self, path: PathBuf, absolute: &Path, is_ready: bool) {
        let entries = match std::fs::read_dir(absolute) {
            Ok(entries) => entries,
            Err(error) => return self.trouble(&path, error),
        };
        let is_top = path.as_os_str().is_empty();
        let mut found: Vec<OsString> = Vec::new();
        let mut is_ready = is_ready;
        for entry in entries {
            match entry {
                Ok(entry) if entry.file_name() == READY => is_ready |= !is_top,
                Ok(entry) => found.push(entry.file_name()),
                Err(error) => self.trouble(&path, error),
            }
        }
        found.sort();
        self.levels.push(Level { path, is_ready, names: found.into_iter() });
    }

    fn trouble(&mut self, path: &Path, error: std::io::Error) {
        // What is gone by now is no trouble, unless it is everything: then the drive is.
        if error.kind() != std::io::ErrorKind::NotFound || path.as_os_str().is_empty() {
            self.troubles.push((path.into(), error));
        }
    }
}

impl Iterator for Walk {
    type Item = Found;

    fn next(&mut self) -> Option<Found> {
        if let Some(start) = self.start.take() {
            let is_ready = is_marked(&self.folder, &start);
            if let Some(found) = self.entry(start, is_ready) {
                return Some(found);
            }
        }
        while let Some(level) = self.levels.last_mut() {
            let Some(name) = level.names.next() else {
                self.levels.pop();
                continue;
            };
            let is_top = level.path.as_os_str().is_empty();
            let path = if is_top { PathBuf::from(&name) } else { level.path.join(&name) };
            let (may_be, is_ready) = (if is_top { names::may_be_input(&path) } else { !names::waits(&name) }, level.is_ready);
            if may_be && let Some(found) = self.entry(path, is_ready) {
                return Some(found);
            }
        }
        None
    }
}

/// True for what lies below a folder with a `.ready` file, itself below `folder`.
pub fn is_marked(folder: &Path, path: &Path) -> bool {
    above(path).any(|above| folder.join(above).join(READY).exists())
}

/// The folders that a relative path lies in, without the one it is relative to.
fn above(path: &Path) -> impl Iterator<Item = &Path> {
    path.ancestors().skip(1).filter(|above| !above.as_os_str().is_empty())
}

/// True where a folder on the way is a link.
fn has_link_above(folder: &Path, path: &Path) -> bool {
    above(path).any(|above| folder.join(above).symlink_metadata().is_ok_and(|metadata| metadata.is_symlink()))
}
