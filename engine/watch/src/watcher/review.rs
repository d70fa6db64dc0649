//! Inputs that are done and stay where they lie: they are worked on again where the pipeline is another one by now, where their
//! results are gone, or where that is asked for.
//!
//! They are looked at once at the start, and once whenever the pipeline was read again. What is to be done of it comes after
//! everything else, a few inputs at a time: what arrives does not wait for it.

use super::intake::Intake;
use super::queue::Queue;
use crate::attempt::Bench;
use crate::commit;
use crate::content::{job_key, look};
use crate::error::Error;
use crate::ledger::Stays;
use crate::notice::Notice;
use crate::retire::After;
use crate::words::shown;
use std::collections::{HashSet, VecDeque};
use std::path::PathBuf;
use std::time::Duration;

/// How long one turn may take with it.
const SLICE: Duration = Duration::from_millis(20);
/// Rows of the ledger that are read at one time.
const ROWS: usize = 64;
/// So many failures in a row of what had been done before are the pipeline's fault, not the inputs'.
const FAILURES: u32 = 3;

/// How far it has come.
pub struct Review {
    /// The last name that was read; none where all were.
    after: Option<PathBuf>,
    rows: VecDeque<Stays>,
    /// Everything is worked on again.
    all: bool,
    /// The pipeline was changed meanwhile: from the first once more.
    once_more: bool,
    /// Were at work when it was changed, and are looked at, too, when they are done.
    awaited: HashSet<PathBuf>,
    /// Handed on, and not over yet.
    given: HashSet<PathBuf>,
    n_given: u64,
    has_told: bool,
    n_failed: u32,
}

/// Why an input is worked on again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    Asked,
    OtherJob,
    NoResult,
}

impl Review {
    /// From the first input on, where inputs stay.
    pub fn new(after: After, all: bool) -> Self {
        Self {
            after: (after == After::Keep).then(PathBuf::new),
            rows: VecDeque::new(),
            all,
            once_more: false,
            awaited: HashSet::new(),
            given: HashSet::new(),
            n_given: 0,
            has_told: false,
            n_failed: 0,
        }
    }

    /// The pipeline was read again.
    pub fn anew(&mut self, after: After, queue: &Queue) {
        self.awaited = queue.running().map(|input| input.name.clone()).collect();
        if self.is_over() {
            let (given, awaited) = (std::mem::take(&mut self.given), std::mem::take(&mut self.awaited));
            *self = Self { given, awaited, ..Self::new(after, false) };
        } else {
            self.once_more = true;
        }
    }

    /// All were looked at.
    pub fn is_over(&self) -> bool {
        self.after.is_none() && self.rows.is_empty()
    }

    /// True where a turn would bring it on.
    pub fn is_due(&self, bench: &Bench, queue: &Queue) -> bool {
        let is_awaited = |name: &PathBuf| self.awaited.contains(name);
        // What another watcher is at, or is tried again later, keeps no worker busy.
        let n_later = self.given.iter().filter(|name| queue.is_later(name)).count();
        let has_room = self.given.len() - n_later < bench.config.lanes.max(1) && n_later < ROWS && queue.n_ready() == 0;
        !self.is_over() && has_room && !queue.running().any(|input| is_awaited(&input.name))
    }

    /// Goes on for a while, and hands inputs on to `intake`.
    ///
    /// # Errors
    /// Of the ledger.
    pub fn turn(&mut self, bench: &Bench, identity: &str, intake: &mut Intake, queue: &Queue) -> Result<(), Error> {
        self.settle(bench, intake, queue)?;
        let until = bench.clock.now() + SLICE;
        while self.is_due(bench, queue) && bench.clock.now() < until {
            let Some(row) = self.next(bench)? else { break };
            let Some(why) = self.why(bench, identity, &row) else { continue };
            let files = bench.ledger.files_of(&row.name)?;
            // What was changed is found as a new input, and what is gone needs no result.
            let is_there = |path: &PathBuf, stamp| look(&bench.place.input.join(path)).is_ok_and(|found| found.hash() == stamp);
            if !files.iter().all(|known| is_there(&known.path, known.stamp)) {
                continue;
            }
            self.tell(bench, &row, why);
            intake.again(bench, &files);
            self.n_given += 1;
            self.given.insert(row.name);
        }
        Ok(())
    }

    /// Looks what became of inputs that were handed on, and gives up where the pipeline is to blame.
    fn settle(&mut self, bench: &Bench, intake: &Intake, queue: &Queue) -> Result<(), Error> {
        let is_under_way = |name: &PathBuf| queue.has(name) || intake.settler.has_input(name);
        for name in self.given.extract_if(|name| !is_under_way(name)) {
            self.n_failed = if bench.ledger.why(&name)?.is_some() { self.n_failed + 1 } else { 0 };
        }
        if self.n_failed >= FAILURES && !self.is_over() {
            (self.n_failed, self.after, self.once_more) = (0, None, false);
            self.rows.clear();
            let text = format!(
                "the last {FAILURES} inputs that had been done before failed now: the others stay as they are, with their results, \
                 until the pipeline is read again"
            );
            bench.observer.notice(&Notice::Warning { text: &text });
        }
        Ok(())
    }

    fn next(&mut self, bench: &Bench) -> Result<Option<Stays>, Error> {
        if let (true, Some(after)) = (self.rows.is_empty(), &self.after) {
            self.rows = bench.ledger.staying(after, ROWS)?.into();
            self.after = self.rows.back().map(|row| row.name.clone());
        }
        let row = self.rows.pop_front();
        if row.is_none() {
            if self.n_given > 0 {
                let text = format!("inputs that were done before and have been taken up again: {}", self.n_given);
                bench.observer.notice(&Notice::Warning { text: &text });
            }
            if self.once_more {
                let (given, awaited) = (std::mem::take(&mut self.given), std::mem::take(&mut self.awaited));
                *self = Self { given, awaited, ..Self::new(bench.config.after, false) };
            }
        }
        Ok(row)
    }

    /// Nothing is read for that but what the ledger knows, the mark of the result, and what the file system says of its files.
    fn why(&self, bench: &Bench, identity: &str, row: &Stays) -> Option<Why> {
        if self.all {
            Some(Why::Asked)
        } else if job_key(&row.content, identity) != row.job {
            Some(Why::OtherJob)
        } else {
            commit::find(&bench.place.output, &row.name, &row.job).is_none().then_some(Why::NoResult)
        }
    }

    fn tell(&mut self, bench: &Bench, row: &Stays, why: Why) {
        let text = match why {
            Why::NoResult => format!("{}: its result is gone or lacks files, and is made again", shown(&row.name)),
            _ if self.has_told => return,
            Why::Asked => "all inputs that are done are worked on again, where nothing else waits".to_owned(),
            Why::OtherJob => {
                "inputs that were done with another pipeline, or with other parameters, plugins or weights, are worked \
                              on again, where nothing else waits"
                    .to_owned()
            }
        };
        self.has_told |= why != Why::NoResult;
        bench.observer.notice(&Notice::Warning { text: &text });
    }
}
