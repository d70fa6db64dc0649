//! One input as the watcher hands it on: its name, its files, when it was seen.

use crate::stamp::{self, Member};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A complete input.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// A relative path: of the file, or the name that the grouping gave. The result's folder is called so.
    pub name: PathBuf,
    /// Sorted by path; one unless the grouping says otherwise.
    pub members: Vec<Member>,
    /// True where the grouping put files together.
    pub is_group: bool,
    /// When it was found complete, on the clock that never jumps.
    pub complete: Duration,
    /// When its first file was seen, in seconds since 1970.
    pub seen: f64,
}

impl Input {
    /// Changes when any of its files changes.
    pub fn print(&self) -> u64 {
        stamp::hash_of(&self.members)
    }

    pub fn bytes(&self) -> u64 {
        self.members.iter().map(|member| member.stamp.size).sum()
    }

    /// For people: one line, whatever the name holds.
    pub fn shown(&self) -> String {
        shown(&self.name)
    }
}

/// A path for one line of text: control characters and what is no UTF-8 are written out.
pub fn shown(path: &Path) -> String {
    let mut text = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        for letter in chunk.valid().chars() {
            if letter.is_control() { text.extend(letter.escape_default()) } else { text.push(letter) }
        }
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::shown;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;

    #[test]
    fn names_stay_on_one_line() {
        assert_eq!(shown(Path::new("a b/\"ü\"\n.nii")), "a b/\"ü\"\\n.nii");
        assert_eq!(shown(Path::new(OsStr::from_bytes(b"\xffx"))), "\\xffx");
    }
}
