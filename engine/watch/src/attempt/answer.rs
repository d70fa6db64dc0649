//! Inputs that need no work: their result is there already, made by an attempt that could not be recorded, or by another job
//! with the same key.
//!
//! The result of another input is copied: each input that is done has a result of its own, which nobody replaces for the sake of
//! another one.

use super::Bench;
use super::finish::Source;
use crate::commit;
use crate::error::Error;
use crate::input::{Input, shown};
use crate::ledger::Done;
use crate::mark::Mark;
use std::path::{Path, PathBuf};
use std::time::Duration;

impl Bench {
    /// What is to be recorded of an input that needs no work, and where its result comes from; a copy lies in `staged` then.
    pub(super) fn answer(&self, input: &Input, content: &str, key: &str, staged: &Path) -> Result<Option<(Done, Source)>, Error> {
        let output = &self.place.output;
        let own = commit::find(output, &input.name, key);
        if let Some((result, mark)) = &own
            && self.is_unrecorded(input, mark)?
        {
            let elapsed = Duration::try_from_secs_f64(mark.finished - mark.started).unwrap_or_default();
            let done = Done { attempt: mark.attempt, ..known(output, content, key, result.clone()) };
            return Ok(Some((done, Source::Unrecorded { elapsed })));
        }
        // Of another watcher, or of an input with this name before it was delivered once more.
        if let Some((result, _)) = own {
            let is_asked = self.config.again && self.ledger.was_done(&input.name)?;
            return Ok((!is_asked).then(|| (known(output, content, key, result), Source::Earlier)));
        }
        if self.config.again {
            return Ok(None);
        }
        for earlier in self.ledger.earlier(key, &input.name)? {
            if let Some(mark) = self.copied(&earlier, key, staged) {
                let mark = Mark { job: key.into(), attempt: 0, copy_of: Some(shown(&earlier)), ..mark };
                let done = Done { same_as: Some(earlier), ..known(staged, content, key, PathBuf::new()) };
                return Ok(Some((done, Source::Copied(Box::new(mark)))));
            }
        }
        Ok(None)
    }

    /// The mark of another input's result, of which a copy lies in `staged` now. What cannot be copied is no answer: the input is
    /// worked on.
    fn copied(&self, earlier: &Path, key: &str, staged: &Path) -> Option<Mark> {
        std::fs::create_dir_all(staged).ok()?;
        let mark = commit::copy(&self.place.output, earlier, key, staged).ok().flatten();
        if mark.is_none() {
            let _ = std::fs::remove_dir_all(staged);
        }
        mark
    }

    /// True for the result of an attempt of this watcher at this very input, shown but not recorded: the process was killed, or
    /// the ledger's disk was full.
    fn is_unrecorded(&self, input: &Input, mark: &Mark) -> Result<bool, Error> {
        // A millisecond, because numbers written as text may not come back to the last bit.
        let started = self.ledger.started(&input.name, input.print())?;
        Ok(started.is_some_and(|started| (started - mark.started).abs() < 1e-3))
    }
}

fn known(output: &Path, content: &str, key: &str, result: PathBuf) -> Done {
    let report = std::fs::read_to_string(output.join(&result).join(REPORT)).ok();
    Done { content: content.into(), job: key.into(), result, same_as: None, report, attempt: 0 }
}

/// The file of a result that the ledger takes a copy of where the job's own words are lost.
const REPORT: &str = "report.json";
