//! `voxloom plugins check FILE`: a plugin is tried against the contract in a process of its own.

use crate::exit::Exit;
use crate::installed;
use crate::talk::{self, Talk};
use anyhow::Result;
use std::path::Path;
use std::time::Duration;
use voxloom_core::load::Config;
use voxloom_testkit::Outcome;

/// For all cases of one plugin together.
const TIMEOUT: Duration = Duration::from_secs(600);

/// Says how each case went; a plugin that crashes or hangs is told with the case at which it did.
pub fn check(file: &Path, as_json: bool, talk: &Talk) -> Result<Exit> {
    let command = installed::myself(&["plugins", "conform"])?;
    let report = match voxloom_testkit::check(&command, file, TIMEOUT) {
        Ok(report) => report,
        Err(message) => {
            talk.error(&message);
            return Ok(Exit::Plugin);
        }
    };
    if as_json {
        talk::result(&serde_json::to_string_pretty(&report)?)?;
    } else {
        let lines: Vec<String> = report.cases.iter().map(ToString::to_string).collect();
        talk::result(&lines.join("\n"))?;
    }
    let [passed, failed, not_exercised] = report.counts();
    talk.info(&format!("{} {}: {passed} passed, {failed} failed, {not_exercised} not exercised", report.plugin, report.version));
    for case in report.cases.iter().filter(|case| as_json && matches!(case.outcome, Outcome::Failed(_))) {
        talk.plain(&case.to_string());
    }
    Ok(if report.passed() { Exit::Done } else { Exit::Plugin })
}

/// What the process does that [`check`] starts: runs the cases and prints its answer.
pub fn conform(file: &Path, talk: &Talk) -> Result<Exit> {
    let config = Config::standard(vec![file.to_path_buf()], installed::myself(&["plugins", "scan"])?);
    // The last line on standard error tells where a plugin crashed.
    let answer = voxloom_testkit::conform(file, &config, &mut |case| talk.plain(case));
    talk::result(&answer)?;
    Ok(Exit::Done)
}
