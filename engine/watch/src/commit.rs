//! Results: made beside, flushed to the disk, renamed into place. Half a result is never seen under its final name.

use crate::mark::{MARK, Mark, Shape};
use crate::names::{EARLIER, OWN, numbered};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// The first name for results of an input, below the folder of results. No result lies within another one: where a folder of the
/// input's path is called as a result is, the folder gets a number.
fn first_name(output: &Path, name: &Path) -> PathBuf {
    let mut home = PathBuf::new();
    for part in name.parent().into_iter().flat_map(Path::components) {
        let wanted = home.join(part);
        let is_free = |folder: &PathBuf| {
            let folder = output.join(folder);
            folder.symlink_metadata().is_err() || (folder.is_dir() && folder.join(MARK).symlink_metadata().is_err())
        };
        home = (1..).map(|number| numbered(&wanted, number)).find(is_free).unwrap_or(wanted);
    }
    home.join(name.file_name().unwrap_or_default())
}

/// What is there of results of this input, under its name and numbered ones.
fn results(output: &Path, name: &Path) -> impl Iterator<Item = (PathBuf, Mark)> {
    let (first, name) = (first_name(output, name), name.to_owned());
    (1..)
        .map(move |number| numbered(&first, number))
        .map(|result| (output.join(&result), result))
        .take_while(|(folder, _)| folder.symlink_metadata().is_ok())
        .filter_map(|(folder, result)| Some((result, Mark::read(&folder)?)))
        .filter(move |(_, mark)| mark.is_of(&name))
}

/// The input's result of the job with this key, where it is there and lacks nothing.
pub fn find(output: &Path, name: &Path, job: &str) -> Option<(PathBuf, Mark)> {
    results(output, name).find(|(result, mark)| mark.job == job && mark.shape(&output.join(result)) != Shape::Lacking)
}

/// Copies the result that this input has of a job into an empty folder, but for its mark, which is returned. None where there is
/// no such result, or none that is as it was made.
///
/// Rationale: a copy and no link. Whoever corrects one of the two results by hand does not mean the other.
///
/// # Errors
/// Of the file system.
pub fn copy(output: &Path, name: &Path, job: &str, staged: &Path) -> io::Result<Option<Mark>> {
    let Some((result, mark)) = find(output, name, job) else { return Ok(None) };
    let folder = output.join(&result);
    for path in mark.files.iter().flatten().map(|(path, _)| Path::new(path)) {
        make_folders(staged, staged.join(path).parent().unwrap_or(staged))?;
        std::fs::copy(folder.join(path), staged.join(path))?;
    }
    // Another result may have taken its place meanwhile.
    let is_it = mark.shape(staged) == Shape::Whole && Mark::read(&folder).as_ref() == Some(&mark);
    Ok(is_it.then_some(mark))
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

/// Where a result went.
#[derive(Debug, PartialEq, Eq)]
pub struct Published {
    /// Below the folder of results.
    pub result: PathBuf,
    /// Where the earlier result lies now, if someone had changed it or put something beside it.
    pub kept: Option<PathBuf>,
}

/// Moves a flushed folder to its final name. A result of this input of which `may_replace` is true is replaced; else a number is
/// added to the name where something else is in the way.
///
/// The name is on the disk when the folder above it is flushed, which is left to the caller: many results share one.
///
/// # Errors
/// Of the file system; then what was there before is still there.
pub fn publish(staged: &Path, output: &Path, name: &Path, may_replace: impl Fn(&Mark) -> bool) -> io::Result<Published> {
    let first = loop {
        let first = first_name(output, name);
        make_folders(output, output.join(&first).parent().unwrap_or(output))?;
        // Another watcher may have shown a result at the folder's name meanwhile.
        if first_name(output, name) == first {
            break first;
        }
    };
    let mut kept = None;
    if let Some((result, mark)) = results(output, name).find(|(_, mark)| may_replace(mark)) {
        if !mark.is_touched(&output.join(&result)) {
            return exchange(staged, &output.join(&result)).map(|()| Published { result, kept });
        }
        kept = Some(keep(output, &result, name)?);
    }
    let mut number = 1;
    loop {
        let result = numbered(&first, number);
        match rename_new(staged, &output.join(&result)) {
            Ok(()) => return Ok(Published { result, kept }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error),
        }
    }
}

/// Takes the results of an input that stays out of sight, and returns where they lie then, below the folder of results.
///
/// # Errors
/// Of the file system.
pub fn hide(output: &Path, name: &Path) -> io::Result<Vec<PathBuf>> {
    let own: Vec<PathBuf> = results(output, name).filter(|(_, mark)| mark.stays).map(|(result, _)| result).collect();
    own.iter().map(|result| keep(output, result, name)).collect()
}

/// Moves a result of an input out of sight, and returns where it lies then.
fn keep(output: &Path, result: &Path, name: &Path) -> io::Result<PathBuf> {
    let (from, earlier) = (output.join(result), Path::new(OWN).join(EARLIER));
    let folder = output.join(&earlier);
    make_folders(output, &folder)?;
    let kept = publish(&from, &folder, name, |_| false)?.result;
    for changed in [from.parent(), folder.join(&kept).parent()].into_iter().flatten() {
        sync_folder(changed)?;
    }
    Ok(earlier.join(kept))
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
