//! What is complete: files that are quiet, and groups that nothing is missing from, as far as their folders tell.

use super::unfinished::{Looked, age};
use super::{Doubt, Hold, Settler, Tracked};
use crate::grouping::Belongs;
use crate::input::Input;
use crate::stamp::Member;
use crate::words::shown;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// So many times as long as groups must be quiet, what somebody began and has not finished may be finished still.
const LEFT: u32 = 60;

/// What a group that is quiet waits for.
#[derive(Debug)]
pub struct Held {
    /// The last change of anything that is quiet with it, when it began to wait.
    changed: Duration,
    paths: BTreeSet<PathBuf>,
    pub why: String,
}

/// Why a group waits for a file beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// It was changed, and must be quiet before it is known whether it can be told: that comes by itself.
    Young,
    Empty,
    Unfinished,
}

impl Why {
    fn text(self) -> &'static str {
        match self {
            Self::Empty => "is empty",
            Self::Young | Self::Unfinished => "is still being written",
        }
    }
}

impl Settler {
    /// Inputs that are complete by now; they are tracked no more. So long as `hold` says, groups wait, and so do lost files that
    /// inputs which are not over are to be told with (`is_needed`); nothing is begun after `until`, what is left comes with the
    /// next call.
    pub fn ready(&mut self, hold: Option<Hold>, until: Duration, is_needed: impl Fn(&Path) -> bool) -> Vec<Input> {
        let now = self.clock.now();
        let mut ready = Vec::new();
        while let Some((when, path)) = self.due.first().cloned()
            && when <= now
            && self.clock.now() <= until
        {
            self.due.pop_first();
            if self.is_still(&path) && self.is_alone(&path) {
                ready.extend(self.input(path.clone(), vec![path], Vec::new(), false));
            }
        }
        // Before groups go: from then on inputs need what lies beside them.
        let free = |path: &&PathBuf| !self.groups.has_folder(path.parent().unwrap_or(path)) && !is_needed(path);
        let lost: Vec<PathBuf> = self.lost.settled().filter(|_| hold.is_none()).filter(free).cloned().collect();
        for path in lost {
            if self.is_still(&path) {
                ready.extend(self.input(path.clone(), vec![path], Vec::new(), false));
            }
        }
        let mut looked = Looked::new();
        for name in self.groups.due(now, self.quiet.groups, hold) {
            if self.clock.now() > until {
                break;
            }
            let paths: Vec<PathBuf> = self.groups.files(&name).cloned().collect();
            // A change that no event told of sets the clock of its group back.
            let still = paths.iter().filter(|path| self.is_still(path)).count();
            if still == paths.len()
                && let Some(beside) = self.beside(&name, &mut looked)
            {
                ready.extend(self.input(name, paths, beside, true));
            }
        }
        if self.groups.len() == 0 {
            self.unfinished.clear();
        }
        ready
    }

    /// Of files that are tracked, which they are no more.
    fn input(&mut self, name: PathBuf, paths: Vec<PathBuf>, beside: Vec<Member>, is_group: bool) -> Option<Input> {
        let (mut members, mut seen) = (Vec::new(), f64::INFINITY);
        for path in paths {
            let tracked = self.take(&path)?;
            seen = seen.min(tracked.seen);
            members.push(Member { path, stamp: tracked.stamp });
        }
        Some(Input { name, members, beside, is_group, complete: self.clock.now(), seen })
    }

    /// False for a file that did not say so far where it belongs: it is quiet by now, and is asked about for the last time.
    fn is_alone(&mut self, path: &Path) -> bool {
        let Some(tracked) = self.files.get(path).filter(|tracked| tracked.belongs == Belongs::Unknown) else { return true };
        self.doubtful.push((path.into(), tracked.stamp, Doubt::Quiet));
        false
    }

    /// Files that may be of a group which is quiet, and are lost; nothing where it has to wait for them, or for files that are
    /// still being written.
    fn beside(&mut self, name: &Path, looked: &mut Looked) -> Option<Vec<Member>> {
        let is_complete = self.groups.is_complete(name);
        let own: BTreeSet<PathBuf> = self.groups.files(name).filter_map(|path| path.parent()).map(Path::to_owned).collect();
        let is_near = |path: &Path| path.parent().is_some_and(|folder| own.contains(folder));
        // Of what is said to be complete nothing more comes from elsewhere.
        let around = if is_complete { own.clone() } else { self.groups.folders_around(name) };
        let lost: Vec<PathBuf> = self.lost.within(&around).cloned().collect();
        let (mut beside, mut waits) = (Vec::new(), BTreeMap::new());
        for path in lost {
            if !self.is_still(&path) {
                return None;
            }
            let tracked = self.files.get(&path)?;
            match self.doubt(name, &path, tracked, is_complete) {
                Some(why) => {
                    waits.insert(path, why);
                }
                None if is_near(&path) && !self.is_before(name, tracked) => beside.push(Member { stamp: tracked.stamp, path }),
                None => {}
            }
        }
        if is_complete {
            return waits.is_empty().then_some(beside);
        }
        let left = self.left();
        let mut left_over = Vec::new();
        for folder in around {
            let look = || self.unfinished.look(&self.folder, &folder, &*self.clock, left);
            let (written, old) = looked.entry(folder.clone()).or_insert_with(look);
            waits.extend(written.iter().map(|path| (path.clone(), Why::Unfinished)));
            left_over.extend(old.clone());
        }
        if self.waits(name, waits) {
            return None;
        }
        for path in left_over {
            let (name, path, left) = (shown(name), shown(&path), humantime::format_duration(left));
            self.notes.push(format!("{name} no longer waits for {path}, which nobody has written for {left}"));
        }
        Some(beside)
    }

    /// Why a lost file may come to be told still.
    fn doubt(&self, name: &Path, path: &Path, tracked: &Tracked, is_complete: bool) -> Option<Why> {
        if tracked.stamp.size > 0 {
            return (!self.lost.is_settled(path)).then_some(Why::Young);
        }
        let idle = self.clock.now().saturating_sub(tracked.since).max(age(tracked.stamp, &*self.clock));
        (!is_complete && idle < self.left() && !self.is_before(name, tracked)).then_some(Why::Empty)
    }

    /// True for an empty file that was left over long before anything of a group came: what stays there must not stand in the way
    /// of everything that ever comes after it.
    fn is_before(&self, name: &Path, tracked: &Tracked) -> bool {
        let changed = self.groups.files(name).filter_map(|path| self.files.get(path)).map(|file| file.stamp.changed);
        let left = i128::try_from(self.left().as_nanos()).unwrap_or(i128::MAX);
        tracked.stamp.size == 0 && changed.min().is_some_and(|first| tracked.stamp.changed.saturating_add(left) < first)
    }

    /// True where a group has to wait for one of these. What was begun after it was quiet is late, as everything is that comes then:
    /// in a folder where something is always being written, nothing else would ever begin.
    fn waits(&mut self, name: &Path, mut whys: BTreeMap<PathBuf, Why>) -> bool {
        let changed = self.groups.changed(name);
        if let Some(held) = self.held.get(name).filter(|held| held.changed == changed) {
            whys.retain(|path, _| held.paths.contains(path));
        }
        let Some((path, why)) = whys.first_key_value() else {
            self.groups.disturb(name, Duration::ZERO, false);
            self.held.remove(name);
            return false;
        };
        let by_others = whys.values().all(|why| *why != Why::Young);
        self.groups.disturb(name, self.clock.now(), by_others);
        let (left, why) = (humantime::format_duration(self.left()), format!("{} {}", shown(path), why.text()));
        if by_others {
            self.notes
                .push(format!("{} waits: {why}; when nothing was written there for {left}, it waits no longer", shown(name)));
        }
        self.held.insert(name.into(), Held { changed, why, paths: whys.into_keys().collect() });
        true
    }

    fn left(&self) -> Duration {
        self.quiet.groups * LEFT
    }
}
