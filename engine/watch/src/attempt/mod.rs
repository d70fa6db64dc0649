//! The way of one input through a worker: claim, look, run, commit, record, put away, release.
//!
//! Each step is written so that the process may be killed after it: the next start, or another watcher, goes on there.

use crate::claim::{Claim, Claims, Tried};
use crate::clock::Clock;
use crate::commit::{self, Mark};
use crate::config::Config;
use crate::content::{self, Trouble};
use crate::error::Error;
use crate::input::Input;
use crate::job::{Failure, Job, Kind, Work};
use crate::ledger::{Begun, Done, Ledger};
use crate::live::Live;
use crate::notice::{Moment, Notice, Observer};
use crate::place::Place;
use crate::retire::{self, After};
use crate::retry::Verdict;
use serde_json::{Value as Json, json};
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// What a worker has at hand; shared by all.
pub struct Bench {
    pub place: Place,
    pub config: Config,
    pub ledger: Ledger,
    pub claims: Claims,
    pub clock: Arc<dyn Clock>,
    pub observer: Arc<dyn Observer>,
    pub live: Arc<Live>,
    /// Set when running work should end early.
    pub cancel: Arc<AtomicBool>,
    /// This process's own folder below [`Place::staging`].
    pub staging: PathBuf,
    pub counter: AtomicU64,
}

/// How an attempt ended, as far as the queue must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Done or failed; recorded.
    Over,
    /// The files are gone.
    Gone,
    /// A file was changed meanwhile: the input is a new one.
    Changed,
    /// Another watcher has it, or an input with the same key is under way: later.
    Held,
    /// Once more after the pause.
    Again(Duration),
    /// The disk is full; everything waits.
    Full,
    /// The watcher is stopping.
    Cancelled,
}

impl Bench {
    /// Works on one input. Errors are those of the watcher's own files: the input waits.
    ///
    /// # Errors
    /// The claim or the ledger cannot be written.
    pub fn work(&self, lane: usize, input: &Input, job: &dyn Job) -> Result<Ended, Error> {
        let claim = match self.claims.take(&input.name)? {
            Tried::Mine(claim) => claim,
            Tried::Held => return Ok(Ended::Held),
        };
        self.at(Moment::Claimed, input);
        let staged = self.staging.join(self.counter.fetch_add(1, Ordering::Relaxed).to_string());
        let ended = self.claimed(lane, input, job, &claim, &staged);
        // What is left there is of no use to anyone; the next start removes what stays.
        let _ = std::fs::remove_dir_all(&staged);
        claim.release();
        self.at(Moment::Released, input);
        ended
    }

    fn claimed(&self, lane: usize, input: &Input, job: &dyn Job, claim: &Claim, staged: &Path) -> Result<Ended, Error> {
        let content = match content::hash(&self.place.input, input) {
            Ok(content) => content,
            Err(Trouble::Gone) => return self.ledger.forget(&input.name, self.clock.unix()).map(|()| Ended::Gone),
            Err(Trouble::Changed) => return Ok(Ended::Changed),
            Err(Trouble::Io(path, error)) => {
                // Nothing was begun, but it counts: an input that can never be read must not wait for ever.
                self.ledger.begin(input, "", "", 0, self.clock.unix())?;
                return self.failed(input, &Failure::of_io(&path, &error));
            }
        };
        self.at(Moment::Hashed, input);
        let key = content::job_key(&content, job.identity());
        if let Some(ended) = self.answer(input, &content, &key)? {
            return Ok(ended);
        }
        let (number, crashes) = match self.ledger.begin(input, &content, &key, claim.crashes, self.clock.unix())? {
            Begun::Twin => return Ok(Ended::Held),
            Begun::Attempt { number, crashes } => (number, crashes),
        };
        self.at(Moment::Begun, input);
        if crashes >= self.config.retry.crashes {
            let text = format!("the process ended {crashes} times while this input was worked on");
            return self.failed(input, &Failure::crash(text));
        }
        self.run(lane, input, job, claim, staged, Attempt { content, key, number })
    }

    /// An input that needs no work: the result is there, or that of an earlier input with the same key.
    fn answer(&self, input: &Input, content: &str, key: &str) -> Result<Option<Ended>, Error> {
        let output = &self.place.output;
        // Made by this watcher just before it was killed, or by another one.
        let own = commit::find(output, &input.name, key);
        let is_recorded = |name: &Path| name == input.name;
        let earlier = self.ledger.earlier(key, &input.name)?;
        if self.config.again && earlier.as_ref().is_some_and(|earlier| is_recorded(&earlier.name)) {
            return Ok(None);
        }
        let found = match (own, earlier) {
            (Some(result), _) => Some((input.name.clone(), result)),
            (None, Some(earlier)) if !self.config.again => {
                let is_there = commit::look(output, &earlier.result, key) == commit::There::Same;
                is_there.then_some((earlier.name, earlier.result))
            }
            _ => None,
        };
        let Some((name, result)) = found else { return Ok(None) };
        let same_as = (name != input.name).then(|| name.clone());
        let report = std::fs::read_to_string(output.join(&result).join(REPORT)).ok();
        let done = Done { content: content.into(), job: key.into(), result: result.clone(), same_as, report, attempt: 0 };
        self.ledger.done(input, &done, self.clock.unix())?;
        self.at(Moment::Recorded, input);
        self.observer.notice(&Notice::Same { name: &input.shown(), same_as: &crate::input::shown(&name), result: &result });
        self.live.change(|now| now.same += 1);
        self.put_away(input);
        Ok(Some(Ended::Over))
    }

    fn run(
        &self,
        lane: usize,
        input: &Input,
        job: &dyn Job,
        claim: &Claim,
        staged: &Path,
        attempt: Attempt,
    ) -> Result<Ended, Error> {
        let (output, scratch) = (staged.join("result"), staged.join("scratch"));
        for folder in [&output, &scratch] {
            if let Err(error) = std::fs::create_dir_all(folder) {
                return self.failed(input, &Failure::of_io(folder, &error));
            }
        }
        let began = self.clock.now();
        let (shown, number) = (input.shown(), attempt.number);
        let busy = crate::live::Busy { name: shown.clone(), attempt: number, began: std::time::Instant::now() };
        self.live.change(|now| now.lanes[lane] = Some(busy));
        let waited = began.saturating_sub(input.complete);
        self.observer.notice(&Notice::Started { name: &shown, attempt: number, bytes: input.bytes(), waited });
        let work = Work {
            lane,
            name: input.name.clone(),
            folder: self.place.input.clone(),
            files: input.members.iter().map(|member| self.place.input.join(&member.path)).collect(),
            is_group: input.is_group,
            output: output.clone(),
            scratch,
            attempt: number,
            cancel: Arc::clone(&self.cancel),
        };
        self.at(Moment::Starting, input);
        let ran = std::panic::catch_unwind(AssertUnwindSafe(|| job.run(&work)))
            .unwrap_or_else(|_| Err(Failure::transient("the job panicked")));
        self.live.change(|now| now.lanes[lane] = None);
        let report = match ran {
            Ok(report) => report,
            Err(failure) => return self.judged(input, failure),
        };
        self.at(Moment::Ran, input);
        if !content::is_unchanged(&self.place.input, input) {
            return self.undone(input, "the input was changed while it was worked on");
        }
        let mark = Mark {
            input: shown.clone(),
            content: attempt.content.clone(),
            job: attempt.key.clone(),
            attempt: number,
            finished: self.clock.unix(),
        };
        if let Err(error) = commit::seal(&output, &mark) {
            return self.failed(input, &Failure::of_io(&output, &error));
        }
        self.at(Moment::Sealed, input);
        if !claim.is_mine() {
            return self.undone(input, "another watcher took over: this one was stopped for longer than its lease");
        }
        // What was made of an input that lies in `done/` is kept; what was made of one that was overwritten is replaced.
        let replace = self.config.after == After::Keep;
        let result = match commit::publish(&output, &self.place.output, &input.name, replace) {
            Ok(result) => result,
            Err(error) => return self.failed(input, &Failure::of_io(&self.place.output.join(&input.name), &error)),
        };
        self.at(Moment::Published, input);
        let Attempt { content, key, .. } = attempt;
        let report = Some(report.to_string());
        let done = Done { content, job: key, result: result.clone(), same_as: None, report, attempt: number };
        self.ledger.done(input, &done, self.clock.unix())?;
        self.at(Moment::Recorded, input);
        let elapsed = self.clock.now().saturating_sub(began);
        self.observer.notice(&Notice::Done { name: &shown, attempt: number, elapsed, result: &result });
        self.live.change(|now| {
            now.done += 1;
            now.work_s += elapsed.as_secs_f64();
        });
        self.put_away(input);
        Ok(Ended::Over)
    }

    /// A failure of the job itself: it may be that the input vanished or changed under its hands.
    fn judged(&self, input: &Input, failure: Failure) -> Result<Ended, Error> {
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
    fn undone(&self, input: &Input, why: &str) -> Result<Ended, Error> {
        let now = self.clock.unix();
        self.ledger.failed(input, &Failure::transient(why), Some(now), false, now)?;
        self.observer.notice(&Notice::Warning { text: &format!("{}: {why}", input.shown()) });
        Ok(Ended::Changed)
    }

    fn failed(&self, input: &Input, failure: &Failure) -> Result<Ended, Error> {
        let now = self.clock.unix();
        let (attempts, crashes, _) = self.ledger.tries(&input.name, input.print())?;
        let shown = input.shown();
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
                self.observer.notice(&Notice::Again { name: &shown, attempt: attempts, failure, pause });
                self.live.change(|now| now.retried += 1);
                Ok(Ended::Again(pause))
            }
            Verdict::SetAside => {
                // What the process did not survive was counted when it began.
                let was_tried = failure.kind != Kind::Crash;
                self.ledger.failed(input, failure, None, was_tried, now)?;
                let attempts = if was_tried { attempts } else { attempts.saturating_sub(1) };
                self.at(Moment::Recorded, input);
                let moved = self.set_aside(input, failure, attempts, now);
                self.observer.notice(&Notice::Failed { name: &shown, attempt: attempts, failure, moved: moved.as_deref() });
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
                self.left(input);
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

    /// Puts away an input that is done, as was chosen.
    pub fn put_away(&self, input: &Input) {
        match retire::done(&self.place.input, input, self.config.after) {
            Ok(true) => self.left(input),
            Ok(false) => {}
            Err(error) => {
                let text = format!("{}: it is done and stays where it is: {error}", input.shown());
                self.observer.notice(&Notice::Warning { text: &text });
            }
        }
        self.at(Moment::Retired, input);
    }

    fn left(&self, input: &Input) {
        if let Err(error) = self.ledger.retired(&input.name) {
            // Found out again at the next start, when the files are not there.
            self.observer.notice(&Notice::Warning { text: &error.to_string() });
        }
    }

    /// What `error.json` says; `file` is where the input lies then.
    fn error(&self, input: &Input, failure: &Failure, attempts: u32, at: f64, file: &Path) -> Json {
        let when = std::time::UNIX_EPOCH + Duration::try_from_secs_f64(at).unwrap_or_default();
        let mut error = json!({
            "input": input.shown(),
            "kind": failure.kind.name(),
            "node": failure.place,
            "message": failure.message,
            "attempts": attempts,
            "at": humantime::format_rfc3339_seconds(when).to_string(),
            "voxloom": env!("CARGO_PKG_VERSION"),
        });
        if let Some(map) = error.as_object_mut() {
            map.extend(self.config.facts.clone());
            if let Some(Json::String(command)) = map.get_mut("command") {
                *command = command.replace("{input}", &quoted(file));
            }
            map.extend((*failure.facts).clone());
        }
        error
    }

    fn at(&self, moment: Moment, input: &Input) {
        self.observer.moment(moment, &input.name);
    }
}

/// A path as one word for a shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.to_string_lossy().replace('\'', "'\\''"))
}

/// What belongs to one attempt.
struct Attempt {
    content: String,
    key: String,
    number: u32,
}

/// The file of a result that the ledger takes a copy of where the job's own words are lost.
const REPORT: &str = "report.json";
