//! Series of which no volume can be made are no work of the pipeline's: those without images are passed over, as reports, structures
//! and localisers come with every study; those that a slice may be missing from fail.

use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::PathBuf;
use voxloom_dicom::{Fault, Holds, Origin};
use voxloom_watch::job::{Failure, Job, Work};
use voxloom_watch::outcome::passed_over;
use voxloom_watch::words::shown;

/// A job that is spared groups of DICOM files of which no volume can be made; the result of those without images is a report that
/// says so.
pub struct Volumes<J> {
    pub job: J,
}

impl<J: Job> Job for Volumes<J> {
    fn identity(&self) -> &str {
        self.job.identity()
    }

    fn parts(&self) -> Vec<PathBuf> {
        self.job.parts()
    }

    fn obstacle(&self) -> Option<String> {
        self.job.obstacle()
    }

    fn run(&self, work: &Work) -> Result<Json, Failure> {
        let Some(what) = Some(&work.files).filter(|_| work.is_group).and_then(|files| no_volume(files)) else {
            return if work.beside.is_empty() { self.job.run(work) } else { Err(incomplete(work)) };
        };
        let reason = format!("no volume can be made of it, it holds: {what}");
        let report = passed_over(&reason);
        let file = work.output.join("report.json");
        std::fs::write(&file, report.to_string()).map_err(|error| Failure::of_io(&file, &error))?;
        Ok(report)
    }
}

/// As the reader says of damaged files beside slices, before it is asked: it sees nothing of them.
fn incomplete(work: &Work) -> Failure {
    let why = |file: &PathBuf| {
        let relative = shown(file.strip_prefix(&work.folder).unwrap_or(file));
        let fault = match Origin::of(file) {
            Err(Fault::Damaged { what, .. }) => what,
            Err(Fault::Io { error, .. }) => error.to_string(),
            _ => "could not be told from what was written of it".to_owned(),
        };
        format!("{relative} ({fault})")
    };
    let shown: Vec<String> = work.beside.iter().take(MOST).map(why).collect();
    let more = work.beside.len().saturating_sub(MOST);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Failure::bad(format!(
        "files beside this series may be slices of it, and are damaged: {}{more}; have them sent again, and move these \
         back into the watched folder together with them (moved back alone, these are worked on without them)",
        shown.join(", ")
    ))
}

/// Damaged files that a message names.
const MOST: usize = 8;

/// What is in the files, where none holds an image to make a volume of. A file that cannot be told is left to the job.
fn no_volume(files: &[PathBuf]) -> Option<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for file in files {
        let what = match Origin::of(file).ok()?.holds {
            Holds::Image | Holds::Directory => return None,
            Holds::Localiser => "localiser".to_owned(),
            Holds::Other(name) => name,
        };
        *counts.entry(what).or_default() += 1;
    }
    let parts: Vec<String> = counts.iter().map(|(what, count)| format!("{count} x {what}")).collect();
    Some(parts.join(", "))
}
