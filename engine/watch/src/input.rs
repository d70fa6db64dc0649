//! One input as the watcher hands it on: its name, its files, when it was seen.

use crate::stamp::{self, Member};
pub use crate::words::shown;
use std::path::PathBuf;
use std::time::Duration;

/// A complete input.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// A relative path: of the file, or the name that the grouping gave. The result's folder is called so.
    pub name: PathBuf,
    /// Sorted by path; one unless the grouping says otherwise.
    pub members: Vec<Member>,
    /// Files of a group's folders of which nobody can tell whether they are of it: they are empty or damaged.
    pub beside: Vec<Member>,
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
