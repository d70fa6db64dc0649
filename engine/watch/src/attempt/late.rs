//! Files that come late to a group whose name is its own for ever, a series: without those that came before they are a part of
//! it, and a result of them alone would look like that of the whole.

use super::{Bench, Ended};
use crate::content::Content;
use crate::error::Error;
use crate::input::Input;
use crate::job::Failure;
use crate::ledger::{Begun, Key, Sample, Taken};
use crate::names::{DONE, FAILED};
use crate::notice::Moment;
use crate::retire::After;
use crate::watcher::path_hash;
use crate::words::{plain, shown};
use std::path::Path;
use std::time::Duration;

impl Bench {
    /// Records what belongs to a group from now on.
    pub(super) fn take_in(&self, input: &Input, content: &Content) -> Result<(), Error> {
        if !self.is_unique(input) {
            return Ok(());
        }
        let taken = Taken {
            n_files: input.members.len() as u64,
            folder: Taken::folder_of(input.members.iter().map(|member| member.path.as_path())),
            contents: Sample::of(content.prints.iter().copied()),
            paths: Sample::of(paths(input)),
            ..Taken::default()
        };
        self.ledger.take_in(&input.name, &taken)
    }

    /// Why an input must not be worked on: what came before of it is not among it.
    pub(super) fn late(&self, input: &Input, content: &Content) -> Result<Option<Failure>, Error> {
        if !self.is_unique(input) {
            return Ok(None);
        }
        let Some(taken) = self.ledger.taken(&input.name)? else { return Ok(None) };
        // Those that stay may be overwritten: then what came before is not to be had any more, and not wanted.
        let is_overwritten = || self.config.after == After::Keep && taken.paths.is_among(paths(input));
        // Whoever moves back what was set aside means it as it is.
        let is_meant = taken.refused.as_ref() == Some(&content.hash);
        if is_meant || taken.contents.is_among(content.prints.iter().copied()) || is_overwritten() {
            return Ok(None);
        }
        let end = self.ledger.first_end(&input.name, taken.since)?;
        Ok(end.map(|(has_failed, at)| self.part(input, &taken, has_failed, at)))
    }

    /// Sets a part aside.
    pub(super) fn refused(&self, input: &Input, content: &Content, key: &str, why: &Failure) -> Result<Ended, Error> {
        if self.ledger.begin(input, Key::again(&content.hash, key), 0, self.clock.unix())? == Begun::Twin {
            return Ok(Ended::Held);
        }
        self.at(Moment::Begun, input);
        let ended = self.failed(input, why)?;
        // Only now: if the process is killed before, the files are refused once more, and never taken for meant.
        self.ledger.refused(&input.name, &content.hash)?;
        Ok(ended)
    }

    fn part(&self, input: &Input, taken: &Taken, has_failed: bool, at: f64) -> Failure {
        let when = humantime::format_rfc3339_seconds(std::time::UNIX_EPOCH + Duration::try_from_secs_f64(at).unwrap_or_default());
        let (before, late) = (counted(taken.n_files), counted(input.members.len() as u64));
        let how = if has_failed { "had failed" } else { "was done" };
        let lies = if has_failed { Path::new(FAILED).join(&input.name) } else { Path::new(DONE).join(&taken.folder) };
        let is_there = self.place.input.join(&lies).is_dir() && (has_failed || self.config.after == After::Move);
        let advice = match (is_there, has_failed) {
            (true, true) => format!("the others lie in {}: move all of them back into the watched folder together", shown(&lies)),
            (true, false) => {
                format!("the others lie below {}: move them and these back into the watched folder together", shown(&lies))
            }
            (false, _) => "the others are no longer there: have the whole series sent again".to_owned(),
        };
        let mut failure = Failure::bad(format!(
            "{late} came late: this series {how} at {when}, with {before}, and without those it is only a part of a volume; {advice} \
             (to have it worked on as it is, move it back alone)"
        ));
        let mut fact = |name: &str, value: serde_json::Value| failure.facts.insert(name.into(), value);
        fact("late_files", input.members.len().into());
        fact("earlier_files", taken.n_files.into());
        fact("earlier_end", when.to_string().into());
        if is_there {
            fact("earlier_files_in", plain(&lies).into());
        }
        failure
    }

    fn is_unique(&self, input: &Input) -> bool {
        input.is_group && self.grouping.is_unique(&input.name)
    }
}

fn paths(input: &Input) -> impl Iterator<Item = u64> {
    input.members.iter().map(|member| path_hash(&member.path))
}

fn counted(n_files: u64) -> String {
    if n_files == 1 { "1 file".into() } else { format!("{n_files} files") }
}
