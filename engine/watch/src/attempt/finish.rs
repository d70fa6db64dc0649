//! From a result that is made to an input that is put away, for several inputs at one time, so that they share flushes.
//!
//! For each input the order is the same, whoever shares: the result is on the disk, then visible, then its name is on the
//! disk, then the ledger says so on its own disk, and only then is the input put away.

use super::{Bench, Ended, Finished};
use crate::claim::Claim;
use crate::commit::{self, sync_folder};
use crate::error::Error;
use crate::input::Input;
use crate::ledger::Done;
use crate::mark::Mark;
use crate::notice::{Moment, Notice};
use crate::outcome;
use crate::retire::{self, After};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// An input with a result that was just made, or was there already.
pub struct Ready {
    pub input: Input,
    pub(super) claim: Claim,
    /// Where the result was made, or copied to.
    pub(super) staged: PathBuf,
    /// What will be recorded; where the result was just made or copied, its name is not known yet.
    pub(super) done: Done,
    pub(super) source: Source,
}

/// Where a result comes from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// Just made. When its work began, on the clock that never jumps, and in seconds since 1970; and by which pipeline.
    New { began: Duration, started: f64, pipeline: String },
    /// Made before by an attempt of this watcher, which took so long, and shown; only the record was missing.
    Unrecorded { elapsed: Duration },
    /// It is there: another watcher has made it, or the input was delivered before.
    Earlier,
    /// Copied from the result of another input, which has this mark.
    Copied(Box<Mark>),
}

impl Bench {
    /// Commits results, records them, puts the inputs away, and gives back the claims.
    pub fn finish(&self, batch: Vec<Ready>) -> Vec<Finished> {
        let mut batch = Batch { bench: self, going: batch, over: Vec::new() };
        batch.seal();
        batch.publish();
        batch.record();
        let Batch { going, mut over, .. } = batch;
        self.put_away(&going.iter().map(|ready| &ready.input).collect::<Vec<_>>());
        over.extend(going.into_iter().map(|ready| self.leave(ready, Ok(Ended::Over))));
        over
    }

    fn leave(&self, ready: Ready, ended: Result<Ended, Error>) -> Finished {
        self.let_go(ready.input, ready.claim, &ready.staged, ended)
    }

    /// Puts away inputs that are done, as was chosen.
    pub fn put_away(&self, inputs: &[&Input]) {
        let (mut gone, mut folders) = (Vec::new(), BTreeSet::new());
        for input in inputs {
            match retire::done(&self.place.input, input, self.config.after) {
                Ok(Some(touched)) => {
                    folders.extend(touched);
                    gone.push(*input);
                }
                Ok(None) => {}
                Err(error) => self.warn(&format!("{}: it is done and stays where it is: {error}", input.shown())),
            }
        }
        for folder in folders {
            if let Err(error) = sync_folder(&folder) {
                self.warn(&format!("{}: {error}", folder.display()));
            }
        }
        self.left(&gone);
        inputs.iter().for_each(|input| self.at(Moment::Retired, input));
    }

    /// The files of these inputs are no longer where they were.
    pub(super) fn left(&self, inputs: &[&Input]) {
        let names: Vec<&Path> = inputs.iter().map(|input| input.name.as_path()).collect();
        if let Err(error) = self.ledger.retired(&names) {
            // Found out again at the next start, when the files are not there.
            self.warn(&error.to_string());
        }
    }

    pub(super) fn warn(&self, text: &str) {
        self.observer.notice(&Notice::Warning { text });
    }
}

impl Ready {
    /// Marks a new result, and begins to write it out; returns what is to be flushed.
    fn write_out(&self, stays: bool, now: f64) -> std::io::Result<Vec<PathBuf>> {
        let Done { content, job, attempt, .. } = &self.done;
        let (content, job, attempt) = (content.clone(), job.clone(), *attempt);
        let mark = match &self.source {
            Source::New { started, pipeline, .. } => {
                let (started, pipeline) = (*started, pipeline.clone());
                Mark { content, job, pipeline, attempt, started, finished: now, ..Mark::default() }
            }
            Source::Copied(mark) => Mark { content, ..(**mark).clone() },
            Source::Unrecorded { .. } | Source::Earlier => return Ok(Vec::new()),
        };
        mark.of(&self.input, stays).write(&self.staged)?;
        commit::write_out(&self.staged)
    }

    /// It has no final name yet.
    fn is_new(&self) -> bool {
        matches!(self.source, Source::New { .. } | Source::Copied(_))
    }
}

/// Inputs that share flushes. What fails leaves the others alone.
struct Batch<'a> {
    bench: &'a Bench,
    going: Vec<Ready>,
    over: Vec<Finished>,
}

impl Batch<'_> {
    /// One step of every input that is still going; those for which it says how they ended go no further.
    fn each(&mut self, mut step: impl FnMut(&Bench, &mut Ready) -> Result<Option<Ended>, Error>) {
        for mut ready in std::mem::take(&mut self.going) {
            match step(self.bench, &mut ready) {
                Ok(None) => self.going.push(ready),
                Ok(Some(ended)) => self.over.push(self.bench.leave(ready, Ok(ended))),
                Err(error) => self.over.push(self.bench.leave(ready, Err(error))),
            }
        }
    }

    /// The results come on the disk: all begin to be written before the first is waited for.
    fn seal(&mut self) {
        let (now, stays) = (self.bench.clock.unix(), self.bench.config.after == After::Keep);
        let written: Vec<_> = self.going.iter().map(|ready| ready.write_out(stays, now)).collect();
        let paths: Vec<&[PathBuf]> = written.iter().map(|written| written.as_deref().unwrap_or_default()).collect();
        let flushed = commit::flush(&paths);
        let mut ended = written.into_iter().zip(flushed).map(|(written, flushed)| written.and(flushed));
        self.each(|bench, ready| {
            if let Some(Err(error)) = ended.next() {
                return bench.unpublished(ready, &error).map(Some);
            }
            if ready.is_new() {
                bench.at(Moment::Sealed, &ready.input);
            }
            Ok(None)
        });
    }

    /// The results become visible, and then their names come on the disk.
    fn publish(&mut self) {
        let mut folders: BTreeMap<PathBuf, std::io::Result<()>> = BTreeMap::new();
        self.each(|bench, ready| {
            if !ready.is_new() {
                return Ok(None);
            }
            if !ready.claim.is_mine() {
                let why = "another watcher took over: this one was stopped for longer than its lease";
                return bench.undone(&ready.input, why).map(Some);
            }
            // What was made of an input that lies in `done/` is kept; what was made of one that was overwritten is replaced, but
            // for what another watcher has made of it with another pipeline.
            let stays = |mark: &Mark| bench.config.after == After::Keep && mark.stays && bench.has_used(&mark.pipeline);
            let may_replace = |mark: &Mark| mark.job == ready.done.job || stays(mark);
            match commit::publish(&ready.staged, &bench.place.output, &ready.input.name, may_replace) {
                Ok(published) => bench.published(ready, published),
                Err(error) => return bench.unpublished(ready, &error).map(Some),
            }
            folders.insert(bench.folder_of(ready), Ok(()));
            bench.at(Moment::Published, &ready.input);
            Ok(None)
        });
        for (folder, synced) in &mut folders {
            *synced = sync_folder(folder);
        }
        self.each(|bench, ready| match folders.get(&bench.folder_of(ready)) {
            Some(Err(error)) if ready.is_new() => bench.unpublished(ready, error).map(Some),
            _ => Ok(None),
        });
    }

    /// The ledger says what is done.
    fn record(&mut self) {
        let bench = self.bench;
        let done: Vec<_> = self.going.iter().map(|ready| (&ready.input, &ready.done)).collect();
        if let Err(error) = bench.ledger.done(&done, bench.clock.unix()) {
            // One tells of it; the others wait as they would after a restart.
            let others = if error.is_full() { Ended::Full } else { Ended::Cancelled };
            let mut error = Some(error);
            return self.each(|_, _| error.take().map_or(Ok(Some(others)), Err));
        }
        for Ready { input, done, source, .. } in &self.going {
            bench.at(Moment::Recorded, input);
            let (name, result) = (input.name.as_path(), done.result.as_path());
            let elapsed = match source {
                Source::New { began, .. } => bench.clock.now().saturating_sub(*began),
                Source::Unrecorded { elapsed } => *elapsed,
                Source::Earlier | Source::Copied(_) => {
                    let same_as = done.same_as.as_ref().unwrap_or(&input.name);
                    bench.observer.notice(&Notice::Same { name, same_as, result });
                    bench.live.change(|now| now.same += 1);
                    continue;
                }
            };
            if let Some(reason) = done.report.as_deref().and_then(outcome::reason) {
                bench.observer.notice(&Notice::PassedOver { name, reason: &reason, result });
                bench.live.change(|now| now.passed_over += 1);
                continue;
            }
            bench.observer.notice(&Notice::Done { name, attempt: done.attempt, elapsed, result });
            bench.live.change(|now| {
                now.done += 1;
                now.work_s += elapsed.as_secs_f64();
            });
        }
    }
}
