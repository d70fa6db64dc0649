//! What a failed run means for its input: bad data, a fault that may pass, or a full disk. Plugins and engine say which.

use serde_json::Value as Json;
use voxloom_core::run::{Kind as Cause, Outcome, Report, RunError};
use voxloom_watch::job::{Failure, Kind};

/// The failure of a run that ended, or `None` where all went well.
pub fn of_report(report: &Report) -> Option<Failure> {
    match report.outcome {
        Outcome::Completed => return None,
        Outcome::Cancelled => return Some(Failure::cancelled()),
        Outcome::Failed | Outcome::Stopped | Outcome::Fatal => {}
    }
    let Some(first) = report.first_cause() else {
        let message = report.message.clone().unwrap_or_else(|| "the run stopped".into());
        return Some(Failure { kind: kind(report.kind), ..Failure::bad(message) });
    };
    let mut failure = Failure { kind: kind(first.kind), ..Failure::bad(&first.cause) }.at(&first.node);
    let mut fact = |name: &str, value: Json| failure.facts.insert(name.into(), value);
    fact("operator", first.operator.as_str().into());
    fact("plugin", first.plugin.as_str().into());
    fact("status", first.status.as_str().into());
    fact("failures", report.failures.len().into());
    Some(failure)
}

/// The failure of a run that could not begin.
pub fn of_error(error: &RunError) -> Failure {
    let kind = match (kind(error.kind()), error) {
        // The pipeline was right when the watcher started: a device or a file of weights is not now as it was then.
        (Kind::Bad, RunError::Device { .. } | RunError::State { .. } | RunError::File { .. }) => Kind::Transient,
        (kind, _) => kind,
    };
    Failure { kind, ..Failure::bad(error.to_string()) }
}

fn kind(cause: Cause) -> Kind {
    match cause {
        Cause::Other => Kind::Bad,
        Cause::Unavailable | Cause::Exhausted => Kind::Transient,
        Cause::Full => Kind::Full,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn create(kind: Cause) -> Kind {
        of_error(&RunError::Create { what: "node `read`".into(), kind, message: "No space left on device (os error 28)".into() })
            .kind
    }

    #[test]
    fn the_kind_decides_and_no_word_does() {
        let all = [Cause::Other, Cause::Unavailable, Cause::Exhausted, Cause::Full];
        assert_eq!(all.map(create), [Kind::Bad, Kind::Transient, Kind::Transient, Kind::Full]);
    }

    #[test]
    fn weights_that_do_not_load_any_more_may_load_again() {
        let state = |kind| RunError::State { module: "net".into(), path: "w".into(), kind, message: "damaged file".into() };
        assert_eq!(of_error(&state(Cause::Other)).kind, Kind::Transient);
        assert_eq!(of_error(&state(Cause::Full)).kind, Kind::Full);
    }
}
