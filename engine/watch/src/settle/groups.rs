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
    /// Files in each folder.
    folders: BTreeMap<PathBuf, usize>,
    n_files: usize,
}

#[derive(Debug, Default)]
struct Group {
    files: BTreeSet<PathBuf>,
    /// Files by the circle that they are of; one circle, unless a name is used twice.
    circles: BTreeMap<String, usize>,
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
    /// Files in each folder.
    folders: BTreeMap<PathBuf, usize>,
    /// The last change of any of its files, or of what may become one.
    last: Duration,
    /// The same of its files alone.
    changed: Duration,
    /// It was quiet for long enough, but for something that only others can change.
    is_held: bool,
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

    /// True where files of groups lie in this very folder.
    pub fn has_folder(&self, folder: &Path) -> bool {
        self.folders.contains_key(folder)
    }

    /// The folders of everything that is quiet with a group, each once.
    pub fn folders_around(&self, name: &Path) -> BTreeSet<PathBuf> {
        let circles = self.by_name.get(name).into_iter().flat_map(|group| group.circles.keys());
        circles.filter_map(|circle| self.circles.get(circle)).flat_map(|circle| circle.folders.keys().cloned()).collect()
    }

    /// True where somebody said of each file of a group that it is complete.
    pub fn is_complete(&self, name: &Path) -> bool {
        self.by_name.get(name).is_some_and(Group::is_complete)
    }

    /// The last change of any file that is quiet with a group.
    pub fn changed(&self, name: &Path) -> Duration {
        let circles = self.by_name.get(name).into_iter().flat_map(|group| self.circles_of(group));
        circles.map(|circle| circle.changed).max().unwrap_or_default()
    }

    /// A file came; nothing happens where it belongs to no group.
    pub fn add(&mut self, path: &Path, file: &Tracked) {
        let Belongs::To { name, quiet_with } = &file.belongs else { return };
        let folder = path.parent().unwrap_or(path);
        let group = self.by_name.entry(path_of(name)).or_default();
        group.files.insert(path.into());
        *group.circles.entry(quiet_with.clone()).or_default() += 1;
        group.n_complete += usize::from(file.is_complete);
        group.n_empty += usize::from(file.stamp.size == 0);
        group.last = group.last.max(file.since);
        let circle = self.circles.entry(quiet_with.clone()).or_default();
        count(&mut circle.folders, folder);
        circle.last = circle.last.max(file.since);
        circle.changed = circle.changed.max(file.since);
        circle.is_held = false;
        count(&mut self.folders, folder);
        self.n_files += 1;
    }

    /// A file went, as it was when it came.
    pub fn remove(&mut self, path: &Path, file: &Tracked) {
        let Belongs::To { name, quiet_with } = &file.belongs else { return };
        let (name, folder) = (path_of(name), path.parent().unwrap_or(path));
        if let Some(group) = self.by_name.get_mut(&name)
            && group.files.remove(path)
        {
            group.n_complete -= usize::from(file.is_complete);
            group.n_empty -= usize::from(file.stamp.size == 0);
            discount(&mut group.circles, quiet_with.as_str());
            self.n_files -= 1;
            discount(&mut self.folders, folder);
            if group.files.is_empty() {
                self.by_name.remove(&name);
            }
        }
        if let Some(circle) = self.circles.get_mut(quiet_with) {
            discount(&mut circle.folders, folder);
            if circle.folders.is_empty() {
                self.circles.remove(quiet_with);
            }
        }
    }

    /// All that is quiet with a group was not quiet at `when`. It is held where only somebody else can end that.
    pub fn disturb(&mut self, name: &Path, when: Duration, is_held: bool) {
        for circle in self.by_name.get(name).into_iter().flat_map(|group| group.circles.keys()) {
            if let Some(circle) = self.circles.get_mut(circle) {
                circle.last = circle.last.max(when);
                circle.is_held = is_held;
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
        let is_held = |group: &&Group| !group.is_complete() && self.circles_of(group).any(|circle| circle.is_held);
        let free = self.by_name.values().filter(|group| !is_held(group));
        free.map(|group| self.when(group, quiet)).min().unwrap_or(Duration::MAX)
    }

    fn when(&self, group: &Group, quiet: Duration) -> Duration {
        if group.n_empty > 0 {
            return Duration::MAX;
        }
        if group.is_complete() {
            return group.last;
        }
        self.circles_of(group).map(|circle| circle.last).fold(group.last, Duration::max) + quiet
    }

    fn circles_of(&self, group: &Group) -> impl Iterator<Item = &Circle> {
        group.circles.keys().filter_map(|circle| self.circles.get(circle))
    }
}

fn count(counts: &mut BTreeMap<PathBuf, usize>, folder: &Path) {
    match counts.get_mut(folder) {
        Some(count) => *count += 1,
        None => {
            counts.insert(folder.into(), 1);
        }
    }
}

/// One less; the last takes the entry with it.
fn discount<K: Ord + std::borrow::Borrow<Q>, Q: Ord + ?Sized>(counts: &mut BTreeMap<K, usize>, key: &Q) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}
