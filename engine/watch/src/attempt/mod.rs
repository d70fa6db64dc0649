//! The way of one input through a worker: claim, look, run. What is left then, `finish` does for several at one time.
//!
//! Each step is written so that the process may be killed after it: the next start, or another watcher, goes on there.

mod answer;
mod finish;
mod late;
mod outdated;
mod publish;
mod verdict;

pub use finish::Ready;
use finish::Source;

use crate::claim::{Claim, Claims, Purpose, Tried};
use crate::clock::Clock;
use crate::config::Config;
use crate::content::{self, Content, Trouble};
use crate::error::Error;
use crate::grouping::Grouping;
use crate::input::Input;
use crate::job::{Failure, Job, Work};
use crate::ledger::{Begun, Done, Key, Ledger};
use crate::live::Live;
use crate::notice::{Moment, Notice, Observer};
use crate::place::Place;
use crate::watcher::Folders;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// What a worker has at hand; shared by all.
pub struct Bench {
    pub place: Place,
    pub config: Config,
    pub grouping: Arc<dyn Grouping>,
    pub ledger: Ledger,
    pub claims: Claims,
    pub clock: Arc<dyn Clock>,
    pub observer: Arc<dyn Observer>,
    pub live: Arc<Live>,
    /// Set when running work should end early.
    pub cancel: Arc<AtomicBool>,
    pub folders: Folders,
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

/// An input that is over, and how.
pub type Finished = (Input, Result<Ended, Error>);

/// How a worker leaves an input.
pub enum Worked {
    /// There is a result: what is left is to commit it.
    Ready(Box<Ready>),
    /// There is none. Errors are those of the watcher's own files: the input waits.
    Over(Finished),
}

impl Bench {
    /// Works on one input until it has a result, or has none.
    pub fn work(&self, lane: usize, input: Input, job: &dyn Job) -> Worked {
        let purpose = Purpose::new(job.identity(), self.config.after);
        let taken = self.claims.take(&input, &purpose).or_else(|error| {
            if !self.claims.is_gone() {
                return Err(error);
            }
            self.make_anew()?;
            self.claims.take(&input, &purpose)
        });
        let claim = match taken {
            Ok(Tried::Mine(claim)) => claim,
            Ok(Tried::Held { rival }) => {
                if let Some(rival) = rival {
                    self.observer.notice(&Notice::Warning { text: &Purpose::clash(&rival) });
                }
                return Worked::Over((input, Ok(Ended::Held)));
            }
            Err(error) => return Worked::Over((input, Err(error))),
        };
        self.at(Moment::Claimed, &input);
        let staged = self.folders.staging.join(self.counter.fetch_add(1, Ordering::Relaxed).to_string());
        match self.claimed(lane, &input, job, &claim, &staged) {
            Ok(Step::Ready(done, source)) => Worked::Ready(Box::new(Ready { input, claim, staged, done, source })),
            Ok(Step::Over(ended)) => Worked::Over(self.let_go(input, claim, &staged, Ok(ended))),
            Err(error) => Worked::Over(self.let_go(input, claim, &staged, Err(error))),
        }
    }

    fn let_go(&self, input: Input, claim: Claim, staged: &Path, ended: Result<Ended, Error>) -> Finished {
        // What is left there is of no use to anyone; the next start removes what stays.
        let _ = std::fs::remove_dir_all(staged);
        claim.release();
        self.at(Moment::Released, &input);
        (input, ended)
    }

    fn claimed(&self, lane: usize, input: &Input, job: &dyn Job, claim: &Claim, staged: &Path) -> Result<Step, Error> {
        let content = match content::read(&self.place.input, input, self.grouping.names_count()) {
            Ok(content) => content,
            Err(Trouble::Gone) => {
                return self.ledger.forget(&input.name, self.clock.unix()).map(|()| Step::Over(Ended::Gone));
            }
            Err(Trouble::Changed) => return Ok(Step::Over(Ended::Changed)),
            Err(Trouble::Io(path, error)) => {
                // Nothing was begun, but it counts: an input that can never be read must not wait for ever.
                self.ledger.begin(input, Key::again("", ""), 0, self.clock.unix())?;
                return self.failed(input, &Failure::of_io(&path, &error)).map(Step::Over);
            }
        };
        self.at(Moment::Hashed, input);
        let key = content::job_key(&content.hash, job.identity());
        // Something may be missing: the job decides, though the rest was done before.
        let may_be_known = input.beside.is_empty() && !self.config.again;
        let seen = if may_be_known { self.ledger.last_done(&key, &input.name)? } else { f64::MAX };
        if input.beside.is_empty()
            && let Some((done, source)) = self.answer(input, &content.hash, &key, staged)?
        {
            self.take_in(input, &content)?;
            return Ok(Step::Ready(done, source));
        }
        if let Some(late) = self.late(input, &content)? {
            return self.refused(input, &content, &key, &late).map(Step::Over);
        }
        let started = self.clock.unix();
        let (number, crashes) =
            match self.ledger.begin(input, Key { content: &content.hash, job: &key, seen }, claim.crashes(), started)? {
                Begun::Twin => return Ok(Step::Over(Ended::Held)),
                Begun::Attempt { number, crashes } => (number, crashes),
            };
        self.take_in(input, &content)?;
        self.at(Moment::Begun, input);
        if crashes >= self.config.retry.crashes {
            let text = format!("the process ended {crashes} times while this input was worked on");
            return self.failed(input, &Failure::crash(text)).map(Step::Over);
        }
        self.run(lane, input, job, claim, staged, Attempt { content, key, number, crashes, started })
    }

    fn run(
        &self,
        lane: usize,
        input: &Input,
        job: &dyn Job,
        claim: &Claim,
        staged: &Path,
        attempt: Attempt,
    ) -> Result<Step, Error> {
        // Making a folder is dear on some disks: one is made for each input, and one for each worker.
        let (output, scratch) = (staged.to_owned(), self.folders.scratch.join(lane.to_string()));
        for folder in [&output, &scratch] {
            if let Err(error) = std::fs::create_dir_all(folder) {
                return self.failed(input, &Failure::of_io(folder, &error)).map(Step::Over);
            }
        }
        let began = self.clock.now();
        let Attempt { content, key, number, crashes, started } = attempt;
        let busy = crate::live::Busy { name: input.shown(), attempt: number, began: std::time::Instant::now() };
        self.live.change(|now| now.lanes[lane] = Some(busy));
        let waited = began.saturating_sub(input.complete);
        self.observer.notice(&Notice::Started { name: &input.name, attempt: number, bytes: input.bytes(), waited });
        let work = Work {
            lane,
            name: input.name.clone(),
            folder: self.place.input.clone(),
            files: content.files.iter().map(|file| self.place.input.join(file)).collect(),
            is_group: input.is_group,
            beside: input.beside.iter().map(|member| self.place.input.join(&member.path)).collect(),
            output,
            scratch,
            attempt: number,
            cancel: Arc::clone(&self.cancel),
        };
        self.at(Moment::Starting, input);
        claim.begins(crashes);
        let ran = std::panic::catch_unwind(AssertUnwindSafe(|| job.run(&work)))
            .unwrap_or_else(|_| Err(Failure::transient("the job panicked")));
        claim.ends(crashes);
        self.live.change(|now| now.lanes[lane] = None);
        if std::fs::read_dir(&work.scratch).is_ok_and(|mut left| left.next().is_some()) {
            // What cannot be removed is found by the next job of this worker, and removed at the next start.
            let _ = std::fs::remove_dir_all(&work.scratch);
        }
        let report = match ran {
            Ok(report) => report,
            Err(failure) => return self.judged(input, failure).map(Step::Over),
        };
        self.ledger.ran(&input.name)?;
        self.at(Moment::Ran, input);
        if !content::is_unchanged(&self.place.input, input) {
            return self.undone(input, "the input was changed while it was worked on").map(Step::Over);
        }
        let report = Some(report.to_string());
        let done = Done { content: content.hash, job: key, result: PathBuf::new(), same_as: None, report, attempt: number };
        Ok(Step::Ready(done, Source::New { began, started, pipeline: content::pipeline_key(job.identity()) }))
    }

    /// Somebody has made the watched folder anew, or has taken away what the watcher keeps in it.
    fn make_anew(&self) -> Result<(), Error> {
        crate::source::belongs(&self.place, true)?;
        self.claims.make()?;
        let text =
            "`.voxloom` in the watched folder was gone, and is made again: what other watchers had at work may be done twice";
        self.observer.notice(&Notice::Warning { text });
        Ok(())
    }

    fn at(&self, moment: Moment, input: &Input) {
        self.observer.moment(moment, &input.name);
    }
}

/// How far an input came under its claim.
enum Step {
    /// See [`Ready`].
    Ready(Done, Source),
    Over(Ended),
}

/// What belongs to one attempt.
struct Attempt {
    content: Content,
    key: String,
    number: u32,
    /// Those that ended with their process before this one.
    crashes: u32,
    /// Seconds since 1970.
    started: f64,
}
