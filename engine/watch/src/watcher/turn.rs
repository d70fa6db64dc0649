//! The loop itself: one turn hears, looks, starts work, records what waits, and sleeps until something is due.

use super::ending::CANCEL;
use super::folders::Folders;
use super::intake::Intake;
use super::queue::Queue;
use super::readers::Readers;
use super::review::Review;
use super::start;
use super::workers::Workers;
use super::{Control, Parts, Summary};
use crate::attempt::Bench;
use crate::claim::Claims;
use crate::content::pipeline_key;
use crate::error::Error;
use crate::events::{Events, Hint, Sink, remote};
use crate::input::{Input, shown};
use crate::job::Job;
use crate::ledger::Ledger;
use crate::notice::Notice;
use crate::settle::Settler;
use crossbeam::channel::{Receiver, bounded, select};
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Duration;

/// Hints in memory; more become one look through everything.
const HINTS: usize = 65_536;
/// The longest sleep: the `HALT` file is looked for so often.
const TICK: Duration = Duration::from_millis(500);
/// All that one watcher holds.
pub struct Loop {
    pub(super) bench: Arc<Bench>,
    pub(super) job: Arc<dyn Job>,
    pub(super) reload: Box<dyn FnMut() -> Result<Arc<dyn Job>, String> + Send>,
    pub(super) controls: Receiver<Control>,
    pub(super) workers: Workers,
    pub(super) intake: Intake,
    pub(super) review: Review,
    pub(super) queue: Queue,
    pub(super) _events: Box<dyn Events>,
    pub(super) sink: Sink,
    pub(super) hints: Receiver<Hint>,
    pub(super) every: Duration,
    pub(super) next_scan: Duration,
    /// Everything could be looked at once.
    pub(super) was_whole: bool,
    /// Everything that could be looked at was looked at once.
    pub(super) had_room: bool,
    /// Files and folders that could not be looked at, the last time.
    pub(super) n_unseen: usize,
    /// And is tracked.
    pub(super) has_scanned: bool,
    /// A disk was full: no sooner than then is it tried again.
    pub(super) full_until: Option<Duration>,
    pub(super) full_pause: Duration,
    /// Inputs that are set aside if the process dies once more while they run.
    pub(super) suspects: HashSet<PathBuf>,
    /// Inputs that the ledger does not know to wait.
    pub(super) unrecorded: HashSet<PathBuf>,
    /// When the ledger was last told what is not complete, and of how many files.
    pub(super) told_incomplete: Option<(Duration, usize)>,
    pub(super) paused: Option<String>,
    /// Told to stop: when it ends, whatever is under way then.
    pub(super) stopping: Option<Duration>,
    pub(super) warned: HashMap<String, Duration>,
}

impl Loop {
    /// Recalls what was, and starts threads and events.
    pub fn new(parts: Parts, ledger: Ledger, claims: Claims, folders: Folders) -> Result<Self, Error> {
        let Parts { place, config, job, grouping, mut events, clock, observer, live, controls, reload, .. } = parts;
        let settler = Settler::new(&place.input, config.quiet, Arc::clone(&clock));
        let readers = Readers::start(&place.input, &grouping)?;
        let (cancel, counter) = (Arc::new(AtomicBool::new(false)), AtomicU64::new(0));
        let by = Arc::clone(&grouping);
        let bench =
            Arc::new(Bench { place, config, grouping: by, ledger, claims, clock, observer, live, cancel, folders, counter });
        let memory = start::recall(&bench)?;
        // Events first, then the look through everything: so nothing falls between.
        let (sender, hints) = bounded(HINTS);
        let sink = Sink::new(sender);
        let started =
            if bench.config.only_poll { Err(None) } else { events.start(&bench.place.input, sink.clone()).map_err(Some) };
        bench.live.change(|now| now.has_events = started.is_ok());
        let remote = remote(&bench.place.input);
        let every = if started.is_ok() && remote.is_none() { bench.config.rescan } else { bench.config.poll };
        let poll = every.as_secs_f64();
        let text = match (started, remote) {
            (Err(Some(why)), _) => Some(format!("no events: {why}; the folder is looked through every {poll} s instead")),
            (Ok(()), Some(kind)) => Some(format!(
                "the folder to watch lies on {kind}: changes made on other machines raise no events, so it is looked through every {poll} s"
            )),
            _ => None,
        };
        text.iter().for_each(|text| bench.observer.notice(&Notice::Warning { text }));
        let now = bench.clock.now();
        let mut own = Self {
            workers: Workers::start(&bench)?,
            intake: Intake::new(settler, readers, grouping, memory, bench.config.queue.max(1)),
            review: Review::new(bench.config.after, bench.config.again),
            queue: Queue::default(),
            _events: events,
            sink,
            hints,
            every,
            next_scan: now,
            was_whole: false,
            had_room: false,
            n_unseen: 0,
            has_scanned: false,
            full_until: None,
            full_pause: bench.config.full_pause,
            suspects: HashSet::new(),
            unrecorded: HashSet::new(),
            told_incomplete: None,
            paused: None,
            stopping: None,
            warned: HashMap::new(),
            bench,
            job,
            reload,
            controls,
        };
        own.takes_job()?;
        Ok(own)
    }

    /// From now on the job is this one. What it is made of may lie among the inputs, and is none of them.
    pub(super) fn takes_job(&mut self) -> Result<(), Error> {
        match self.bench.ledger.uses(&pipeline_key(self.job.identity())) {
            // Without it a result is numbered where it could replace an earlier one.
            Err(error) if error.is_full() => self.is_full(),
            other => other?,
        }
        let place = &self.bench.place;
        let paths = place.left_out(&self.job.parts());
        let results = place.output.strip_prefix(&place.input).ok();
        let names: Vec<String> = paths.iter().filter(|path| Some(path.as_path()) != results).map(|path| shown(path)).collect();
        self.intake.leave_out(paths);
        if !names.is_empty() {
            self.warn(format!("no inputs, as the pipeline is made of them: {}", names.join(", ")));
        }
        Ok(())
    }

    /// Turns until it is told to stop, or, with `once`, nothing is left.
    pub fn run(mut self) -> Result<Summary, Error> {
        loop {
            self.hear();
            self.look()?;
            self.settle()?;
            self.start()?;
            self.review()?;
            self.record()?;
            self.tell();
            self.tell_incomplete(false)?;
            if let Some(left) = self.is_over()? {
                self.tell_incomplete(true)?;
                let now = self.bench.live.now();
                if left == 0 {
                    self.workers.join();
                }
                let (done, same, failed) = (now.done, now.same, now.failed);
                let (n_incomplete, n_unseen) = (self.intake.settler.len(), self.n_unseen);
                return Ok(Summary { done, same, passed_over: now.passed_over, failed, left, n_incomplete, n_unseen });
            }
            self.sleep()?;
            self.bench.ledger.is_there()?;
        }
    }

    fn sleep(&mut self) -> Result<(), Error> {
        let now = self.bench.clock.now();
        let cancel = self.stopping.map(|stop| stop.saturating_sub(CANCEL));
        let due = [self.intake.settler.next(), self.queue.next(), Some(self.next_scan), self.full_until, cancel];
        let mut long = TICK;
        if self.can_review() && self.review.is_due(&self.bench, &self.queue) {
            long = Duration::from_millis(1);
        }
        for due in due.into_iter().flatten() {
            long = long.min(due.saturating_sub(now).max(Duration::from_millis(1)));
        }
        if self.stopping.is_some() {
            long = long.max(Duration::from_millis(5));
        }
        if self.intake.n_looks() > 0 || self.intake.can_ask_more() || !self.unrecorded.is_empty() && self.full_until.is_none() {
            long = Duration::ZERO;
        }
        let most = self.intake.settler.n_inputs() + self.room();
        select! {
            recv(self.workers.told) -> told => if let Ok(told) = told { self.told(told)? },
            recv(self.controls) -> control => match control {
                Ok(control) => self.control(control)?,
                // Nobody can control it any more: it goes on as it is.
                Err(_) => self.controls = crossbeam::channel::never(),
            },
            recv(self.hints) -> hint => if let Ok(hint) = hint { self.hint(hint) },
            recv(self.intake.readers.answers) -> answer => if let Ok(answer) = answer { self.intake.answered(&self.bench, answer, most)? },
            default(long) => {}
        }
        while let Ok(told) = self.workers.told.try_recv() {
            self.told(told)?;
        }
        Ok(())
    }

    /// How many inputs may still come into memory.
    pub(super) fn room(&self) -> usize {
        self.bench.config.queue.max(1).saturating_sub(self.queue.len() + self.intake.settler.n_inputs())
    }

    pub(super) fn troubles(&mut self, troubles: crate::scan::Troubles) {
        for (path, error) in troubles {
            // Of the watched folder itself is told where it makes a pause.
            if !path.as_os_str().is_empty() {
                self.warn(format!("{} cannot be looked at: {error}", shown(&path)));
            }
        }
    }

    /// Says a thing at most once an hour.
    pub(super) fn warn(&mut self, text: String) {
        let now = self.bench.clock.now();
        self.warned.retain(|_, when| now.saturating_sub(*when) < Duration::from_secs(3600));
        if self.warned.len() < 1000 && self.warned.insert(text.clone(), now).is_none() {
            self.bench.observer.notice(&Notice::Warning { text: &text });
        }
    }

    fn tell(&mut self) {
        let next: Vec<String> = self.queue.ready().take(20).map(Input::shown).collect();
        let held = self.intake.settler.held().map(|(name, why)| (shown(name), why.to_owned())).collect();
        self.bench.live.change(|now| {
            now.held = held;
            now.queued = self.queue.n_ready();
            now.next = next;
            now.settling = self.intake.settler.len();
            now.later = self.queue.n_later();
            now.beat = Some(std::time::Instant::now());
        });
    }
}
