//! Results: made beside, flushed to the disk, renamed into place. Half a result is never seen under its final name.

use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

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
    /// Seconds since 1970.
    pub finished: f64,
}

/// What is there under a final name.
#[derive(Clone, Debug, PartialEq)]
pub enum There {
    Nothing,
    /// A result that this job, or one with the same key, has made.
    Same,
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
            Ok(mark) if mark.job == job => There::Same,
            _ => There::Other,
        },
        Err(_) if folder.symlink_metadata().is_ok() => There::Other,
        Err(_) => There::Nothing,
    }
}

/// The result of this job if there is one under the input's name or a numbered one.
pub fn find(output: &Path, name: &Path, job: &str) -> Option<PathBuf> {
    (1..)
        .map(|number| numbered(name, number))
        .map_while(|result| match look(output, &result, job) {
            There::Nothing => None,
            There::Same => Some(Some(result)),
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

/// Starts to write out all files below, without waiting, and returns everything that [`flush`] has to wait for: the folders
/// first, then the files.
///
/// Rationale: waiting for one after the other is then as quick as threads that wait at the same time. What is written
/// already shares the first flush, and the rest of them find nothing to do.
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

/// Returns when all these files and folders are on the disk.
///
/// # Errors
/// Of the file system.
pub fn flush(paths: &[PathBuf]) -> io::Result<()> {
    paths.iter().try_for_each(|path| File::open(path)?.sync_all())
}

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
