//! The loop itself: one turn hears, looks, starts work, records what waits, and sleeps until something is due.

use super::intake::Intake;
use super::queue::Queue;
use super::review::Review;
use super::start;
use super::workers::{Told, Workers};
use super::{Control, Parts, Summary};
use crate::attempt::{Bench, Ended, Finished};
use crate::claim::Claims;
use crate::error::Error;
use crate::events::{Events, Hint, Sink, remote};
use crate::input::{Input, shown};
use crate::job::{Failure, Job};
use crate::ledger::Ledger;
use crate::names::HALT;
use crate::notice::{Moment, Notice};
use crate::settle::Settler;
use crossbeam::channel::{Receiver, bounded, select};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// Hints in memory; more become one look through everything.
const HINTS: usize = 65_536;
/// The longest sleep: the `HALT` file is looked for so often.
const TICK: Duration = Duration::from_millis(500);
/// How soon an input is tried again whose claim another watcher holds.
const HELD: Duration = Duration::from_millis(300);
/// How long cancelled work may take to notice.
const CANCEL: Duration = Duration::from_secs(5);

/// All that one watcher holds.
pub struct Loop {
    bench: Arc<Bench>,
    job: Arc<dyn Job>,
    reload: Box<dyn FnMut() -> Result<Arc<dyn Job>, String> + Send>,
    controls: Receiver<Control>,
    workers: Workers,
    intake: Intake,
    review: Review,
    queue: Queue,
    _events: Box<dyn Events>,
    sink: Sink,
    hints: Receiver<Hint>,
    every: Duration,
    next_scan: Duration,
    has_scanned: bool,
    /// A disk was full: no sooner than then is it tried again.
    full_until: Option<Duration>,
    full_pause: Duration,
    /// Inputs that are set aside if the process dies once more while they run.
    suspects: HashSet<PathBuf>,
    /// Inputs that the ledger does not know to wait.
    unrecorded: HashSet<PathBuf>,
    paused: Option<String>,
    stopping: Option<Duration>,
    warned: HashMap<String, Duration>,
}

impl Loop {
    /// Recalls what was, and starts threads and events.
    pub fn new(parts: Parts, ledger: Ledger, claims: Claims, staging: PathBuf) -> Result<Self, Error> {
        let Parts { place, config, job, grouping, mut events, clock, observer, live, controls, reload, .. } = parts;
        let settler = Settler::new(&place.input, config.quiet, Arc::clone(&grouping), Arc::clone(&clock));
        let (cancel, counter) = (Arc::new(AtomicBool::new(false)), AtomicU64::new(0));
        let by = Arc::clone(&grouping);
        let bench =
            Arc::new(Bench { place, config, grouping: by, ledger, claims, clock, observer, live, cancel, staging, counter });
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
            intake: Intake::new(settler, grouping, memory),
            review: Review::new(bench.config.after, bench.config.again),
            queue: Queue::default(),
            _events: events,
            sink,
            hints,
            every,
            next_scan: now,
            has_scanned: false,
            full_until: None,
            full_pause: bench.config.full_pause,
            suspects: HashSet::new(),
            unrecorded: HashSet::new(),
            paused: None,
            stopping: None,
            warned: HashMap::new(),
            bench,
            job,
            reload,
            controls,
        };
        own.leave_out();
        Ok(own)
    }

    /// What the job is made of may lie among the inputs, and is none of them.
    fn leave_out(&mut self) {
        let place = &self.bench.place;
        let paths = place.left_out(&self.job.parts());
        let results = place.output.strip_prefix(&place.input).ok();
        let names: Vec<String> = paths.iter().filter(|path| Some(path.as_path()) != results).map(|path| shown(path)).collect();
        self.intake.leave_out(paths);
        if !names.is_empty() {
            self.warn(format!("no inputs, as the pipeline is made of them: {}", names.join(", ")));
        }
    }

    /// Turns until it is told to stop, or, with `once`, nothing is left.
    pub fn run(mut self) -> Result<Summary, Error> {
        loop {
            self.hear()?;
            self.scan()?;
            self.settle();
            self.start()?;
            self.review()?;
            self.record()?;
            self.tell();
            if let Some(left) = self.is_over()? {
                let now = self.bench.live.now();
                if left == 0 {
                    self.workers.join();
                }
                return Ok(Summary { done: now.done, same: now.same, failed: now.failed, left });
            }
            self.sleep()?;
            self.bench.ledger.is_there()?;
        }
    }

    /// Takes hints that came, as many as there were when it began.
    fn hear(&mut self) -> Result<(), Error> {
        if self.sink.take_lost() {
            self.bench.live.change(|now| now.lost += 1);
            self.next_scan = self.bench.clock.now();
        }
        let mut seen = HashSet::new();
        for hint in self.hints.try_iter().take(4096).collect::<Vec<_>>() {
            if seen.insert(hint.clone()) {
                self.hint(hint)?;
            }
        }
        Ok(())
    }

    fn hint(&mut self, hint: Hint) -> Result<(), Error> {
        let (path, is_renamed) = match hint {
            Hint::Rescan => {
                self.bench.live.change(|now| now.lost += 1);
                self.next_scan = self.bench.clock.now();
                return Ok(());
            }
            Hint::Renamed(path) => (path, true),
            Hint::Changed(path) => (path, false),
        };
        let troubles = self.intake.hint(&self.bench, &path, is_renamed, self.room())?;
        self.troubles(troubles);
        Ok(())
    }

    fn scan(&mut self) -> Result<(), Error> {
        let now = self.bench.clock.now();
        // Where not everything had room, the next look comes as soon as there is some.
        let has_room = self.intake.more && self.room() * 2 > self.bench.config.queue;
        if now < self.next_scan && !has_room {
            return Ok(());
        }
        let troubles = self.intake.rescan(&self.bench, self.room())?;
        let was_whole = troubles.is_empty() && !self.intake.more;
        self.troubles(troubles);
        let after = self.bench.clock.now();
        // A folder that takes long to look through is looked through less often.
        let took = after.saturating_sub(now);
        self.next_scan = after + self.every.max(4 * took);
        self.bench.live.change(|live| {
            live.scans += 1;
            live.scan_s = took.as_secs_f64();
        });
        if was_whole && !self.has_scanned {
            self.has_scanned = true;
            let gone: Vec<PathBuf> = self.bench.ledger.waiting()?;
            for name in gone.iter().filter(|name| !self.intake.settler.has_input(name) && !self.queue.has(name)) {
                self.bench.ledger.forget(name, self.bench.clock.unix())?;
            }
        }
        Ok(())
    }

    fn settle(&mut self) {
        let now = self.bench.clock.now();
        for input in self.intake.settler.ready() {
            self.bench.observer.moment(Moment::Complete, &input.name);
            self.intake.taken(&input);
            self.unrecorded.insert(input.name.clone());
            match self.recall(&input) {
                Some(pause) => self.queue.push_later(input, now + pause),
                None => self.queue.push(input),
            }
        }
        self.queue.wake(now);
    }

    /// How long an input must still wait that had failed before the process began. A clock that jumped is not believed.
    fn recall(&mut self, input: &Input) -> Option<Duration> {
        let (_, crashes, not_before) = self.bench.ledger.tries(&input.name, input.print()).ok()?;
        if crashes + 1 == self.bench.config.retry.crashes {
            self.suspects.insert(input.name.clone());
        }
        let left = not_before? - self.bench.clock.unix();
        Duration::try_from_secs_f64(left).ok().map(|left| left.min(self.bench.config.retry.longest))
    }

    fn start(&mut self) -> Result<(), Error> {
        let why = self.why_paused();
        if why != self.paused {
            match &why {
                Some(why) => self.bench.observer.notice(&Notice::Paused { why }),
                None => self.bench.observer.notice(&Notice::Resumed),
            }
            self.bench.live.change(|now| now.paused.clone_from(&why));
            self.paused = why;
        }
        if self.paused.is_some() || self.stopping.is_some() {
            return Ok(());
        }
        while self.workers.n_free > 0
            && let Some(input) = self.queue.first()
        {
            // What is under way may be alone, too.
            let is_alone = self.is_alone(&input.name) || self.queue.running().any(|input| self.is_alone(&input.name));
            if is_alone && self.queue.n_running() > 0 {
                break;
            }
            let Some(input) = self.queue.start() else { break };
            self.unrecorded.remove(&input.name);
            self.workers.give(input, Arc::clone(&self.job));
        }
        Ok(())
    }

    /// True where nothing else may be under way: after a full disk, until one input has found room; and for an input with
    /// one crash left, so that it is not set aside for the fault of one beside it.
    fn is_alone(&self, name: &Path) -> bool {
        self.full_pause > self.bench.config.full_pause || self.suspects.contains(name)
    }

    /// Takes up again what is done, where nothing else is to do.
    fn review(&mut self) -> Result<(), Error> {
        if self.can_review() {
            let troubles = self.review.turn(&self.bench, self.job.identity(), &mut self.intake, &self.queue)?;
            self.troubles(troubles);
        }
        Ok(())
    }

    fn can_review(&self) -> bool {
        let is_free = self.workers.n_free > 0 && !self.intake.more;
        is_free && self.paused.is_none() && self.stopping.is_none()
    }

    fn why_paused(&mut self) -> Option<String> {
        let now = self.bench.clock.now();
        if self.bench.place.input.join(HALT).symlink_metadata().is_ok() {
            return Some(format!("a file `{HALT}` lies in the watched folder"));
        }
        if let Some(until) = self.full_until {
            if now < until {
                return Some("the disk is full".into());
            }
            self.full_until = None;
        }
        let free = rustix::fs::statvfs(&self.bench.place.output).map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize));
        match free {
            Ok(free) if free < self.bench.config.min_free => {
                Some(format!("the disk of the results has less than {} MiB free", self.bench.config.min_free >> 20))
            }
            _ => None,
        }
    }

    /// Writes down, in one transaction, what waits and is not being worked on.
    fn record(&mut self) -> Result<(), Error> {
        if self.unrecorded.is_empty() {
            return Ok(());
        }
        let waiting: Vec<&Input> = self.queue.ready().filter(|input| self.unrecorded.contains(&input.name)).collect();
        match self.bench.ledger.wait(&waiting, self.bench.clock.unix()) {
            Ok(()) => self.unrecorded.clear(),
            Err(error) if error.is_full() => self.is_full(),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn is_full(&mut self) {
        let now = self.bench.clock.now();
        // Several that were under way tell of the same disk.
        if self.full_until.is_some_and(|until| now < until) {
            return;
        }
        self.full_until = Some(now + self.full_pause);
        self.full_pause = (self.full_pause * 2).min(self.bench.config.full_pause * 64);
    }

    fn told(&mut self, told: Told) -> Result<(), Error> {
        match told {
            Told::Free => self.workers.n_free += 1,
            Told::Over(finished) => self.finished(finished)?,
        }
        Ok(())
    }

    fn finished(&mut self, (input, ended): Finished) -> Result<(), Error> {
        self.queue.ended(&input.name);
        let now = self.bench.clock.now();
        match ended {
            Ok(Ended::Over) => {
                self.suspects.remove(&input.name);
                self.full_pause = self.bench.config.full_pause;
            }
            Ok(Ended::Gone) => {
                self.suspects.remove(&input.name);
                self.intake.untaken(&input);
            }
            Ok(Ended::Changed) => {
                self.intake.untaken(&input);
                for member in &input.members {
                    let path = self.bench.place.input.join(&member.path);
                    let troubles = self.intake.hint(&self.bench, &path, false, usize::MAX)?;
                    self.troubles(troubles);
                }
            }
            Ok(Ended::Held) => self.queue.push_later(input, now + HELD),
            Ok(Ended::Again(pause)) => self.queue.push_later(input, now + pause),
            Ok(Ended::Full) => {
                self.is_full();
                self.queue.push_front(input);
            }
            Ok(Ended::Cancelled) => self.queue.push_front(input),
            Err(error) if error.is_full() => {
                self.is_full();
                self.queue.push_front(input);
            }
            Err(error @ (Error::Ledger { .. } | Error::LedgerGone { .. } | Error::Thread(_))) => return Err(error),
            Err(error) => {
                // The drive with the claims may come back.
                self.warn(format!("{}: {error}; it is tried again", input.shown()));
                self.queue.push_later(input, now + Duration::from_secs(5));
            }
        }
        Ok(())
    }

    /// The number of inputs that are left, where it is over.
    fn is_over(&mut self) -> Result<Option<usize>, Error> {
        let now = self.bench.clock.now();
        let Some(stop) = self.stopping else {
            let idle =
                self.queue.len() == 0 && self.intake.settler.next().is_none() && !self.intake.more && self.review.is_over();
            let nothing = self.bench.config.once && self.has_scanned && idle && self.hints.is_empty();
            return Ok(nothing.then_some(0));
        };
        if self.queue.n_running() == 0 {
            return Ok(Some(0));
        }
        if now < stop {
            return Ok(None);
        }
        self.bench.cancel.store(true, Ordering::SeqCst);
        if now < stop + CANCEL {
            return Ok(None);
        }
        // It is no crash of theirs: they wait for the next start.
        self.bench.claims.absolve();
        let left: Vec<Input> = self.queue.running().cloned().collect();
        for input in &left {
            let now = self.bench.clock.unix();
            self.bench.ledger.failed(input, &Failure::cancelled(), Some(now), false, now)?;
        }
        Ok(Some(left.len()))
    }

    fn control(&mut self, control: Control) {
        match control {
            Control::Stop => {
                let now = self.bench.clock.now();
                // Said twice: no more patience.
                let grace = if self.stopping.is_some() { Duration::ZERO } else { self.bench.config.grace };
                self.stopping = Some(if grace.is_zero() { now.saturating_sub(CANCEL) } else { now + grace });
                self.bench.observer.notice(&Notice::Stopping { running: self.queue.n_running() });
            }
            Control::Reload => match (self.reload)() {
                Ok(job) => {
                    self.job = job;
                    self.review.anew(self.bench.config.after, &self.queue);
                    self.leave_out();
                    self.bench.observer.notice(&Notice::Reloaded);
                }
                Err(why) => self.bench.observer.notice(&Notice::Kept { why: &why }),
            },
        }
    }

    fn sleep(&mut self) -> Result<(), Error> {
        let now = self.bench.clock.now();
        let due = [self.intake.settler.next(), self.queue.next(), Some(self.next_scan), self.full_until, self.stopping];
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
        select! {
            recv(self.workers.told) -> told => if let Ok(told) = told { self.told(told)? },
            recv(self.controls) -> control => match control {
                Ok(control) => self.control(control),
                // Nobody can control it any more: it goes on as it is.
                Err(_) => self.controls = crossbeam::channel::never(),
            },
            recv(self.hints) -> hint => if let Ok(hint) = hint { self.hint(hint)? },
            default(long) => {}
        }
        while let Ok(told) = self.workers.told.try_recv() {
            self.told(told)?;
        }
        Ok(())
    }

    /// How many inputs may still come into memory.
    fn room(&self) -> usize {
        self.bench.config.queue.max(1).saturating_sub(self.queue.len() + self.intake.settler.n_inputs())
    }

    fn troubles(&mut self, troubles: crate::scan::Troubles) {
        for (path, error) in troubles {
            self.warn(format!(
                "{} cannot be looked at: {error}",
                if path.as_os_str().is_empty() { ".".into() } else { shown(&path) }
            ));
        }
    }

    /// Says a thing at most once an hour.
    fn warn(&mut self, text: String) {
        let now = self.bench.clock.now();
        self.warned.retain(|_, when| now.saturating_sub(*when) < Duration::from_secs(3600));
        if self.warned.len() < 1000 && self.warned.insert(text.clone(), now).is_none() {
            self.bench.observer.notice(&Notice::Warning { text: &text });
        }
    }

    fn tell(&self) {
        let next: Vec<String> = self.queue.ready().take(20).map(Input::shown).collect();
        self.bench.live.change(|now| {
            now.queued = self.queue.n_ready();
            now.next = next;
            now.settling = self.intake.settler.len();
            now.later = self.queue.n_later();
            now.beat = Some(std::time::Instant::now());
        });
    }
}
