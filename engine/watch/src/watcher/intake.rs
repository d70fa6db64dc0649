//! From hints and looks to tracked files: what is known is passed over, what does not fit waits in the folder.

use super::start::{Memory, path_hash};
use crate::attempt::Bench;
use crate::content::look;
use crate::error::Error;
use crate::grouping::Grouping;
use crate::ledger::Known;
use crate::names::{HALT, READY};
use crate::scan::{Found, Troubles, is_marked, scan};
use crate::settle::{Said, Settler};
use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Decides what is tracked.
pub struct Intake {
    pub settler: Settler,
    grouping: Arc<dyn Grouping>,
    memory: Memory,
    /// Paths below the watched folder that are no inputs.
    left_out: Arc<BTreeSet<PathBuf>>,
    /// There was no room for everything at the last look.
    pub more: bool,
    error: Option<Error>,
}

impl Intake {
    pub fn new(settler: Settler, grouping: Arc<dyn Grouping>, memory: Memory) -> Self {
        Self { settler, grouping, memory, left_out: Arc::default(), more: false, error: None }
    }

    /// From now on what lies at or below these is no input.
    pub fn leave_out(&mut self, paths: BTreeSet<PathBuf>) {
        paths.iter().for_each(|path| self.settler.forget(path));
        self.left_out = Arc::new(paths);
    }

    /// Looks at one path, and everything below it. `room` is how many inputs may be added.
    pub fn hint(&mut self, bench: &Bench, path: &Path, is_renamed: bool, room: usize) -> Result<Troubles, Error> {
        let Ok(relative) = path.strip_prefix(&bench.place.input) else { return Ok(Vec::new()) };
        let is_mark = relative.file_name().is_some_and(|name| name == READY);
        let start = if is_mark { relative.parent().unwrap_or(relative) } else { relative };
        if start.as_os_str().is_empty() || start == Path::new(HALT) {
            return Ok(Vec::new());
        }
        // While there is no room, only a look through everything adds: so groups are seen whole.
        let room = if self.more { 0 } else { room };
        if look(&bench.place.input.join(start)).is_err() {
            self.settler.forget(start);
        }
        let said = if is_renamed { Said::Renamed(start) } else { Said::Nothing };
        let troubles = self.look(bench, start, said, room, None);
        self.error.take().map_or(Ok(troubles), Err)
    }

    /// Looks through everything.
    pub fn rescan(&mut self, bench: &Bench, room: usize) -> Result<Troubles, Error> {
        self.more = false;
        let mut seen = HashMap::new();
        let troubles = self.look(bench, Path::new(""), Said::Nothing, room, Some(&mut seen));
        if !self.more && troubles.is_empty() {
            // Files that are gone need not be remembered.
            self.memory.ended = seen;
        }
        self.error.take().map_or(Ok(troubles), Err)
    }

    /// From now on these files, as they are, are passed over.
    pub fn taken(&mut self, input: &crate::input::Input) {
        for member in &input.members {
            let path = path_hash(&member.path);
            self.memory.complete.remove(&path);
            self.memory.ended.insert(path, member.stamp.hash());
        }
    }

    /// An input that is done is worked on again, as it is: these are its files.
    pub fn again(&mut self, bench: &Bench, files: &[Known]) -> Result<Troubles, Error> {
        for known in files {
            let path = path_hash(&known.path);
            self.memory.ended.remove(&path);
            self.memory.complete.insert(path, known.stamp);
        }
        let mut troubles = Troubles::new();
        for known in files {
            troubles.extend(self.hint(bench, &bench.place.input.join(&known.path), false, usize::MAX)?);
        }
        Ok(troubles)
    }

    /// These files are to be looked at again.
    pub fn untaken(&mut self, input: &crate::input::Input) {
        for member in &input.members {
            self.memory.ended.remove(&path_hash(&member.path));
        }
    }

    fn look(
        &mut self,
        bench: &Bench,
        start: &Path,
        said: Said,
        room: usize,
        mut seen: Option<&mut HashMap<u64, u64>>,
    ) -> Troubles {
        let mut room = room;
        let left_out = Arc::clone(&self.left_out);
        let mut take = |found: Found| {
            let (path, stamp) = (path_hash(&found.path), found.stamp.hash());
            if self.memory.ended.get(&path) == Some(&stamp) {
                if let Some(seen) = &mut seen {
                    seen.insert(path, stamp);
                }
                return ControlFlow::Continue(());
            }
            if !self.settler.has(&found.path) && room == 0 && !self.is_awaited(bench, &found) {
                self.more = true;
                return if self.grouping.has_groups() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
            }
            let before = self.settler.n_inputs();
            let was_complete = self.memory.complete.get(&path) == Some(&stamp);
            let said = if found.is_ready || was_complete { Said::Complete } else { said };
            let group = self.settler.observe(&found.path, found.stamp, said);
            if let Some(group) = group
                && self.settler.n_files(&group) == 1
                && let Err(error) = self.bring_back(bench, &group)
            {
                self.error = Some(error);
                return ControlFlow::Break(());
            }
            room = room.saturating_sub(self.settler.n_inputs().saturating_sub(before));
            ControlFlow::Continue(())
        };
        scan(&bench.place.input, start, &left_out, &mut take)
    }

    /// Groups, and what is quiet together, are seen whole: else they would start before they are complete.
    fn is_awaited(&self, bench: &Bench, found: &Found) -> bool {
        self.grouping.has_groups() && {
            let belongs = self.grouping.belongs(&found.path, &bench.place.input.join(&found.path), &found.stamp);
            self.settler.is_awaited(&belongs)
        }
    }

    /// A file came late to a group that was worked on: the files that still lie there belong to it, too.
    fn bring_back(&mut self, bench: &Bench, group: &Path) -> Result<(), Error> {
        for known in bench.ledger.files_of(group)? {
            if let Ok(stamp) = look(&bench.place.input.join(&known.path)) {
                let was_complete = self.memory.complete.get(&path_hash(&known.path)) == Some(&stamp.hash());
                let is_complete = was_complete || is_marked(&bench.place.input, &known.path);
                self.settler.observe(&known.path, stamp, if is_complete { Said::Complete } else { Said::Nothing });
            }
        }
        Ok(())
    }
}
