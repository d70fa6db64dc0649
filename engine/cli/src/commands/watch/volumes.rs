//! Series that hold no volume are passed over: reports, structures and localisers come with every study, and are no failure.

use super::log::Log;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use voxloom_dicom::{Holds, Origin};
use voxloom_watch::job::{Failure, Job, Work};

/// A job that is spared groups of DICOM files of which no volume can be made; their result is a report that says so.
pub struct Volumes<J> {
    pub job: J,
    pub log: Arc<Log>,
}

impl<J: Job> Job for Volumes<J> {
    fn identity(&self) -> &str {
        self.job.identity()
    }

    fn parts(&self) -> Vec<PathBuf> {
        self.job.parts()
    }

    fn run(&self, work: &Work) -> Result<Json, Failure> {
        let Some(what) = Some(&work.files).filter(|_| work.is_group).and_then(|files| no_volume(files)) else {
            return self.job.run(work);
        };
        let reason = format!("no volume can be made of it, it holds: {what}");
        let report = json!({ "outcome": "passed_over", "reason": reason });
        let file = work.output.join("report.json");
        std::fs::write(&file, report.to_string()).map_err(|error| Failure::of_io(&file, &error))?;
        self.log.passed_over(&work.name, &reason);
        Ok(report)
    }
}

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
