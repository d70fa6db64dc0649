//! What becomes of inputs that are done or failed: they stay, move to `done/` or `failed/`, or are deleted.
//!
//! Nothing is overwritten, and a file that came under the same name meanwhile is left alone: it is another input.

use crate::carry::carry;
use crate::commit::{make_folders, sync_folder};
use crate::content::look;
use crate::input::Input;
use crate::names::{DONE, FAILED, OWN, READY, numbered};
use crate::stamp::Member;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

/// What to do with inputs that are done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum After {
    #[default]
    Keep,
    /// Move to `done/` in the watched folder.
    Move,
    Delete,
}

/// Puts away an input that is done. `None` if its files stay where they are, else the folders that have new names in them:
/// until they are flushed, a power cut may bring the files back to where they were.
///
/// # Errors
/// Of the file system: the files that could not be put away stay, and nothing else is lost.
pub fn done(folder: &Path, input: &Input, after: After) -> io::Result<Option<Vec<PathBuf>>> {
    let marked = marked_folders(folder, input);
    let mut touched = Vec::new();
    match after {
        After::Keep => return Ok(None),
        After::Move => {
            require_folder(folder, DONE)?;
            for member in &input.members {
                let target = free(folder, Path::new(DONE), &member.path);
                let moved = put(folder, member, |number| numbered(&target, number))?;
                touched.extend(moved.and_then(|moved| Some(folder.join(moved.parent()?))));
            }
        }
        After::Delete => {
            for member in &input.members {
                // Moved first, so that what is deleted is surely what was worked on.
                let unique = format!("trash-{}-{:016x}", std::process::id(), member.stamp.hash());
                let trash = Path::new(OWN).join("trash").join(unique);
                if let Some(file) = put(folder, member, |number| numbered(&trash, number))? {
                    std::fs::remove_file(folder.join(file))?;
                }
            }
        }
    }
    tidy(folder, &marked);
    Ok(Some(touched))
}

/// Moves an input that failed to `failed/<name>/`, beside `error.json` with what `error` says when it is told where the
/// input will lie. Returns that folder, relative.
///
/// # Errors
/// Of the file system.
pub fn failed(folder: &Path, input: &Input, error: impl FnOnce(&Path) -> serde_json::Value) -> io::Result<PathBuf> {
    require_folder(folder, FAILED)?;
    let marked = marked_folders(folder, input);
    let base = free(folder, Path::new(FAILED), &input.name);
    make_folders(folder, folder.join(&base).parent().unwrap_or(folder))?;
    let name = |member: &Member| match (input.is_group, member.path.file_name()) {
        (false, Some(name)) => beside_error(Path::new(name)),
        _ => beside_error(&member.path),
    };
    let target = (1..)
        .map(|number| numbered(&base, number))
        .find_map(|target| match std::fs::create_dir(folder.join(&target)) {
            Ok(()) => Some(Ok(target)),
            // The process was killed before it moved the input, or someone took the input back to have it tried again.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && !folder.join(&target).is_dir() => None,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let is_free = |member| folder.join(&target).join(name(member)).symlink_metadata().is_err();
                input.members.iter().all(is_free).then_some(Ok(target))
            }
            Err(error) => Some(Err(error)),
        })
        .unwrap_or_else(|| Err(io::ErrorKind::AlreadyExists.into()))?;
    let lies = match &input.members[..] {
        [member] if !input.is_group => target.join(name(member)),
        _ => target.clone(),
    };
    let error = error(&folder.join(lies));
    let beside = folder.join(&target).join(".error.json.tmp");
    std::fs::write(&beside, serde_json::to_vec_pretty(&error)?)?;
    std::fs::File::open(&beside)?.sync_all()?;
    std::fs::rename(&beside, folder.join(&target).join(ERROR))?;
    sync_folder(&folder.join(&target))?;
    let mut touched = BTreeSet::new();
    for member in &input.members {
        let moved = put(folder, member, |number| numbered(&target.join(name(member)), number))?;
        touched.extend(moved.and_then(|moved| Some(folder.join(moved.parent()?))));
    }
    touched.iter().try_for_each(|folder| sync_folder(folder))?;
    tidy(folder, &marked);
    Ok(target)
}

/// A file may have come there since the start, which no other name can stand in for: inputs put away elsewhere were inputs again.
fn require_folder(folder: &Path, name: &str) -> io::Result<()> {
    let own = folder.join(name);
    match own.symlink_metadata() {
        Ok(_) if !own.is_dir() => {
            let what = format!("`{name}` in the watched folder is no folder; rename it, and this is put away at the next start");
            Err(io::Error::new(io::ErrorKind::NotADirectory, what))
        }
        _ => Ok(()),
    }
}

/// Says why an input failed, in the folder where it lies then.
const ERROR: &str = "error.json";

/// True for a file that was written beside an input that failed, and came back with it.
pub fn is_error(file: &Path) -> bool {
    let is_called_so = file.file_name().is_some_and(|name| name == ERROR);
    let read = || -> Option<serde_json::Value> { serde_json::from_slice(&std::fs::read(file).ok()?).ok() };
    is_called_so && read().is_some_and(|error| ["input", "kind", "message", "voxloom"].iter().all(|key| error.get(key).is_some()))
}

/// The name of a failed file in its folder, where one name is taken.
fn beside_error(path: &Path) -> PathBuf {
    numbered(path, if path == Path::new(ERROR) { 2 } else { 1 })
}

/// Where `path` may lie below `base`: folders on the way have a number where a file has their name already.
fn free(folder: &Path, base: &Path, path: &Path) -> PathBuf {
    let above = path.parent().unwrap_or(Path::new(""));
    let is_free = |path: &PathBuf| {
        let path = folder.join(path);
        path.symlink_metadata().is_err() || path.is_dir()
    };
    let below = above.components().fold(base.to_owned(), |found, part| {
        let wanted = found.join(part);
        (1..1000).map(|number| numbered(&wanted, number)).find(is_free).unwrap_or(wanted)
    });
    path.file_name().map_or_else(|| below.clone(), |name| below.join(name))
}

/// Moves one file to the first free of the names, and returns it; `None` if the file is gone, or another one now.
fn put(folder: &Path, member: &Member, name: impl Fn(u32) -> PathBuf) -> io::Result<Option<PathBuf>> {
    let from = folder.join(&member.path);
    if !look(&from).is_ok_and(|stamp| stamp == member.stamp) {
        return Ok(None);
    }
    for number in 1.. {
        let target = name(number);
        let to = folder.join(&target);
        make_folders(folder, to.parent().unwrap_or(folder))?;
        match carry(&from, &to, &member.stamp) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            moved => return Ok(moved?.then_some(target)),
        }
    }
    Ok(None)
}

/// Folders of the input's files, up to those with a `.ready` file: whoever put it there is done with them.
fn marked_folders(folder: &Path, input: &Input) -> Vec<PathBuf> {
    let mut marked: Vec<PathBuf> = Vec::new();
    for member in &input.members {
        let above: Vec<&Path> = member.path.ancestors().skip(1).filter(|above| !above.as_os_str().is_empty()).collect();
        if let Some(top) = above.iter().rposition(|above| folder.join(above).join(READY).exists()) {
            marked.extend(above[..=top].iter().map(|above| above.to_path_buf()));
        }
    }
    marked.sort_by_key(|path| std::cmp::Reverse(path.components().count()));
    marked.dedup();
    marked
}

/// Removes marked folders in which nothing but the mark is left.
fn tidy(folder: &Path, marked: &[PathBuf]) {
    for path in marked.iter().map(|path| folder.join(path)) {
        let only_mark = std::fs::read_dir(&path)
            .is_ok_and(|mut entries| entries.all(|entry| entry.is_ok_and(|entry| entry.file_name() == READY)));
        if only_mark {
            // Someone may put something there at this moment: then the folder stays.
            let _ = std::fs::remove_file(path.join(READY));
            let _ = std::fs::remove_dir(&path);
        }
    }
}
