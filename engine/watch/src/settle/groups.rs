//! Files that belong together while they wait: which, and since when all they wait with has been quiet.

use super::{Hold, Tracked};
use crate::grouping::{Belongs, path_of};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// All groups that have a file; what is counted here is counted once, when a file comes or goes.
#[derive(Debug, Default)]
pub struct Groups {
    by_name: BTreeMap<PathBuf, Group>,
    /// By what groups are quiet with.
    circles: HashMap<String, Circle>,
    n_files: usize,
}

#[derive(Debug, Default)]
struct Group {
    files: BTreeSet<PathBuf>,
    quiet_with: String,
    n_complete: usize,
    n_empty: usize,
    last: Duration,
}

impl Group {
    /// Somebody said so of each file.
    fn is_complete(&self) -> bool {
        self.n_complete == self.files.len()
    }
}

/// Everything that is quiet together: a study.
#[derive(Debug, Default)]
struct Circle {
    n_files: usize,
    /// The last change of any of its files.
    last: Duration,
}

impl Groups {
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Files of all groups.
    pub fn n_files(&self) -> usize {
        self.n_files
    }

    /// Files of one group, sorted; none where there is no such group.
    pub fn files(&self, name: &Path) -> impl ExactSizeIterator<Item = &PathBuf> {
        const NONE: &BTreeSet<PathBuf> = &BTreeSet::new();
        self.by_name.get(name).map_or(NONE, |group| &group.files).iter()
    }

    /// True where a file is tracked that is quiet with these.
    pub fn has_circle(&self, quiet_with: &str) -> bool {
        self.circles.contains_key(quiet_with)
    }

    /// A file came; nothing happens where it belongs to no group.
    pub fn add(&mut self, path: &Path, file: &Tracked) {
        let Belongs::To { name, quiet_with } = &file.belongs else { return };
        let group = self.by_name.entry(path_of(name)).or_default();
        group.files.insert(path.into());
        group.quiet_with.clone_from(quiet_with);
        group.n_complete += usize::from(file.is_complete);
        group.n_empty += usize::from(file.stamp.size == 0);
        group.last = group.last.max(file.since);
        let circle = self.circles.entry(quiet_with.clone()).or_default();
        circle.n_files += 1;
        circle.last = circle.last.max(file.since);
        self.n_files += 1;
    }

    /// A file went, as it was when it came.
    pub fn remove(&mut self, path: &Path, file: &Tracked) {
        let Belongs::To { name, quiet_with } = &file.belongs else { return };
        let name = path_of(name);
        if let Some(group) = self.by_name.get_mut(&name)
            && group.files.remove(path)
        {
            group.n_complete -= usize::from(file.is_complete);
            group.n_empty -= usize::from(file.stamp.size == 0);
            self.n_files -= 1;
            if group.files.is_empty() {
                self.by_name.remove(&name);
            }
        }
        if let Some(circle) = self.circles.get_mut(quiet_with) {
            circle.n_files -= 1;
            if circle.n_files == 0 {
                self.circles.remove(quiet_with);
            }
        }
    }

    /// Names of groups that are complete by `now`, and need not wait for files that are not tracked yet.
    pub fn due(&self, now: Duration, quiet: Duration, hold: Option<Hold>) -> Vec<PathBuf> {
        let is_held = |group: &Group, when| match hold {
            Some(hold) if group.is_complete() => hold.is_complete || hold.since <= when,
            Some(hold) => hold.since <= when,
            None => false,
        };
        let due = self.by_name.iter().filter(|(_, group)| {
            let when = self.when(group, quiet);
            when <= now && !is_held(group, when)
        });
        due.map(|(name, _)| name.clone()).collect()
    }

    /// When the next group may be complete; [`Duration::MAX`] where none will be by waiting.
    pub fn next(&self, quiet: Duration) -> Duration {
        self.by_name.values().map(|group| self.when(group, quiet)).min().unwrap_or(Duration::MAX)
    }

    fn when(&self, group: &Group, quiet: Duration) -> Duration {
        if group.n_empty > 0 {
            return Duration::MAX;
        }
        if group.is_complete() {
            return group.last;
        }
        self.circles.get(&group.quiet_with).map_or(group.last, |circle| circle.last) + quiet
    }
}
