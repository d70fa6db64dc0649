//! What is said and known of files that wait, in the words that the rest of the watcher uses.

use crate::grouping::{Belongs, path_of};
use std::path::Path;
use std::time::Duration;

/// How long quiet must last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// For a file that is an input of its own.
    pub files: Duration,
    /// For files that belong together.
    pub groups: Duration,
}

/// What is known of a file besides its stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said<'a> {
    Nothing,
    /// This, the file itself or a folder above it, was renamed into place: whoever did so is done with the file, but with a group
    /// only where this is all of it.
    Renamed(&'a Path),
    /// Nobody writes it any more, nor anything of its group in the same folder.
    Complete,
}

impl Said<'_> {
    pub(super) fn is_complete(self, belongs: &Belongs) -> bool {
        match (self, belongs) {
            (Self::Nothing, _) | (Self::Renamed(_), Belongs::Unknown) => false,
            (Self::Renamed(what), Belongs::To { name, quiet_with }) => name == quiet_with && path_of(name) == what,
            (Self::Renamed(_) | Self::Complete, _) => true,
        }
    }
}

/// Why a file is asked about again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// No event had told of its change.
    Changed,
    /// It is quiet: what it belongs to must be known now, or it is lost.
    Quiet,
}

/// When a file was seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    /// First as it is, on the clock that never jumps.
    pub since: Duration,
    /// First at all, in seconds since 1970.
    pub first: f64,
}

/// How long groups are held back though they are quiet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Files are about to be tracked that were seen then: what was quiet only later may have to wait for them.
    pub since: Duration,
    /// Among them are files of which somebody said that they are complete.
    pub is_complete: bool,
}
