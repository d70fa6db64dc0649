//! Waiting until an input is complete: renamed into place, or quiet for long enough.
//!
//! Quiet is counted on the clock that never jumps, from the first look at which size, times and inode were what they are.

mod groups;

use crate::clock::Clock;
use crate::content::look;
use crate::grouping::{Belongs, path_of};
use crate::input::Input;
use crate::stamp::{Member, Stamp};
use groups::Groups;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
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
    fn is_complete(self, belongs: &Belongs) -> bool {
        match (self, belongs) {
            (Self::Nothing, _) => false,
            (Self::Renamed(what), Belongs::To { name, quiet_with }) => name == quiet_with && path_of(name) == what,
            (Self::Renamed(_) | Self::Complete, _) => true,
        }
    }
}

/// Files that are not known to be complete yet.
pub struct Settler {
    folder: PathBuf,
    quiet: Quiet,
    clock: Arc<dyn Clock>,
    files: BTreeMap<PathBuf, Tracked>,
    /// When files that stand alone are to be looked at.
    due: BTreeSet<(Duration, PathBuf)>,
    groups: Groups,
    /// Files to be asked about (again): they were changed, or are quiet and still nobody knows what they belong to.
    doubtful: Vec<(PathBuf, Stamp, Doubt)>,
}

/// Why a file is asked about again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// No event had told of its change.
    Changed,
    /// It is quiet: what it belongs to must be known now, or it stands alone.
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

#[derive(Clone, Debug)]
struct Tracked {
    stamp: Stamp,
    /// When it was first seen as it is.
    since: Duration,
    seen: f64,
    is_complete: bool,
    belongs: Belongs,
}

impl Settler {
    pub fn new(folder: &Path, quiet: Quiet, clock: Arc<dyn Clock>) -> Self {
        Self {
            folder: folder.into(),
            quiet,
            clock,
            files: BTreeMap::new(),
            due: BTreeSet::new(),
            groups: Groups::default(),
            doubtful: Vec::new(),
        }
    }

    /// Inputs that are tracked: groups, and files that stand alone.
    pub fn n_inputs(&self) -> usize {
        self.groups.len() + self.files.len() - self.groups.n_files()
    }

    /// True for the name of an input that is tracked.
    pub fn has_input(&self, name: &Path) -> bool {
        self.n_files(name) > 0 || self.files.contains_key(name)
    }

    /// Files of a group that are tracked.
    pub fn n_files(&self, group: &Path) -> usize {
        self.groups.files(group).len()
    }

    /// True where what this file belongs to, or anything that is quiet with it, is tracked already.
    pub fn is_awaited(&self, belongs: &Belongs) -> bool {
        matches!(belongs, Belongs::To { name, quiet_with } if self.n_files(&path_of(name)) > 0 || self.groups.has_circle(quiet_with))
    }

    /// Files that are tracked.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    pub fn has(&self, path: &Path) -> bool {
        self.files.contains_key(path)
    }

    /// A look at a file, and what is said of it. False where it is not tracked as it is: then what it belongs to is to be found out.
    pub fn still(&mut self, path: &Path, stamp: Stamp, said: Said) -> bool {
        let Some(known) = self.files.get(path).filter(|known| known.stamp == stamp) else { return false };
        if !known.is_complete && said.is_complete(&known.belongs) {
            let known = known.clone();
            self.take(path);
            self.track(path, Tracked { is_complete: true, ..known });
        }
        true
    }

    /// The file was changed, and what it belongs to is being found out. Until then it is waited for as what it was.
    pub fn changed(&mut self, path: &Path, stamp: Stamp) {
        if let Some(known) = self.take(path) {
            self.track(path, Tracked { stamp, since: self.clock.now(), is_complete: false, ..known });
        }
    }

    /// When this file was first seen, as far as that is known.
    pub fn seen(&self, path: &Path) -> Seen {
        let first = self.files.get(path).map_or_else(|| self.clock.unix(), |known| known.seen);
        Seen { since: self.clock.now(), first }
    }

    /// From now on this file is tracked as what it belongs to. Returns the group.
    pub fn observe(&mut self, path: &Path, stamp: Stamp, said: Said, belongs: Belongs, seen: Seen) -> Option<PathBuf> {
        self.forget(path);
        if belongs == Belongs::Ignored {
            return None;
        }
        let is_complete = said.is_complete(&belongs);
        self.track(path, Tracked { stamp, since: seen.since, seen: seen.first, is_complete, belongs });
        self.group_of(path)
    }

    /// The file is gone.
    pub fn forget(&mut self, path: &Path) {
        self.take(path);
    }

    /// When to ask [`Settler::ready`] next.
    pub fn next(&self) -> Option<Duration> {
        let file = self.due.first().map(|(when, _)| *when);
        let group = Some(self.groups.next(self.quiet.groups));
        [file, group].into_iter().flatten().min().filter(|when| *when < Duration::MAX)
    }

    /// Inputs that are complete by now; they are tracked no more. So long as `hold` says, groups wait; nothing is begun after
    /// `until`, what is left comes with the next call.
    pub fn ready(&mut self, hold: Option<Hold>, until: Duration) -> Vec<Input> {
        let now = self.clock.now();
        let mut ready = Vec::new();
        while let Some((when, path)) = self.due.first().cloned()
            && when <= now
            && self.clock.now() <= until
        {
            self.due.pop_first();
            if self.is_still(&path) && self.is_alone(&path) {
                ready.extend(self.input(path.clone(), vec![path], false));
            }
        }
        for name in self.groups.due(now, self.quiet.groups, hold) {
            if self.clock.now() > until {
                break;
            }
            let paths: Vec<PathBuf> = self.groups.files(&name).cloned().collect();
            // A change that no event told of sets the clock of its group back.
            let still = paths.iter().filter(|path| self.is_still(path)).count();
            if still == paths.len() {
                ready.extend(self.input(name, paths, true));
            }
        }
        ready
    }

    /// Files to be asked about; each is told of once.
    pub fn doubtful(&mut self) -> Vec<(PathBuf, Stamp, Doubt)> {
        std::mem::take(&mut self.doubtful)
    }

    /// Of files that are tracked, which they are no more.
    fn input(&mut self, name: PathBuf, paths: Vec<PathBuf>, is_group: bool) -> Option<Input> {
        let (mut members, mut seen) = (Vec::new(), f64::INFINITY);
        for path in paths {
            let tracked = self.take(&path)?;
            seen = seen.min(tracked.seen);
            members.push(Member { path, stamp: tracked.stamp });
        }
        Some(Input { name, members, is_group, complete: self.clock.now(), seen })
    }

    /// False for a file that did not say so far where it belongs: it is quiet by now, and is asked about for the last time.
    fn is_alone(&mut self, path: &Path) -> bool {
        let Some(tracked) = self.files.get(path).filter(|tracked| tracked.belongs == Belongs::Unknown) else { return true };
        self.doubtful.push((path.into(), tracked.stamp, Doubt::Quiet));
        false
    }

    /// Looks again; a file that changed waits anew, one that is gone is forgotten.
    fn is_still(&mut self, path: &Path) -> bool {
        let Some(tracked) = self.files.get(path) else { return false };
        match look(&self.folder.join(path)) {
            Ok(stamp) if stamp == tracked.stamp => true,
            Ok(stamp) => {
                self.changed(path, stamp);
                self.doubtful.push((path.into(), stamp, Doubt::Changed));
                false
            }
            Err(_) => {
                self.forget(path);
                false
            }
        }
    }

    fn track(&mut self, path: &Path, file: Tracked) {
        let is_alone = matches!(file.belongs, Belongs::Alone | Belongs::Unknown);
        // An empty file was made and not yet written: it waits for its first byte.
        if is_alone && file.stamp.size > 0 {
            self.due.insert((self.when(&file), path.into()));
        }
        self.groups.add(path, &file);
        self.files.insert(path.into(), file);
    }

    fn take(&mut self, path: &Path) -> Option<Tracked> {
        let file = self.files.remove(path)?;
        self.due.remove(&(self.when(&file), path.into()));
        self.groups.remove(path, &file);
        Some(file)
    }

    fn when(&self, tracked: &Tracked) -> Duration {
        if tracked.is_complete { tracked.since } else { tracked.since + self.quiet.files }
    }

    fn group_of(&self, path: &Path) -> Option<PathBuf> {
        match &self.files.get(path)?.belongs {
            Belongs::To { name, .. } => Some(path_of(name)),
            _ => None,
        }
    }
}
