//! What an input that failed leaves among the results: nothing under its name that could be taken for its own.
//!
//! An input that was overwritten, or is worked on again with another pipeline, has a result already. Where it fails now, that
//! result is kept, but out of sight: people, and programs that pass on whatever lies in the folder of results, would take it for the last word.

use super::Bench;
use crate::commit;
use crate::input::Input;
use crate::job::Failure;
use crate::retire::After;

impl Bench {
    /// Takes earlier results of an input that fails out of sight; the failure says where they are then.
    pub(super) fn without_result(&self, input: &Input, failure: &Failure) -> Failure {
        let mut failure = failure.clone();
        // Elsewhere earlier inputs of the same name are in `done/`, and their results are theirs.
        if self.config.after != After::Keep {
            return failure;
        }
        match commit::hide(&self.place.output, &input.name) {
            Ok(hidden) => {
                for path in hidden {
                    let path = self.place.output.join(path);
                    failure.message += &format!("; the earlier result under its name now lies in {}", path.display());
                    failure.facts.insert("earlier_result".into(), path.to_string_lossy().into());
                }
            }
            Err(error) => {
                failure.message += &format!("; the earlier result under its name is still there, as it cannot be moved: {error}");
            }
        }
        failure
    }
}
