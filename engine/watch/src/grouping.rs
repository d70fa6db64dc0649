//! Which files are one input. The caller knows what files mean; the watcher only asks.

use crate::stamp::Stamp;
use std::path::{Path, PathBuf};

/// What a file is to the watcher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Belongs {
    /// An input of its own, named as the file.
    Alone,
    /// One of the files of the input `name`; none of them starts before every file that shares `quiet_with` is quiet.
    To { name: String, quiet_with: String },
    /// Not to be told from what is written of it so far: asked again when it is quiet. If it still cannot be told, it may be of any
    /// group with files in its folder: their jobs are told of it, and when none is left it stands alone.
    Unknown,
    /// No input.
    Ignored,
}

/// Puts files together.
pub trait Grouping: Send + Sync {
    /// Asked at first sight of a file and after each of its changes; the file may still be growing.
    ///
    /// `relative` is its path below the watched folder, `file` where it lies, `stamp` what the file system said of it before
    /// this was asked: what was found out may be kept under path and stamp. The head of the file may be read for it, no more, where
    /// [`Grouping::reads`] says so.
    fn belongs(&self, relative: &Path, file: &Path, stamp: &Stamp) -> Belongs;

    /// True where the file itself must be opened to tell: then this is asked from threads of their own, as disks may be slow. Where
    /// it is not, the answer must come at once.
    fn reads(&self, _relative: &Path) -> bool {
        false
    }

    /// False where every file stands alone: then nothing more need be looked at once the queue is full.
    fn has_groups(&self) -> bool {
        true
    }

    /// False where it does not matter to a job how the files of a group are called and where they lie: then the same files under
    /// other names are the same content, and files with the same bytes are one.
    fn names_count(&self) -> bool {
        true
    }

    /// True where the name of this group belongs to it alone for ever, as a UID does. What comes under it after the group was taken
    /// in is a part of it then, and nothing by itself. Where a name may be used again, as a folder's, it is another input.
    fn is_unique(&self, _group: &Path) -> bool {
        false
    }
}

/// Every file is an input.
#[derive(Clone, Copy, Debug, Default)]
pub struct Files;

impl Grouping for Files {
    fn belongs(&self, _relative: &Path, _file: &Path, _stamp: &Stamp) -> Belongs {
        Belongs::Alone
    }

    fn has_groups(&self) -> bool {
        false
    }
}

/// Every folder directly below the watched one is an input with all its files; files beside the folders stand alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Folders;

impl Grouping for Folders {
    fn belongs(&self, relative: &Path, _file: &Path, _stamp: &Stamp) -> Belongs {
        let mut parts = relative.components();
        match (parts.next(), parts.next()) {
            (Some(first), Some(_)) => match first.as_os_str().to_str() {
                Some(name) => Belongs::To { name: name.to_owned(), quiet_with: name.to_owned() },
                None => Belongs::Ignored,
            },
            _ => Belongs::Alone,
        }
    }
}

/// The name of a group as a path of one part, whatever the caller called it.
pub fn path_of(name: &str) -> PathBuf {
    let safe: String = name.chars().map(|letter| if letter == '/' || letter.is_control() { '_' } else { letter }).collect();
    match safe.trim_start_matches('.') {
        "" => PathBuf::from("_"),
        rest => PathBuf::from(rest),
    }
}

#[cfg(test)]
mod tests {
    use super::{Belongs, Files, Folders, Grouping, path_of};
    use crate::stamp::Stamp;
    use std::path::Path;

    #[test]
    fn a_folder_is_one_input_and_a_file_beside_it_another() {
        let stamp = Stamp { device: 0, inode: 0, size: 1, modified: 0, changed: 0 };
        let of = |path: &str| Folders.belongs(Path::new(path), Path::new(path), &stamp);
        assert_eq!(of("a/b/c"), Belongs::To { name: "a".into(), quiet_with: "a".into() });
        assert_eq!(of("a"), Belongs::Alone);
        assert_eq!(Files.belongs(Path::new("a/b"), Path::new("a/b"), &stamp), Belongs::Alone);
    }

    #[test]
    fn names_of_groups_stay_in_their_folder() {
        assert_eq!(path_of("../../etc"), Path::new("_.._etc"));
        assert_eq!(path_of(".."), Path::new("_"));
        assert_eq!(path_of("1.2.840"), Path::new("1.2.840"));
    }
}
