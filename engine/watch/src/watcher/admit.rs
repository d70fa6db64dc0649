//! What a file belongs to: asked, by other threads where that takes reading, and tracked when it is known.

use super::intake::Intake;
use super::readers::Answer;
use super::start::path_hash;
use crate::attempt::Bench;
use crate::content::look;
use crate::error::Error;
use crate::grouping::Belongs;
use crate::ledger::Known;
use crate::scan::is_marked;
use crate::settle::{Doubt, Said, Seen};
use crate::stamp::Stamp;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A file that is asked about.
pub(super) struct Asked {
    pub(super) stamp: Stamp,
    pub(super) seen: Seen,
    /// No later than it was first come by: groups that were not quiet by then wait for the answer.
    pub(super) found: Duration,
    pub(super) is_complete: bool,
    pub(super) renamed: Option<PathBuf>,
    pub(super) always: bool,
    /// If it still cannot be told, it is lost.
    pub(super) last: bool,
}

impl Intake {
    /// Asks again about files that are in doubt.
    pub fn ask_again(&mut self, bench: &Bench, most: usize) -> Result<(), Error> {
        for (path, stamp, doubt) in self.settler.doubtful() {
            let seen = self.settler.seen(&path);
            let asked = Asked {
                stamp,
                seen,
                found: seen.since,
                is_complete: false,
                renamed: None,
                always: true,
                last: doubt == Doubt::Quiet,
            };
            self.ask(bench, path, asked, most)?;
        }
        Ok(())
    }

    pub(super) fn ask(&mut self, bench: &Bench, path: PathBuf, asked: Asked, most: usize) -> Result<(), Error> {
        if self.grouping.reads(&path) {
            if !asked.last {
                self.settler.changed(&path, asked.stamp);
            }
            self.readers.ask(&path, asked.stamp);
            self.asked.insert(path, asked);
            return Ok(());
        }
        let belongs = self.grouping.belongs(&path, &bench.place.input.join(&path), &asked.stamp);
        self.admit(bench, &path, asked, belongs, most)
    }

    /// A thread has found out what a file belongs to.
    ///
    /// # Errors
    /// Of the ledger.
    pub fn answered(&mut self, bench: &Bench, answer: Answer, most: usize) -> Result<(), Error> {
        let Answer { path, stamp, belongs } = answer;
        // It may be asked about as what it is by now, or be gone.
        match self.asked.get(&path) {
            Some(asked) if asked.stamp == stamp => {}
            _ => return Ok(()),
        }
        match self.asked.remove(&path) {
            Some(asked) => self.admit(bench, &path, asked, belongs, most),
            None => Ok(()),
        }
    }

    /// The file is tracked from now on, where there is room or what it belongs to is waited for already: groups, and what is quiet
    /// together, are seen whole.
    fn admit(&mut self, bench: &Bench, path: &Path, asked: Asked, belongs: Belongs, most: usize) -> Result<(), Error> {
        let has_room = asked.always || self.settler.has(path) || self.settler.n_inputs() < most;
        if !has_room && !self.settler.is_awaited(path, &belongs) {
            self.more = true;
            return Ok(());
        }
        let mut seen = asked.seen;
        let belongs = match belongs {
            Belongs::Unknown if asked.last => {
                self.settler.lost(path, asked.stamp);
                return Ok(());
            }
            // It was quiet long enough.
            Belongs::Alone if asked.last => {
                seen.since = Duration::ZERO;
                Belongs::Alone
            }
            belongs => belongs,
        };
        let said = said(asked.is_complete, asked.renamed.as_deref());
        let group = self.settler.observe(path, asked.stamp, said, belongs.clone(), seen);
        match group {
            Some(group) if self.settler.n_files(&group) == 1 => self.bring_back(bench, &group, &belongs),
            _ => Ok(()),
        }
    }

    /// A file came late to a group that was worked on: the files that still lie there as they were belong to it, too.
    fn bring_back(&mut self, bench: &Bench, group: &Path, belongs: &Belongs) -> Result<(), Error> {
        for known in bench.ledger.files_of(group)? {
            if let Ok(stamp) = look(&bench.place.input.join(&known.path))
                && stamp.hash() == known.stamp
                && !self.settler.has(&known.path)
            {
                self.track(bench, &known, stamp, belongs.clone());
            }
        }
        Ok(())
    }

    pub(super) fn track(&mut self, bench: &Bench, known: &Known, stamp: Stamp, belongs: Belongs) {
        let was_complete = self.memory.complete.get(&path_hash(&known.path)) == Some(&known.stamp);
        let said = said(was_complete || is_marked(&bench.place.input, &known.path), None);
        let seen = self.settler.seen(&known.path);
        self.settler.observe(&known.path, stamp, said, belongs, seen);
    }
}

pub(super) fn said(is_complete: bool, renamed: Option<&Path>) -> Said<'_> {
    match renamed {
        _ if is_complete => Said::Complete,
        Some(path) => Said::Renamed(path),
        None => Said::Nothing,
    }
}
