//! Where plugins are looked for, and in which order.

use super::{Fault, Libtorch, Skipped};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How plugins are found. Passed, not stored.
pub struct Config {
    /// Files and folders, in order; each must exist (`--plugins`).
    pub asked: Vec<PathBuf>,
    /// Folders that may be absent, in order, after `asked`.
    pub folders: Vec<PathBuf>,
    /// The command that scans a library; the file is added as its last word. It prints what [`super::scan`] returns.
    pub scanner: Vec<OsString>,
    /// How long one library may take to load and to describe itself.
    pub timeout: Duration,
    /// Folder of the cache; `None` for no cache.
    pub cache: Option<PathBuf>,
    /// The libtorch to use; `None` for [`Libtorch::find`], once a plugin needs one.
    pub libtorch: Option<Libtorch>,
}

impl Config {
    /// Only `asked`, without a cache.
    pub fn only(asked: Vec<PathBuf>, scanner: Vec<OsString>) -> Self {
        Self { asked, folders: Vec::new(), scanner, timeout: Duration::from_secs(20), cache: None, libtorch: None }
    }

    /// `asked`, then `VOXLOOM_PLUGINS`, then `plugins` beside the program, then the user's folder; with the user's cache.
    pub fn standard(asked: Vec<PathBuf>, scanner: Vec<OsString>) -> Self {
        let mut folders: Vec<PathBuf> = std::env::var_os("VOXLOOM_PLUGINS").iter().flat_map(std::env::split_paths).collect();
        folders.extend(std::env::current_exe().ok().and_then(|program| Some(program.parent()?.join("plugins"))));
        folders.extend(user_folder("XDG_DATA_HOME", ".local/share").map(|data| data.join("voxloom/plugins")));
        let cache = user_folder("XDG_CACHE_HOME", ".cache").map(|cache| cache.join("voxloom"));
        Self { folders, cache, ..Self::only(asked, scanner) }
    }
}

/// Candidate files in order, each once, and what was asked for and is not there.
pub(super) fn candidates(config: &Config) -> (Vec<PathBuf>, Vec<Skipped>) {
    let mut files = Vec::new();
    let mut skipped = Vec::new();
    for path in &config.asked {
        match std::fs::metadata(path) {
            Ok(found) if found.is_dir() => files.extend(libraries_in(path)),
            Ok(_) => files.push(path.clone()),
            Err(_) => skipped.push(Skipped { file: path.clone(), fault: Fault::Missing }),
        }
    }
    files.extend(config.folders.iter().flat_map(|folder| libraries_in(folder)));
    let mut seen = BTreeSet::new();
    let files = files.into_iter().map(|file| file.canonicalize().unwrap_or(file)).filter(|file| seen.insert(file.clone()));
    (files.collect(), skipped)
}

/// Shared libraries of a folder by name; none where the folder cannot be read.
fn libraries_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> =
        entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "so")).collect();
    files.sort();
    files
}

/// A folder of the XDG base directory specification: an absolute path in `variable`, or `fallback` in the home folder.
fn user_folder(variable: &str, fallback: &str) -> Option<PathBuf> {
    let named = std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    named.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(fallback)))
}
