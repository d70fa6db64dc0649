//! What follows from showing a result, and from not being able to.

use super::finish::{Ready, Source};
use super::{Bench, Ended};
use crate::commit::Published;
use crate::error::Error;
use crate::job::Failure;
use crate::ledger::Key;
use crate::retire::After;
use crate::words::shown;
use std::path::PathBuf;

impl Bench {
    /// False for a pipeline that only watchers with other ledgers have used.
    pub(super) fn has_used(&self, pipeline: &str) -> bool {
        // Results of earlier versions do not say by what they were made; of a ledger that cannot be read is told when it is written.
        pipeline.is_empty() || self.ledger.has_used(pipeline).unwrap_or(true)
    }

    /// Where the name of a result stands.
    pub(super) fn folder_of(&self, ready: &Ready) -> PathBuf {
        let result = self.place.output.join(&ready.done.result);
        result.parent().unwrap_or(&self.place.output).to_owned()
    }

    /// Says under which name a result is shown, where that is not the input's, and what was kept of an earlier one.
    pub(super) fn published(&self, ready: &mut Ready, published: Published) {
        let Published { result, kept } = published;
        let name = &ready.input.name;
        if let Some(kept) = kept {
            let text = "its earlier result had been changed since it was made, and is kept in";
            self.warn(&format!("{}: {text} {}", shown(name), self.place.output.join(kept).display()));
        }
        // Elsewhere an earlier input of this name has its result there.
        if result != *name && self.config.after == After::Keep {
            let text = "as something else has this name among the results, its result is called";
            self.warn(&format!("{}: {text} {}", shown(name), shown(&result)));
        }
        ready.done.result = result;
    }

    /// A result could not be shown: that is a failure of the attempt.
    pub(super) fn unpublished(&self, ready: &Ready, error: &std::io::Error) -> Result<Ended, Error> {
        if let Source::Copied(_) = ready.source {
            // Nothing was begun, but it counts: what can never be shown must not wait for ever.
            self.ledger.begin(&ready.input, Key::again(&ready.done.content, &ready.done.job), 0, self.clock.unix())?;
        }
        self.failed(&ready.input, &Failure::of_io(&self.place.output.join(&ready.input.name), error))
    }
}
