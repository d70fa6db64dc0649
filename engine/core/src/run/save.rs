//! Saves: folders that are there whole or not at all.

use super::fault::Fault;
use super::host::Callers;
use super::instance::Instance;
use super::position::{FILE, Position};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Writes modules and position to `<folder>/last`, and to `<folder>/best` where `best`.
///
/// Everything is written beside its place, flushed, and then changes places with the folder that was there before. `best`
/// goes first: a run that is cut off between the two repeats from `last` what made it best.
///
/// # Errors
/// One sentence; the folders that were there before are then still there.
pub(crate) fn save(
    folder: &Path,
    best: bool,
    modules: &[Arc<Instance>],
    callers: &mut Callers,
    position: &Position,
) -> Result<(), Fault> {
    let told = |place: &Path| {
        let place = place.to_owned();
        move |error: io::Error| Fault::io(&place, &error)
    };
    std::fs::create_dir_all(folder).map_err(told(folder))?;
    let fresh = empty(folder, "last").map_err(told(folder))?;
    for module in modules {
        let path = module_file(&fresh, &module.name);
        let context = callers.of(module.device).at(&module.name, &[], 0, 1, false);
        module.save(context, &path).map_err(|fault| fault.context(format_args!("module `{}`", module.name)))?;
        flush(&path).map_err(told(&path))?;
    }
    let text = serde_json::to_vec_pretty(position).map_err(|error| Fault::failed(error.to_string()))?;
    std::fs::write(fresh.join(FILE), text).and_then(|()| flush(&fresh.join(FILE))).map_err(told(&fresh))?;
    flush(&fresh).map_err(told(&fresh))?;
    if best {
        let copy = copy(folder, &fresh).map_err(told(folder))?;
        swap_in(&copy, &folder.join("best")).map_err(told(folder))?;
    }
    swap_in(&fresh, &folder.join("last")).map_err(told(folder))
}

/// Where a module's state lies in a saved folder.
pub(crate) fn module_file(folder: &Path, module: &str) -> PathBuf {
    folder.join(format!("{module}.safetensors"))
}

/// An empty folder beside the place of `name`; what an earlier run left there goes.
fn empty(folder: &Path, name: &str) -> io::Result<PathBuf> {
    let fresh = folder.join(format!(".{name}.new"));
    match std::fs::remove_dir_all(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => std::fs::create_dir(&fresh)?,
    }
    Ok(fresh)
}

/// A second folder with the same files. They never change, so links will do.
fn copy(folder: &Path, from: &Path) -> io::Result<PathBuf> {
    let fresh = empty(folder, "best")?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let to = fresh.join(entry.file_name());
        if std::fs::hard_link(entry.path(), &to).is_err() {
            std::fs::copy(entry.path(), &to)?;
            flush(&to)?;
        }
    }
    flush(&fresh)?;
    Ok(fresh)
}

/// Puts `fresh` in the place of `place`, in one step where the file system can.
fn swap_in(fresh: &Path, place: &Path) -> io::Result<()> {
    if !place.exists() {
        std::fs::rename(fresh, place)?;
    } else if renameat_with(CWD, fresh, CWD, place, RenameFlags::EXCHANGE).is_err() {
        // Rationale: not every file system can exchange. For a moment only the old folder's other name is there.
        let old = place.with_extension("old");
        std::fs::rename(place, &old)?;
        std::fs::rename(fresh, place)?;
        std::fs::remove_dir_all(old)?;
    } else {
        std::fs::remove_dir_all(fresh)?;
    }
    place.parent().map_or(Ok(()), flush)
}

/// Brings a file or folder to the disk.
fn flush(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
