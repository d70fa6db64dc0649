//! What an attempt that failed means: again after a pause, set aside, or no attempt at all because the input was changed.

use super::{Bench, Ended};
use crate::content;
use crate::error::Error;
use crate::input::Input;
use crate::job::{Failure, Kind};
use crate::notice::{Moment, Notice};
use crate::retire;
use crate::retry::Verdict;
use crate::words::{plain, quoted};
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};
use std::time::Duration;

impl Bench {
    /// A failure of the job itself: it may be that the input vanished or changed under its hands.
    pub(super) fn judged(&self, input: &Input, failure: Failure) -> Result<Ended, Error> {
        if failure.kind == Kind::Bad && !content::is_unchanged(&self.place.input, input) {
            let gone = input.members.iter().any(|member| !self.place.input.join(&member.path).exists());
            if gone {
                return self.failed(input, &Failure { kind: Kind::Transient, ..failure });
            }
            return self.undone(input, "the input was changed while it was worked on");
        }
        self.failed(input, &failure)
    }

    /// The attempt does not count; the input is found again as what it is now.
    pub(super) fn undone(&self, input: &Input, why: &str) -> Result<Ended, Error> {
        let now = self.clock.unix();
        self.ledger.failed(input, &Failure::transient(why), Some(now), false, now)?;
        self.observer.notice(&Notice::Warning { text: &format!("{}: {why}", input.shown()) });
        Ok(Ended::Changed)
    }

    pub(super) fn failed(&self, input: &Input, failure: &Failure) -> Result<Ended, Error> {
        let now = self.clock.unix();
        let (attempts, crashes, _) = self.ledger.tries(&input.name, input.print())?;
        let name = &input.name;
        match self.config.retry.verdict(failure.kind, attempts, crashes) {
            Verdict::Again(pause) => {
                let counts = failure.kind == Kind::Transient;
                self.ledger.failed(input, failure, Some(now + pause.as_secs_f64()), counts, now)?;
                self.at(Moment::Recorded, input);
                match failure.kind {
                    Kind::Full => return Ok(Ended::Full),
                    Kind::Cancelled => return Ok(Ended::Cancelled),
                    _ => {}
                }
                self.observer.notice(&Notice::Again { name, attempt: attempts, failure, pause });
                self.live.change(|now| now.retried += 1);
                Ok(Ended::Again(pause))
            }
            Verdict::SetAside => {
                // What the process did not survive was counted when it began.
                let was_tried = failure.kind != Kind::Crash;
                let failure = &self.without_result(input, failure);
                self.ledger.failed(input, failure, None, was_tried, now)?;
                let attempts = if was_tried { attempts } else { attempts.saturating_sub(1) };
                self.at(Moment::Recorded, input);
                let moved = self.set_aside(input, failure, attempts, now);
                self.observer.notice(&Notice::Failed { name, attempt: attempts, failure, moved: moved.as_deref() });
                self.live.change(|now| now.failed += 1);
                Ok(Ended::Over)
            }
        }
    }

    /// Moves an input that failed out of the way; `None` where that is not possible.
    pub fn set_aside(&self, input: &Input, failure: &Failure, attempts: u32, at: f64) -> Option<PathBuf> {
        let error = |file: &Path| self.error(input, failure, attempts, at, file);
        match retire::failed(&self.place.input, input, error) {
            Ok(moved) => {
                self.left(&[input]);
                self.at(Moment::Retired, input);
                Some(moved)
            }
            Err(error) => {
                let text = format!("{}: it failed and cannot be moved to `failed`: {error}", input.shown());
                self.observer.notice(&Notice::Warning { text: &text });
                None
            }
        }
    }

    /// What `error.json` says; `file` is where the input lies then.
    fn error(&self, input: &Input, failure: &Failure, attempts: u32, at: f64, file: &Path) -> Json {
        let when = std::time::UNIX_EPOCH + Duration::try_from_secs_f64(at).unwrap_or_default();
        let mut error = json!({
            "input": plain(&input.name),
            "kind": failure.kind.name(),
            "node": failure.place,
            "message": failure.message,
            "attempts": attempts,
            "at": humantime::format_rfc3339_seconds(when).to_string(),
            "voxloom": env!("CARGO_PKG_VERSION"),
        });
        if let Some(map) = error.as_object_mut() {
            map.extend(self.config.facts.clone());
            if let Some([before, after]) = &self.config.command {
                map.insert("command".into(), format!("{before}{}{after}", quoted(file)).into());
            }
            map.extend((*failure.facts).clone());
        }
        error
    }
}
