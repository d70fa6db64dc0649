//! From hints and looks to tracked files: what is known is passed over, what does not fit waits in the folder.
//!
//! A folder is looked through a little at each turn of the loop, and what files belong to is found out by other threads, where
//! that takes reading them. Until everything that was seen is tracked, groups wait that might be part of it.

use super::admit::{Asked, said};
use super::readers::Readers;
use super::start::{Memory, path_hash};
use crate::attempt::Bench;
use crate::content::look;
use crate::error::Error;
use crate::grouping::Grouping;
use crate::names::{HALT, READY};
use crate::scan::{Found, Troubles, Walk};
use crate::settle::{Hold, Settler};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Decides what is tracked.
pub struct Intake {
    pub settler: Settler,
    pub readers: Readers,
    pub(super) grouping: Arc<dyn Grouping>,
    pub(super) memory: Memory,
    /// Paths below the watched folder that are no inputs.
    left_out: Arc<BTreeSet<PathBuf>>,
    /// Files that were told of, and folders: those wait until nothing else does.
    near: VecDeque<Look>,
    pub(super) far: VecDeque<Look>,
    pub(super) asked: HashMap<PathBuf, Asked>,
    /// Files that are asked about at one time.
    most_asked: usize,
    /// More had to be asked about at the last look.
    unasked: bool,
    /// Since when files were passed over that may not have been asked about yet.
    behind: Option<Duration>,
    /// There was no room for everything at the last look.
    pub more: bool,
}

/// A look at a path and everything below it.
pub(super) struct Look {
    walk: Walk,
    /// Renamed into place.
    renamed: Option<PathBuf>,
    /// Whether there is room or not.
    always: bool,
    /// Of a look through everything: when it began, and files that have ended and still lie there.
    pub(super) whole: Option<(Duration, HashMap<u64, u64>)>,
}

/// A look through everything that has ended.
pub struct Looked {
    pub began: Duration,
    /// Everything could be looked at, and had room.
    pub whole: bool,
    /// All that could be looked at had room.
    pub had_room: bool,
    /// How much could not be looked at.
    pub n_troubles: usize,
}

impl Intake {
    /// Of `most_asked` files it is found out at one time what they belong to.
    pub fn new(settler: Settler, readers: Readers, grouping: Arc<dyn Grouping>, memory: Memory, most_asked: usize) -> Self {
        Self {
            settler,
            readers,
            grouping,
            memory,
            left_out: Arc::default(),
            near: VecDeque::new(),
            far: VecDeque::new(),
            asked: HashMap::new(),
            most_asked,
            unasked: false,
            behind: None,
            more: false,
        }
    }

    /// From now on what lies at or below these is no input.
    pub fn leave_out(&mut self, paths: BTreeSet<PathBuf>) {
        paths.iter().for_each(|path| self.forget(path));
        self.left_out = Arc::new(paths);
    }

    /// Something may have happened at a path, or below it.
    pub fn hint(&mut self, bench: &Bench, path: &Path, is_renamed: bool) {
        self.look(bench, path, is_renamed, false);
    }

    /// As [`Intake::hint`], of an input that is in memory already.
    pub fn look_again(&mut self, bench: &Bench, path: &Path) {
        self.look(bench, path, false, true);
    }

    fn look(&mut self, bench: &Bench, path: &Path, is_renamed: bool, always: bool) {
        let folder = &bench.place.input;
        let Ok(relative) = path.strip_prefix(folder) else { return };
        let is_mark = relative.file_name().is_some_and(|name| name == READY);
        let start = if is_mark { relative.parent().unwrap_or(relative) } else { relative };
        if start.as_os_str().is_empty() || start == Path::new(HALT) {
            return;
        }
        let is_file = look(&folder.join(start)).is_ok();
        if !is_file {
            self.forget(start);
        }
        let walk = Walk::new(folder, start, Arc::clone(&self.left_out));
        let renamed = is_renamed.then(|| start.to_owned());
        let queue = if is_file { &mut self.near } else { &mut self.far };
        queue.push_back(Look { walk, renamed, always, whole: None });
    }

    fn forget(&mut self, path: &Path) {
        self.asked.remove(path);
        self.settler.forget(path);
    }

    /// Begins to look through everything, unless that is under way.
    pub fn rescan(&mut self, bench: &Bench) {
        if !self.is_scanning() {
            (self.more, self.unasked) = (false, false);
            let walk = Walk::new(&bench.place.input, Path::new(""), Arc::clone(&self.left_out));
            let whole = Some((bench.clock.now(), HashMap::new()));
            self.far.push_back(Look { walk, renamed: None, always: false, whole });
        }
    }

    /// A look through everything is under way.
    pub fn is_scanning(&self) -> bool {
        self.far.iter().any(|look| look.whole.is_some())
    }

    /// Looks that wait.
    pub fn n_looks(&self) -> usize {
        self.near.len() + self.far.len()
    }

    /// There is room to ask about files that were passed over.
    pub fn can_ask_more(&self) -> bool {
        self.unasked && self.asked.len() * 2 <= self.most_asked && !self.is_scanning()
    }

    /// Everything that was told of was looked at, and is tracked.
    pub fn is_idle(&self) -> bool {
        self.n_looks() == 0 && self.asked.is_empty() && !self.unasked
    }

    /// What groups have to wait for.
    pub fn hold(&self) -> Option<Hold> {
        if self.n_looks() > 0 || self.unasked {
            return Some(Hold { since: Duration::ZERO, is_complete: true });
        }
        let since = self.asked.values().map(|asked| asked.found).min()?;
        let is_complete = self.asked.values().any(|asked| asked.is_complete || asked.renamed.is_some());
        Some(Hold { since, is_complete })
    }

    /// Goes on until then: takes answers, and looks. `room` is how many inputs may be added. Returns what could not be looked at,
    /// and the look through everything that has ended.
    ///
    /// # Errors
    /// Of the ledger.
    pub fn turn(&mut self, bench: &Bench, room: usize, until: Duration) -> Result<(Troubles, Option<Looked>), Error> {
        let most = self.settler.n_inputs().saturating_add(room);
        let mut troubles = Troubles::new();
        while bench.clock.now() < until {
            if let Ok(answer) = self.readers.answers.try_recv() {
                self.answered(bench, answer, most)?;
                continue;
            }
            let is_near = !self.near.is_empty();
            let queue = if is_near { &mut self.near } else { &mut self.far };
            let Some(mut now) = queue.pop_front() else { break };
            let goes_on = match now.walk.next() {
                Some(found) => self.found(bench, found, &mut now, most)?,
                None => false,
            };
            if goes_on {
                let queue = if is_near { &mut self.near } else { &mut self.far };
                queue.push_front(now);
                continue;
            }
            let n_troubles = now.walk.troubles.len();
            troubles.append(&mut now.walk.troubles);
            if let Some((began, seen)) = now.whole {
                if !self.unasked {
                    // Everything that was passed over has been asked about by now.
                    self.behind = None;
                }
                let had_room = !self.more && !self.unasked;
                let whole = had_room && n_troubles == 0;
                if whole {
                    // Files that are gone need not be remembered.
                    self.memory.ended.retain(|path, stamp| seen.get(path) == Some(stamp));
                }
                return Ok((troubles, Some(Looked { began, whole, had_room, n_troubles })));
            }
        }
        Ok((troubles, None))
    }

    /// False where nothing more need be looked at.
    fn found(&mut self, bench: &Bench, found: Found, now: &mut Look, most: usize) -> Result<bool, Error> {
        let Found { path, stamp, is_ready } = found;
        let hashes = (path_hash(&path), stamp.hash());
        if self.memory.ended.get(&hashes.0) == Some(&hashes.1) {
            if let Some((_, seen)) = &mut now.whole {
                seen.insert(hashes.0, hashes.1);
            }
            return Ok(true);
        }
        let is_complete = is_ready || self.memory.complete.get(&hashes.0) == Some(&hashes.1);
        if self.settler.still(&path, stamp, said(is_complete, now.renamed.as_deref())) {
            return Ok(true);
        }
        if let Some(asked) = self.asked.get_mut(&path).filter(|asked| asked.stamp == stamp) {
            asked.is_complete |= is_complete;
            asked.renamed = asked.renamed.take().or_else(|| now.renamed.clone());
            return Ok(true);
        }
        // While there is no room, only a look through everything adds: so groups are seen whole.
        let most = if now.whole.is_none() && self.more { 0 } else { most };
        if !self.grouping.has_groups() && !now.always && !self.settler.has(&path) && self.settler.n_inputs() >= most {
            self.more = true;
            return Ok(false);
        }
        if self.grouping.reads(&path) && !now.always && self.asked.len() >= self.most_asked {
            self.unasked = true;
            self.behind.get_or_insert(bench.clock.now());
            return Ok(true);
        }
        let seen = self.settler.seen(&path);
        let found = self.behind.unwrap_or(seen.since);
        let (renamed, always) = (now.renamed.clone(), now.always);
        self.ask(bench, path, Asked { stamp, seen, found, is_complete, renamed, always, last: false }, most)?;
        Ok(true)
    }
}
