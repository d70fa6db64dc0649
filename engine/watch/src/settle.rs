//! Waiting until an input is complete: renamed into place, or quiet for long enough.
//!
//! Quiet is counted on the clock that never jumps, from the first look at which size, times and inode were what they are.

use crate::clock::Clock;
use crate::content::look;
use crate::grouping::{Belongs, Grouping, path_of};
use crate::input::Input;
use crate::stamp::{Member, Stamp};
use std::collections::{BTreeMap, BTreeSet, HashMap};
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

/// Files that are not known to be complete yet.
pub struct Settler {
    folder: PathBuf,
    quiet: Quiet,
    grouping: Arc<dyn Grouping>,
    clock: Arc<dyn Clock>,
    files: BTreeMap<PathBuf, Tracked>,
    /// When files that stand alone are to be looked at.
    due: BTreeSet<(Duration, PathBuf)>,
    groups: BTreeMap<PathBuf, Group>,
    /// By what groups are quiet with: the last change.
    changes: HashMap<String, Duration>,
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

#[derive(Clone, Debug, Default)]
struct Group {
    files: BTreeSet<PathBuf>,
    quiet_with: String,
    n_complete: usize,
    n_empty: usize,
    last: Duration,
}

impl Settler {
    pub fn new(folder: &Path, quiet: Quiet, grouping: Arc<dyn Grouping>, clock: Arc<dyn Clock>) -> Self {
        Self {
            folder: folder.into(),
            quiet,
            grouping,
            clock,
            files: BTreeMap::new(),
            due: BTreeSet::new(),
            groups: BTreeMap::new(),
            changes: HashMap::new(),
        }
    }

    /// Inputs that are tracked: groups, and files that stand alone.
    pub fn n_inputs(&self) -> usize {
        self.groups.len() + self.files.len() - self.groups.values().map(|group| group.files.len()).sum::<usize>()
    }

    /// True for the name of an input that is tracked.
    pub fn has_input(&self, name: &Path) -> bool {
        self.groups.contains_key(name) || self.files.contains_key(name)
    }

    /// Files of a group that are tracked.
    pub fn n_files(&self, group: &Path) -> usize {
        self.groups.get(group).map_or(0, |group| group.files.len())
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

    /// A look at a file. `is_complete` where it is known that nobody writes it any more. Returns the group it belongs to.
    pub fn observe(&mut self, path: &Path, stamp: Stamp, is_complete: bool) -> Option<PathBuf> {
        let now = self.clock.now();
        if let Some(known) = self.files.get_mut(path)
            && known.stamp == stamp
        {
            if is_complete && !known.is_complete {
                known.is_complete = true;
                let known = known.clone();
                if let Some(group) = self.groups.get_mut(&name_of(&known.belongs)) {
                    group.n_complete += 1;
                }
                self.plan(path, &known);
            }
            return self.group_of(path);
        }
        let seen = self.files.get(path).map_or_else(|| self.clock.unix(), |known| known.seen);
        self.forget(path);
        let belongs = self.grouping.belongs(path, &self.folder.join(path));
        if belongs == Belongs::Ignored {
            return None;
        }
        let tracked = Tracked { stamp, since: now, seen, is_complete, belongs };
        if let Belongs::To { name, quiet_with } = &tracked.belongs {
            let group = self.groups.entry(path_of(name)).or_default();
            group.files.insert(path.into());
            group.quiet_with.clone_from(quiet_with);
            group.n_complete += usize::from(is_complete);
            group.n_empty += usize::from(stamp.size == 0);
            group.last = now;
            self.changes.insert(quiet_with.clone(), now);
        }
        self.plan(path, &tracked);
        self.files.insert(path.into(), tracked);
        self.group_of(path)
    }

    /// The file is gone.
    pub fn forget(&mut self, path: &Path) {
        let Some(tracked) = self.files.remove(path) else { return };
        self.due.remove(&(self.when(&tracked), path.into()));
        self.due.remove(&(tracked.since, path.into()));
        let name = name_of(&tracked.belongs);
        if let Some(group) = self.groups.get_mut(&name) {
            group.files.remove(path);
            group.n_complete -= usize::from(tracked.is_complete);
            group.n_empty -= usize::from(tracked.stamp.size == 0);
            if group.files.is_empty() {
                self.groups.remove(&name);
            }
        }
    }

    /// When to ask [`Settler::ready`] next.
    pub fn next(&self) -> Option<Duration> {
        let file = self.due.first().map(|(when, _)| *when);
        let group = self.groups.values().map(|group| self.group_due(group)).min();
        [file, group].into_iter().flatten().min().filter(|when| *when < Duration::MAX)
    }

    /// Inputs that are complete by now; they are tracked no more.
    pub fn ready(&mut self) -> Vec<Input> {
        let now = self.clock.now();
        let mut ready = Vec::new();
        while let Some((when, path)) = self.due.first().cloned()
            && when <= now
        {
            self.due.pop_first();
            if self.is_still(&path)
                && let Some(tracked) = self.files.get(&path).cloned()
            {
                if tracked.belongs == Belongs::Unknown {
                    // Quiet by now: asked for the last time.
                    let belongs = self.grouping.belongs(&path, &self.folder.join(&path));
                    if !matches!(belongs, Belongs::Unknown | Belongs::Alone) {
                        self.files.remove(&path);
                        self.observe(&path, tracked.stamp, tracked.is_complete);
                        continue;
                    }
                }
                self.files.remove(&path);
                let members = vec![Member { path: path.clone(), stamp: tracked.stamp }];
                ready.push(Input { name: path, members, is_group: false, complete: now, seen: tracked.seen });
            }
        }
        let due: Vec<PathBuf> =
            self.groups.iter().filter(|(_, group)| self.group_due(group) <= now).map(|(name, _)| name.clone()).collect();
        for name in due {
            let paths: Vec<PathBuf> =
                self.groups.get(&name).map(|group| group.files.iter().cloned().collect()).unwrap_or_default();
            // A change that no event told of sets the clock of its group back.
            let still = paths.iter().filter(|path| self.is_still(path)).count();
            if still < paths.len() {
                continue;
            }
            let Some(group) = self.groups.remove(&name) else { continue };
            let (mut members, mut seen) = (Vec::new(), f64::INFINITY);
            for path in group.files {
                if let Some(tracked) = self.files.remove(&path) {
                    seen = seen.min(tracked.seen);
                    members.push(Member { path, stamp: tracked.stamp });
                }
            }
            ready.push(Input { name, members, is_group: true, complete: now, seen });
        }
        if !self.changes.is_empty() && self.groups.is_empty() {
            self.changes.clear();
        }
        ready
    }

    /// Looks again; a file that changed waits anew, one that is gone is forgotten.
    fn is_still(&mut self, path: &Path) -> bool {
        let Some(tracked) = self.files.get(path) else { return false };
        match look(&self.folder.join(path)) {
            Ok(stamp) if stamp == tracked.stamp => true,
            Ok(stamp) => {
                self.observe(path, stamp, false);
                false
            }
            Err(_) => {
                self.forget(path);
                false
            }
        }
    }

    fn plan(&mut self, path: &Path, tracked: &Tracked) {
        let alone = matches!(tracked.belongs, Belongs::Alone | Belongs::Unknown);
        // An empty file was made and not yet written: it waits for its first byte.
        if alone && tracked.stamp.size > 0 {
            let when = self.when(tracked);
            self.due.insert((when, path.into()));
        }
    }

    fn when(&self, tracked: &Tracked) -> Duration {
        if tracked.is_complete { tracked.since } else { tracked.since + self.quiet.files }
    }

    fn group_due(&self, group: &Group) -> Duration {
        if group.n_empty > 0 {
            return Duration::MAX;
        }
        if group.n_complete == group.files.len() {
            return group.last;
        }
        self.changes.get(&group.quiet_with).copied().unwrap_or(group.last) + self.quiet.groups
    }

    fn group_of(&self, path: &Path) -> Option<PathBuf> {
        match &self.files.get(path)?.belongs {
            Belongs::To { name, .. } => Some(path_of(name)),
            _ => None,
        }
    }
}

/// Of the group, or an empty path, which no group has.
fn name_of(belongs: &Belongs) -> PathBuf {
    match belongs {
        Belongs::To { name, .. } => path_of(name),
        _ => PathBuf::new(),
    }
}
