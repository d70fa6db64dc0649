//! Files beside groups that somebody began and has not finished: so long as they may be written, what is there is not all.

use crate::clock::Clock;
use crate::content::look;
use crate::names::is_unfinished;
use crate::stamp::Stamp;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

/// What was seen of such files. One that is no longer written is left over from something that broke, and counts no more.
#[derive(Debug, Default)]
pub struct Unfinished {
    seen: BTreeMap<PathBuf, Began>,
}

/// A file as it was seen first.
#[derive(Clone, Copy, Debug)]
struct Began {
    stamp: Stamp,
    since: Duration,
    /// It was something else before: then its own times are not asked, which another machine's clock may have given.
    has_grown: bool,
}

/// The unfinished files of each folder at one moment: those that may still be written, and those that were left over.
pub type Looked = HashMap<PathBuf, (Vec<PathBuf>, Vec<PathBuf>)>;

impl Unfinished {
    /// The files of a folder that may still be written, and those that were left over; all relative to `root`, as `folder` is.
    /// A file is left over when nobody wrote it for `bound`.
    pub fn look(&mut self, root: &Path, folder: &Path, clock: &dyn Clock, bound: Duration) -> (Vec<PathBuf>, Vec<PathBuf>) {
        let entries = std::fs::read_dir(root.join(folder)).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> =
            entries.map(|entry| entry.file_name()).filter(|name| is_unfinished(name)).map(|name| folder.join(name)).collect();
        paths.sort();
        self.seen.retain(|path, _| path.parent() != Some(folder) || paths.binary_search(path).is_ok());
        let there = paths.into_iter().filter_map(|path| Some((look(&root.join(&path)).ok()?, path)));
        let (left, written): (Vec<_>, Vec<_>) = there.partition(|(stamp, path)| self.idle(path, *stamp, clock) >= bound);
        let paths = |files: Vec<(Stamp, PathBuf)>| files.into_iter().map(|(_, path)| path).collect();
        (paths(written), paths(left))
    }

    /// How long nobody has written a file.
    fn idle(&mut self, path: &Path, stamp: Stamp, clock: &dyn Clock) -> Duration {
        let now = clock.now();
        let known = self.seen.entry(path.into()).or_insert(Began { stamp, since: now, has_grown: false });
        if known.stamp != stamp {
            *known = Began { stamp, since: now, has_grown: true };
        }
        let seen = now.saturating_sub(known.since);
        if known.has_grown { seen } else { seen.max(age(stamp, clock)) }
    }

    /// Nothing waits for any of them.
    pub fn clear(&mut self) {
        self.seen.clear();
    }
}

/// How old a file is by the wall clock; nothing where that is no sense.
pub fn age(stamp: Stamp, clock: &dyn Clock) -> Duration {
    let modified = u64::try_from(stamp.modified).map_or(UNIX_EPOCH, |nanos| UNIX_EPOCH + Duration::from_nanos(nanos));
    clock.wall().duration_since(modified).unwrap_or_default()
}
