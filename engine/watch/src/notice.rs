//! What the watcher tells. It prints nothing: whoever started it decides what becomes of it.

use crate::job::Failure;
use std::path::Path;
use std::time::Duration;

/// Hears from all threads of the watcher; must be quick.
pub trait Observer: Send + Sync {
    fn notice(&self, notice: &Notice);

    /// A step of an attempt is done; for tests that kill, and for measurements.
    fn moment(&self, _moment: Moment, _name: &Path) {}
}

/// Something to tell. Names are paths of inputs and may hold anything, so may texts and messages: whoever writes them on
/// lines uses [`crate::words`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Notice<'a> {
    /// Work on an input begins.
    Started { name: &'a Path, attempt: u32, bytes: u64, waited: Duration },
    /// It is done; its result is `result`, relative to the folder of results.
    Done { name: &'a Path, attempt: u32, elapsed: Duration, result: &'a Path },
    /// There was nothing to do with it; why. What says so is in `result`.
    PassedOver { name: &'a Path, reason: &'a str, result: &'a Path },
    /// It was done before: the same content with the same pipeline, as input `same_as`.
    Same { name: &'a Path, same_as: &'a Path, result: &'a Path },
    /// An attempt failed; the next is after the pause.
    Again { name: &'a Path, attempt: u32, failure: &'a Failure, pause: Duration },
    /// It failed for good; where the input went, if it could be moved.
    Failed { name: &'a Path, attempt: u32, failure: &'a Failure, moved: Option<&'a Path> },
    /// Nothing new starts; why.
    Paused { why: &'a str },
    /// Work goes on.
    Resumed,
    /// The pipeline file was read again, and is in use from the next input on.
    Reloaded,
    /// The pipeline file was read again and does not check: the old one stays in use.
    Kept { why: &'a str },
    /// The watcher stops; so many inputs are being finished.
    Stopping { running: usize },
    /// Anything else that someone should look at.
    Warning { text: &'a str },
}

/// Steps of an attempt, in order. After each the process may be killed, and nothing is lost or done twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The input was found complete.
    Complete,
    /// The claim is made.
    Claimed,
    /// The content is known.
    Hashed,
    /// The ledger knows that it runs.
    Begun,
    /// The job is about to be called.
    Starting,
    /// The job has left its results.
    Ran,
    /// They are on the disk.
    Sealed,
    /// They have their final name.
    Published,
    /// The ledger knows that it is done, or has failed.
    Recorded,
    /// The input is where it should be.
    Retired,
    /// The claim is given back.
    Released,
}

impl Moment {
    pub const ALL: [Self; 11] = [
        Self::Complete,
        Self::Claimed,
        Self::Hashed,
        Self::Begun,
        Self::Starting,
        Self::Ran,
        Self::Sealed,
        Self::Published,
        Self::Recorded,
        Self::Retired,
        Self::Released,
    ];
}

/// Hears nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Deaf;

impl Observer for Deaf {
    fn notice(&self, _notice: &Notice) {}
}
