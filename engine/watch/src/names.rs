//! Which names are inputs: everything but what is hidden, still being written, or the watcher's own.

use std::ffi::OsStr;
use std::path::Path;

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
const UNFINISHED: [&str; 6] = [".part", ".partial", ".tmp", ".crdownload", ".filepart", ".swp"];

/// True for a name that is never an input: hidden, or marked as unfinished. Renaming it makes it one.
pub fn waits(name: &OsStr) -> bool {
    let bytes = name.as_encoded_bytes();
    let ends = |end: &str| {
        let end = end.as_bytes();
        bytes.len() >= end.len() && bytes[bytes.len() - end.len()..].eq_ignore_ascii_case(end)
    };
    bytes.first() == Some(&b'.') || bytes.last() == Some(&b'~') || UNFINISHED.iter().any(|end| ends(end))
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
pub fn with_end(path: &Path, end: &str) -> std::path::PathBuf {
    let mut text = path.as_os_str().to_owned();
    text.push(end);
    text.into()
}

#[cfg(test)]
mod tests {
    use super::may_be_input;
    use std::path::Path;

    #[test]
    fn hidden_unfinished_and_own_names_wait() {
        for name in ["a.nii", "b/c.nii.gz", "-rf.nii", "a b.nii", "b/done/x", "b/HALT", "partial"] {
            assert!(may_be_input(Path::new(name)), "{name}");
        }
        for name in ["", ".a", "b/.c/d", "a.part", "a.nii.TMP", "a~", "done/a", "failed/x/a", ".voxloom/x", "HALT", "../a", "/a"]
        {
            assert!(!may_be_input(Path::new(name)), "{name}");
        }
    }
}
