//! How inputs come in: hints are heard, the folder is looked through, what is complete is queued and recorded. Each of these
//! does as much as one turn of the loop may take, and goes on at the next.

use super::turn::Loop;
use crate::error::Error;
use crate::events::Hint;
use crate::input::Input;
use crate::notice::Moment;
use std::collections::HashSet;
use std::time::Duration;

/// How long one turn may look, and hand on what is complete.
const SLICE: Duration = Duration::from_millis(25);
/// Hints that are taken in one turn, and looks that may wait for their turn: then hints wait.
const HINTS: usize = 4096;
/// Files of inputs that are recorded in one transaction.
const RECORDED: usize = 2000;

impl Loop {
    /// Takes hints that came, as many as there were when it began.
    pub(super) fn hear(&mut self) {
        if self.sink.take_lost() {
            self.bench.live.change(|now| now.lost += 1);
            self.next_scan = self.bench.clock.now();
        }
        let mut seen = HashSet::new();
        let room = HINTS.saturating_sub(self.intake.n_looks());
        for hint in self.hints.try_iter().take(room).collect::<Vec<_>>() {
            if seen.insert(hint.clone()) {
                self.hint(hint);
            }
        }
    }

    pub(super) fn hint(&mut self, hint: Hint) {
        match hint {
            Hint::Rescan => {
                self.bench.live.change(|now| now.lost += 1);
                self.next_scan = self.bench.clock.now();
            }
            Hint::Renamed(path) => self.intake.hint(&self.bench, &path, true),
            Hint::Changed(path) => self.intake.hint(&self.bench, &path, false),
        }
    }

    /// Begins to look through everything when it is time, and goes on with all looks.
    pub(super) fn look(&mut self) -> Result<(), Error> {
        let now = self.bench.clock.now();
        // Where not everything had room, the next look comes as soon as there is some.
        let has_room = self.intake.more && self.room() * 2 > self.bench.config.queue;
        if now >= self.next_scan || has_room || self.intake.can_ask_more() {
            self.intake.rescan(&self.bench);
            // Until this one has ended.
            self.next_scan = Duration::MAX;
        }
        let (troubles, looked) = self.intake.turn(&self.bench, self.room(), now + SLICE)?;
        self.troubles(troubles);
        if let Some(looked) = looked {
            let after = self.bench.clock.now();
            let took = after.saturating_sub(looked.began);
            // A folder that takes long to look through is looked through less often.
            self.next_scan = after + self.every.max(4 * took);
            self.was_whole |= looked.whole;
            self.had_room |= looked.had_room;
            self.n_unseen = looked.n_troubles;
            self.bench.live.change(|live| {
                live.scans += 1;
                live.scan_s = took.as_secs_f64();
            });
        }
        if self.was_whole && !self.has_scanned && self.intake.is_idle() {
            self.has_scanned = true;
            for name in self.bench.ledger.waiting()? {
                if !self.intake.settler.has_input(&name) && !self.queue.has(&name) {
                    self.bench.ledger.forget(&name, self.bench.clock.unix())?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn settle(&mut self) -> Result<(), Error> {
        let now = self.bench.clock.now();
        let (hold, queue) = (self.intake.hold(), &self.queue);
        let ready = self.intake.settler.ready(hold, now + SLICE, |path| queue.needs(path));
        for note in self.intake.settler.notes() {
            self.warn(note);
        }
        for input in ready {
            self.bench.observer.moment(Moment::Complete, &input.name);
            self.intake.taken(&input);
            self.unrecorded.insert(input.name.clone());
            match self.recall(&input) {
                Some(pause) => self.queue.push_later(input, now + pause),
                None => self.queue.push(input),
            }
        }
        self.queue.wake(now);
        let most = self.intake.settler.n_inputs() + self.room();
        self.intake.ask_again(&self.bench, most)
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

    /// Writes down, in one transaction, what waits and is not being worked on.
    pub(super) fn record(&mut self) -> Result<(), Error> {
        if self.unrecorded.is_empty() {
            return Ok(());
        }
        let mut n_files = 0;
        let has_room = |input: &&Input| {
            let has_room = n_files < RECORDED;
            n_files += input.members.len();
            has_room
        };
        let unrecorded = self.queue.ready().filter(|input| self.unrecorded.contains(&input.name));
        let waiting: Vec<&Input> = unrecorded.take_while(has_room).collect();
        match self.bench.ledger.wait(&waiting, self.bench.clock.unix()) {
            Ok(()) if n_files < RECORDED => self.unrecorded.clear(),
            Ok(()) => waiting.iter().for_each(|input| {
                self.unrecorded.remove(&input.name);
            }),
            Err(error) if error.is_full() => self.is_full(),
            Err(error) => return Err(error),
        }
        Ok(())
    }
}
