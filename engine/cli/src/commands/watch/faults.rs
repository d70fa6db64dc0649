//! What a failed run means for its input: bad data, a fault that may pass, or a full disk.

use serde_json::Value as Json;
use voxloom_core::run::{Outcome, Report, RunError};
use voxloom_watch::job::{Failure, Kind};

/// Words of the operating system and of libtorch for what may go well another time. Operators give text, not causes.
const PASSING: [&str; 12] = [
    "out of memory",
    "cannot allocate memory",
    "can't allocate memory",
    "no such file or directory",
    "input/output error",
    "stale file handle",
    "too many open files",
    "resource temporarily unavailable",
    "connection",
    "transport endpoint is not connected",
    "permission denied",
    "cuda error",
];
const FULL: [&str; 2] = ["no space left on device", "disk quota exceeded"];

/// The failure of a run that ended, or `None` where all went well.
pub fn of_report(report: &Report) -> Option<Failure> {
    match report.outcome {
        Outcome::Completed => return None,
        Outcome::Cancelled => return Some(Failure::cancelled()),
        Outcome::Failed | Outcome::Stopped | Outcome::Fatal => {}
    }
    // What was lost or left early is a consequence; the first cause is the one to tell.
    let is_cause = |status: &str| status != "lost" && status != "cancelled";
    let first = report.failures.iter().find(|failure| is_cause(&failure.status)).or(report.failures.first());
    let Some(first) = first else {
        let message = report.message.clone().unwrap_or_else(|| "the run stopped".into());
        return Some(Failure { kind: kind(&message), ..Failure::bad(message) });
    };
    let mut failure = Failure { kind: kind(&first.cause), ..Failure::bad(&first.cause) }.at(&first.node);
    let mut fact = |name: &str, value: Json| failure.facts.insert(name.into(), value);
    fact("operator", first.operator.as_str().into());
    fact("plugin", first.plugin.as_str().into());
    fact("status", first.status.as_str().into());
    fact("failures", report.failures.len().into());
    Some(failure)
}

/// The failure of a run that could not begin.
pub fn of_error(error: &RunError) -> Failure {
    let message = error.to_string();
    let found = kind(&message);
    let kind = match error {
        // The pipeline was right when the watcher started: a device or a file of weights is not there now.
        RunError::Device { .. } | RunError::State { .. } | RunError::File { .. } if found == Kind::Bad => Kind::Transient,
        _ => found,
    };
    Failure { kind, ..Failure::bad(message) }
}

fn kind(text: &str) -> Kind {
    let text = text.to_lowercase();
    if FULL.iter().any(|words| text.contains(words)) {
        Kind::Full
    } else if PASSING.iter().any(|words| text.contains(words)) {
        Kind::Transient
    } else {
        Kind::Bad
    }
}

#[cfg(test)]
mod tests {
    use super::kind;
    use voxloom_watch::job::Kind;

    #[test]
    fn words_tell_what_may_pass() {
        assert_eq!(kind("x.nii: No space left on device (os error 28)"), Kind::Full);
        assert_eq!(kind("CUDA out of memory. Tried to allocate 2 GiB"), Kind::Transient);
        assert_eq!(kind("x.nii: No such file or directory (os error 2)"), Kind::Transient);
        assert_eq!(kind("the header ends after 12 of 348 bytes"), Kind::Bad);
    }
}
