//! Which names are inputs: everything but what is hidden, still being written, or the watcher's own.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The folder of the watcher's own below the watched folder and below the folder of results.
pub const OWN: &str = ".voxloom";
/// The folder below [`OWN`] for results of inputs that were overwritten by what failed.
pub const EARLIER: &str = "earlier";
/// A file of this name in a folder says that everything below it is complete.
pub const READY: &str = ".ready";
/// A file of this name in the watched folder pauses the watcher.
pub const HALT: &str = "HALT";
/// Where inputs go that are done, and that failed.
pub const DONE: &str = "done";
pub const FAILED: &str = "failed";
/// Ends of names that programs give to files they are still writing.
const UNFINISHED: [&str; 5] = [".part", ".partial", ".tmp", ".crdownload", ".filepart"];
/// Of what an editor keeps beside a file.
const EDITED: [&str; 2] = ["~", ".swp"];

/// True for a name that is never an input: hidden, or marked as unfinished. Renaming it makes it one.
pub fn waits(name: &OsStr) -> bool {
    name.as_encoded_bytes().first() == Some(&b'.') || EDITED.iter().any(|end| ends(name, end)) || is_unfinished(name)
}

/// True for a name that says: somebody is still writing this.
pub fn is_unfinished(name: &OsStr) -> bool {
    UNFINISHED.iter().any(|end| ends(name, end))
}

fn ends(name: &OsStr, end: &str) -> bool {
    let (name, end) = (name.as_encoded_bytes(), end.as_bytes());
    name.len() >= end.len() && name[name.len() - end.len()..].eq_ignore_ascii_case(end)
}

/// True where no part of a path below the watched folder keeps it from being an input.
pub fn may_be_input(relative: &Path) -> bool {
    let mut parts = relative.components();
    let Some(first) = parts.next() else { return false };
    let first = first.as_os_str();
    let own = first == DONE || first == FAILED || (first == HALT && relative.components().count() == 1);
    !own && relative.components().all(|part| matches!(part, std::path::Component::Normal(name) if !waits(name)))
}

/// The path with `end` behind its name.
pub fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut text = path.as_os_str().to_owned();
    text.push(end);
    text.into()
}

/// `name`, then `name.2`, `name.3` and so on. A name that is too long for that loses its last letters.
pub fn numbered(path: &Path, number: u32) -> PathBuf {
    if number < 2 {
        return path.to_owned();
    }
    let end = format!(".{number}");
    let name = path.file_name().unwrap_or_default();
    let mut cut = name.len().min(LONGEST - end.len());
    while name.to_str().is_some_and(|name| !name.is_char_boundary(cut)) {
        cut -= 1;
    }
    with_end(&path.with_file_name(OsStr::from_bytes(&name.as_bytes()[..cut])), &end)
}

/// Bytes that a name may have on the file systems of Linux.
const LONGEST: usize = 255;

#[cfg(test)]
mod tests {
    use super::{may_be_input, numbered};
    use std::path::Path;

    #[test]
    fn hidden_unfinished_and_own_names_wait() {
        for name in ["a.nii", "b/c.nii.gz", "-rf.nii", "a b.nii", "b/done/x", "b/HALT", "partial"] {
            assert!(may_be_input(Path::new(name)), "{name}");
        }
        for name in [
            "",
            ".a",
            "b/.c/d",
            "a.part",
            "a.nii.TMP",
            "a~",
            "b/a.txt.swp",
            "done/a",
            "failed/x/a",
            ".voxloom/x",
            "HALT",
            "../a",
            "/a",
        ] {
            assert!(!may_be_input(Path::new(name)), "{name}");
        }
    }

    #[test]
    fn names_stay_short_enough_for_a_file() {
        let of = |name: &str, number| numbered(Path::new(name), number).to_str().unwrap().to_owned();
        assert_eq!([of("a/b.nii", 1), of("a/b.nii", 2), of("b", 10)], ["a/b.nii", "a/b.nii.2", "b.10"]);
        let long = "y".repeat(252);
        assert_eq!(of(&format!("a/{long}ä"), 2), format!("a/{long}.2"));
        assert_eq!(of(&format!("a/{long}yyy"), 12), format!("a/{long}.12"));
    }
}
