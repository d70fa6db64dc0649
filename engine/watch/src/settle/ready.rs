//! What is complete: files that are quiet, and groups that nothing is missing from, as far as their folders tell.

use super::unfinished::{Looked, age};
use super::{Doubt, Hold, Settler};
use crate::grouping::Belongs;
use crate::input::Input;
use crate::stamp::Member;
use crate::words::shown;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// So many times as long as groups must be quiet, what somebody began and has not finished may be finished still.
const LEFT: u32 = 60;

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
        let lost: Vec<(PathBuf, bool)> = self.lost.within(&around).map(|path| (path.clone(), is_near(path))).collect();
        let mut beside = Vec::new();
        for (path, is_near) in lost {
            if !self.is_still(&path) {
                return None;
            }
            let tracked = self.files.get(&path)?;
            let (stamp, since) = (tracked.stamp, tracked.since);
            if stamp.size == 0 && !is_complete {
                let idle = self.clock.now().saturating_sub(since).max(age(stamp, &*self.clock));
                if idle < self.left() {
                    return self.wait(name, &path, "is empty");
                }
            } else if stamp.size > 0 && !self.lost.is_settled(&path) {
                self.groups.disturb(name, since, false);
                return None;
            }
            if is_near {
                beside.push(Member { path, stamp });
            }
        }
        if !is_complete {
            let left = self.left();
            for folder in around {
                let look = || self.unfinished.look(&self.folder, &folder, &*self.clock, left);
                let [written, left_over] = looked.entry(folder.clone()).or_insert_with(look).clone();
                if let Some(path) = written {
                    return self.wait(name, &path, "is still being written");
                }
                if let Some(path) = left_over {
                    let (name, path, left) = (shown(name), shown(&path), humantime::format_duration(left));
                    self.notes.push(format!("{name} no longer waits for {path}, which nobody has written for {left}"));
                }
            }
        }
        self.groups.disturb(name, Duration::ZERO, false);
        self.held.remove(name);
        Some(beside)
    }

    /// Nobody but the writer of `path` can say when.
    fn wait(&mut self, name: &Path, path: &Path, why: &str) -> Option<Vec<Member>> {
        self.groups.disturb(name, self.clock.now(), true);
        let left = humantime::format_duration(self.left());
        let why = format!("{} {why}", shown(path));
        self.notes.push(format!("{} waits: {why}; when nothing was written there for {left}, it waits no longer", shown(name)));
        self.held.insert(name.into(), why);
        None
    }

    fn left(&self) -> Duration {
        self.quiet.groups * LEFT
    }
}
