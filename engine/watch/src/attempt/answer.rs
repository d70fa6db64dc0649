//! Inputs that need no work: their result is there already, made by an attempt that could not be recorded, or by another job
//! with the same key.

use super::Bench;
use super::finish::Source;
use crate::commit::{self, Mark, There};
use crate::error::Error;
use crate::input::Input;
use crate::ledger::Done;
use std::path::{Path, PathBuf};
use std::time::Duration;

impl Bench {
    /// What is to be recorded of an input that needs no work, and where its result comes from.
    pub(super) fn answer(&self, input: &Input, content: &str, key: &str) -> Result<Option<(Done, Source)>, Error> {
        let output = &self.place.output;
        let own = commit::find(output, &input.name, key);
        if let Some((result, mark)) = &own
            && self.is_unrecorded(input, mark)?
        {
            let elapsed = Duration::try_from_secs_f64(mark.finished - mark.started).unwrap_or_default();
            let done = Done { attempt: mark.attempt, ..known(output, content, key, result.clone()) };
            return Ok(Some((done, Source::Unrecorded { elapsed })));
        }
        let earlier = self.ledger.earlier(key, &input.name)?;
        if self.config.again && own.is_some() && self.ledger.was_done(&input.name)? {
            return Ok(None);
        }
        let (result, same_as) = match (own, earlier) {
            // Of another watcher, or of an input with this name before it was delivered once more.
            (Some((result, _)), _) => (result, input.name.clone()),
            (None, Some(earlier)) if !self.config.again => match commit::look(output, &earlier.result, key) {
                There::Same(_) => (earlier.result, earlier.name),
                _ => return Ok(None),
            },
            _ => return Ok(None),
        };
        let same_as = (same_as != input.name).then_some(same_as);
        Ok(Some((Done { same_as, ..known(output, content, key, result) }, Source::Earlier)))
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
