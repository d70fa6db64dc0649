//! Moves of files: by a rename, or, to another file system, by a copy that is on the disk before the file itself goes.

use crate::commit::{rename_new, sync_folder};
use crate::content::look;
use crate::stamp::Stamp;
use std::fs::{File, FileTimes};
use std::io;
use std::path::Path;

/// Moves a file to a name that nothing has yet. False if the file is gone, or is another one than `stamp` says.
///
/// # Errors
/// `AlreadyExists`, and others of the file system: then the file is where it was.
pub fn carry(from: &Path, to: &Path, stamp: &Stamp) -> io::Result<bool> {
    if !look(from).is_ok_and(|found| found == *stamp) {
        return Ok(false);
    }
    match rename_new(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => copied(from, to, stamp),
        Err(error) => Err(error),
        Ok(()) if look(to).is_ok_and(|found| is_same(&found, stamp)) => Ok(true),
        // It was replaced between the look and the move: back with it.
        Ok(()) => match rename_new(to, from) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(false),
        },
    }
}

/// Equal but for the time of change, which moving sets.
fn is_same(a: &Stamp, b: &Stamp) -> bool {
    (a.device, a.inode, a.size, a.modified) == (b.device, b.inode, b.size, b.modified)
}

fn copied(from: &Path, to: &Path, stamp: &Stamp) -> io::Result<bool> {
    if to.symlink_metadata().is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let folder = to.parent().unwrap_or(Path::new("/"));
    let beside = folder.join(format!(".voxloom-{}-{:016x}.part", std::process::id(), stamp.hash()));
    let moved = copy(from, &beside).and_then(|()| {
        if !look(from).is_ok_and(|found| found == *stamp) {
            return Ok(false);
        }
        rename_new(&beside, to)?;
        sync_folder(folder)?;
        std::fs::remove_file(from).map(|()| true)
    });
    // It is there only where that went wrong.
    let _ = std::fs::remove_file(&beside);
    moved
}

/// Bytes, permissions and times, on the disk when it returns.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let (mut source, mut target) = (File::open(from)?, File::create(to)?);
    io::copy(&mut source, &mut target)?;
    let facts = source.metadata()?;
    target.set_permissions(facts.permissions())?;
    target.set_times(FileTimes::new().set_modified(facts.modified()?))?;
    target.sync_all()
}

#[cfg(test)]
mod tests {
    use super::{copied, look};

    #[test]
    fn what_is_copied_is_the_same_file_elsewhere_and_nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let [from, to] = ["from", "to"].map(|name| folder.path().join(name));
        std::fs::write(&from, "text").unwrap();
        let before = look(&from).unwrap();
        assert!(copied(&from, &to, &before).unwrap());
        let after = look(&to).unwrap();
        assert_eq!((after.size, after.modified), (before.size, before.modified));
        assert!(!from.exists() && std::fs::read(&to).unwrap() == b"text");
        std::fs::write(&from, "another").unwrap();
        assert_eq!(copied(&from, &to, &look(&from).unwrap()).unwrap_err().kind(), std::io::ErrorKind::AlreadyExists);
        std::fs::remove_file(&to).unwrap();
        assert!(!copied(&from, &to, &before).unwrap(), "it is not what was worked on");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
    }
}
