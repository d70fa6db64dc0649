//! Waiting until an input is complete: renamed into place, or quiet for long enough.
//!
//! Quiet is counted on the clock that never jumps, from the first look at which size, times and inode were what they are.

mod groups;
mod lost;
mod ready;
mod terms;
mod unfinished;

pub use terms::{Doubt, Hold, Quiet, Said, Seen};

use crate::clock::Clock;
use crate::content::look;
use crate::grouping::{Belongs, path_of};
use crate::stamp::Stamp;
use groups::Groups;
use lost::Lost;
use ready::Held;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use unfinished::Unfinished;

/// Files that are not known to be complete yet.
pub struct Settler {
    folder: PathBuf,
    quiet: Quiet,
    clock: Arc<dyn Clock>,
    files: BTreeMap<PathBuf, Tracked>,
    /// When files that stand alone are to be looked at.
    due: BTreeSet<(Duration, PathBuf)>,
    groups: Groups,
    /// Files that nobody can tell, so far or for good.
    lost: Lost,
    unfinished: Unfinished,
    /// Groups that only somebody else can end the waiting of, and why.
    held: BTreeMap<PathBuf, Held>,
    /// What somebody should know of groups that wait, or that wait no longer.
    notes: Vec<String>,
    /// Files to be asked about (again): they were changed, or are quiet and still nobody knows what they belong to.
    doubtful: Vec<(PathBuf, Stamp, Doubt)>,
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
            lost: Lost::default(),
            unfinished: Unfinished::default(),
            held: BTreeMap::new(),
            notes: Vec::new(),
            doubtful: Vec::new(),
        }
    }

    /// The file that has been tracked longest, and when it was first seen, in seconds since 1970.
    pub fn oldest(&self) -> Option<(&Path, f64)> {
        let seen = self.files.iter().map(|(path, tracked)| (path.as_path(), tracked.seen));
        seen.min_by(|(_, a), (_, b)| a.total_cmp(b))
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

    /// True where what this file belongs to, or may belong to, or anything that is quiet with it, is tracked already.
    pub fn is_awaited(&self, path: &Path, belongs: &Belongs) -> bool {
        match belongs {
            Belongs::To { name, quiet_with } => self.n_files(&path_of(name)) > 0 || self.groups.has_circle(quiet_with),
            Belongs::Unknown => self.groups.has_folder(path.parent().unwrap_or(path)),
            Belongs::Alone | Belongs::Ignored => false,
        }
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

    /// What a file belongs to cannot be told, though it is quiet.
    pub fn lost(&mut self, path: &Path, stamp: Stamp) {
        if self.files.get(path).is_some_and(|known| known.stamp == stamp) {
            self.lost.settle(path);
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

    /// Groups that are quiet and yet wait, and what for.
    pub fn held(&mut self) -> impl Iterator<Item = (&Path, &str)> {
        self.held.retain(|name, _| self.groups.files(name).len() > 0);
        self.held.iter().map(|(name, held)| (name.as_path(), held.why.as_str()))
    }

    /// What somebody should know by now; each is told of once, and again so long as it is so.
    pub fn notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// Files to be asked about; each is told of once.
    pub fn doubtful(&mut self) -> Vec<(PathBuf, Stamp, Doubt)> {
        std::mem::take(&mut self.doubtful)
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
        if file.belongs == Belongs::Unknown {
            self.lost.add(path);
        }
        self.groups.add(path, &file);
        self.files.insert(path.into(), file);
    }

    fn take(&mut self, path: &Path) -> Option<Tracked> {
        let file = self.files.remove(path)?;
        self.due.remove(&(self.when(&file), path.into()));
        self.lost.remove(path);
        self.groups.remove(path, &file);
        Some(file)
    }

    fn when(&self, tracked: &Tracked) -> Duration {
        // What may be a part of a group waits as groups do.
        let quiet = if tracked.belongs == Belongs::Unknown { self.quiet.groups } else { self.quiet.files };
        if tracked.is_complete { tracked.since } else { tracked.since + quiet }
    }

    fn group_of(&self, path: &Path) -> Option<PathBuf> {
        match &self.files.get(path)?.belongs {
            Belongs::To { name, .. } => Some(path_of(name)),
            _ => None,
        }
    }
}
