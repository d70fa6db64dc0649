//! Results: made beside, flushed to the disk, renamed into place. Half a result is never seen under its final name.

use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// The file in every result that says what it is a result of.
pub const MARK: &str = ".voxloom.json";

/// What [`MARK`] says. It is how watchers with other ledgers, and one that lost power before recording, see what is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// The input's name, for people.
    pub input: String,
    /// Hash of its content.
    pub content: String,
    /// Hash of content, pipeline, parameters, plugins and weights.
    pub job: String,
    pub attempt: u32,
    /// When work began, in seconds since 1970, as the ledger of its watcher has it, too: so that one knows its own again.
    #[serde(default)]
    pub started: f64,
    /// Seconds since 1970.
    pub finished: f64,
}

/// What is there under a final name.
#[derive(Clone, Debug, PartialEq)]
pub enum There {
    Nothing,
    /// A result that this job, or one with the same key, has made.
    Same(Mark),
    /// Something else.
    Other,
}

/// The name as a folder below the results: `name`, then `name.2`, `name.3` and so on.
pub fn numbered(name: &Path, number: u32) -> PathBuf {
    if number < 2 {
        return name.to_owned();
    }
    crate::names::with_end(name, &format!(".{number}"))
}

pub fn look(output: &Path, result: &Path, job: &str) -> There {
    let folder = output.join(result);
    match std::fs::read(folder.join(MARK)) {
        Ok(text) => match serde_json::from_slice::<Mark>(&text) {
            Ok(mark) if mark.job == job => There::Same(mark),
            _ => There::Other,
        },
        Err(_) if folder.symlink_metadata().is_ok() => There::Other,
        Err(_) => There::Nothing,
    }
}

/// The result of this job, with its mark, if there is one under the input's name or a numbered one.
pub fn find(output: &Path, name: &Path, job: &str) -> Option<(PathBuf, Mark)> {
    (1..)
        .map(|number| numbered(name, number))
        .map_while(|result| match look(output, &result, job) {
            There::Nothing => None,
            There::Same(mark) => Some(Some((result, mark))),
            There::Other => Some(None),
        })
        .flatten()
        .next()
}

/// Writes the mark into a result.
///
/// # Errors
/// Of the file system.
pub fn mark(staged: &Path, mark: &Mark) -> io::Result<()> {
    std::fs::write(staged.join(MARK), serde_json::to_vec(mark)?)
}

/// Starts to write out all files below, without waiting, and returns everything that [`flush`] has to wait for.
///
/// # Errors
/// Of the file system.
pub fn write_out(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    list(folder, &mut files, &mut folders)?;
    for path in &files {
        // No file system has to listen to this; those that do begin to write what they would drop.
        let _ = rustix::fs::fadvise(File::open(path)?, 0, None, rustix::fs::Advice::DontNeed);
    }
    folders.append(&mut files);
    Ok(folders)
}

/// Returns when everything is on the disk that belongs to several results; how that ended, for each of them.
///
/// Rationale: several flushes at a time, because disks and journals do those in one go, and because each of them waits for
/// other threads of the system, which takes long where all processors are busy.
pub fn flush(results: &[&[PathBuf]]) -> Vec<io::Result<()>> {
    let paths: Vec<(usize, &PathBuf)> =
        results.iter().enumerate().flat_map(|(which, paths)| paths.iter().map(move |path| (which, path))).collect();
    let next = AtomicUsize::new(0);
    let ended = Mutex::new(results.iter().map(|_| Ok(())).collect::<Vec<_>>());
    let work = || {
        while let Some((which, path)) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(error) = File::open(path).and_then(|file| file.sync_all()) {
                ended.lock().unwrap_or_else(PoisonError::into_inner)[*which] = Err(error);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..paths.len().min(FLUSHES) {
            // Without this thread the others do its share.
            let _ = std::thread::Builder::new().name("flush".into()).spawn_scoped(scope, work);
        }
        work();
    });
    ended.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Flushes at one time.
const FLUSHES: usize = 8;

/// Moves a flushed folder to its final name, and returns the name. What is there is replaced, or a number added to the name.
///
/// The name is on the disk when the folder above it is flushed, which is left to the caller: many results share one.
///
/// # Errors
/// Of the file system; then what was there before is still there.
pub fn publish(staged: &Path, output: &Path, name: &Path, replace: bool) -> io::Result<PathBuf> {
    let parent = output.join(name);
    let parent = parent.parent().unwrap_or(output);
    make_folders(output, parent)?;
    let mut number = 1;
    loop {
        let result = numbered(name, number);
        let target = output.join(&result);
        match rename_new(staged, &target) {
            Ok(()) => return Ok(result),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        if replace {
            return exchange(staged, &target).map(|()| result);
        }
        number += 1;
    }
}

/// Renames where nothing of the name is there yet.
///
/// # Errors
/// `AlreadyExists`, and others of the file system.
pub fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        // Network drives do not know how: between looking and renaming only the holder of the claim may write this name.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::OPNOTSUPP) => {
            if to.symlink_metadata().is_ok() { Err(io::ErrorKind::AlreadyExists.into()) } else { std::fs::rename(from, to) }
        }
        Err(error) => Err(error.into()),
    }
}

/// Puts `staged` in the place of `target`, which ends up where `staged` was.
fn exchange(staged: &Path, target: &Path) -> io::Result<()> {
    match renameat_with(CWD, staged, CWD, target, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(()),
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::OPNOTSUPP) => {
            let aside = crate::names::with_end(staged, ".before");
            std::fs::rename(target, &aside)?;
            std::fs::rename(staged, target).inspect_err(|_| {
                // The first error is the one to tell.
                let _ = std::fs::rename(&aside, target);
            })?;
            std::fs::rename(&aside, staged)
        }
        Err(error) => Err(error.into()),
    }
}

fn list(folder: &Path, files: &mut Vec<PathBuf>, folders: &mut Vec<PathBuf>) -> io::Result<()> {
    folders.push(folder.into());
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            list(&entry.path(), files, folders)?;
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// Flushes the names in a folder.
///
/// # Errors
/// Of the file system.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Makes folders below `base`, each flushed to the disk.
///
/// # Errors
/// Of the file system.
pub fn make_folders(base: &Path, folder: &Path) -> io::Result<()> {
    if folder == base || folder.is_dir() {
        return Ok(());
    }
    let parent = folder.parent().unwrap_or(base);
    make_folders(base, parent)?;
    match std::fs::create_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => sync_folder(parent),
    }
}
