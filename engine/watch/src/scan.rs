//! Looking through the watched folder: the truth, where events are hints.

use crate::names::{self, READY};
use crate::stamp::Stamp;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

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

/// Gives every file at or below `start`, a path below `folder`, that may be an input, until `take` breaks.
///
/// Links are not followed, neither to files nor to folders. What lies at or below `except`, paths below `folder`, is left out.
pub fn scan(folder: &Path, start: &Path, except: &BTreeSet<PathBuf>, take: &mut dyn FnMut(Found) -> ControlFlow<()>) -> Troubles {
    let mut walk = Walk { folder, except, take, troubles: Vec::new() };
    if !start.as_os_str().is_empty() && !names::may_be_input(start) {
        return Vec::new();
    }
    if has_link_above(folder, start) || start.ancestors().any(|above| except.contains(above)) {
        return Vec::new();
    }
    let _ = walk.entry(start, is_marked(folder, start));
    walk.troubles
}

/// True for what lies below a folder with a `.ready` file, itself below `folder`.
pub fn is_marked(folder: &Path, path: &Path) -> bool {
    above(path).any(|above| folder.join(above).join(READY).exists())
}

/// The folders that a relative path lies in, without the one it is relative to.
fn above(path: &Path) -> impl Iterator<Item = &Path> {
    path.ancestors().skip(1).filter(|above| !above.as_os_str().is_empty())
}

struct Walk<'a> {
    folder: &'a Path,
    except: &'a BTreeSet<PathBuf>,
    take: &'a mut dyn FnMut(Found) -> ControlFlow<()>,
    troubles: Troubles,
}

impl Walk<'_> {
    fn entry(&mut self, path: &Path, is_ready: bool) -> ControlFlow<()> {
        if self.except.contains(path) {
            return ControlFlow::Continue(());
        }
        let absolute = if path.as_os_str().is_empty() { self.folder.to_owned() } else { self.folder.join(path) };
        match absolute.symlink_metadata() {
            Ok(metadata) if metadata.is_dir() => self.below(path, &absolute, is_ready),
            Ok(metadata) if metadata.is_file() => (self.take)(Found { path: path.into(), stamp: Stamp::of(&metadata), is_ready }),
            // Links, pipes, sockets and devices are no inputs.
            Ok(_) => ControlFlow::Continue(()),
            Err(error) => self.trouble(path, error),
        }
    }

    fn below(&mut self, path: &Path, absolute: &Path, is_ready: bool) -> ControlFlow<()> {
        let entries = match std::fs::read_dir(absolute) {
            Ok(entries) => entries,
            Err(error) => return self.trouble(path, error),
        };
        let is_top = path.as_os_str().is_empty();
        let mut found: Vec<OsString> = Vec::new();
        let mut is_ready = is_ready;
        for entry in entries {
            match entry {
                Ok(entry) if entry.file_name() == READY => is_ready |= !is_top,
                Ok(entry) => found.push(entry.file_name()),
                Err(error) => self.trouble(path, error)?,
            }
        }
        found.sort();
        for name in found {
            let path = if is_top { PathBuf::from(&name) } else { path.join(&name) };
            let may_be = if is_top { names::may_be_input(&path) } else { !names::waits(&name) };
            if may_be {
                self.entry(&path, is_ready)?;
            }
        }
        ControlFlow::Continue(())
    }

    fn trouble(&mut self, path: &Path, error: std::io::Error) -> ControlFlow<()> {
        // What is gone by now is no trouble, unless it is everything: then the drive is.
        if error.kind() != std::io::ErrorKind::NotFound || path.as_os_str().is_empty() {
            self.troubles.push((path.into(), error));
        }
        ControlFlow::Continue(())
    }
}

/// True where a folder on the way is a link.
fn has_link_above(folder: &Path, path: &Path) -> bool {
    above(path).any(|above| folder.join(above).symlink_metadata().is_ok_and(|metadata| metadata.is_symlink()))
}
