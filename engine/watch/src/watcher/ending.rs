//! What follows from the end of inputs, and how the watcher itself ends.

use super::Control;
use super::turn::Loop;
use super::workers::Told;
use crate::attempt::{Ended, Finished};
use crate::error::Error;
use crate::input::Input;
use crate::job::Failure;
use crate::notice::Notice;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How soon an input is tried again whose claim another watcher holds.
const HELD: Duration = Duration::from_millis(300);
/// How long cancelled work may take to notice.
pub(super) const CANCEL: Duration = Duration::from_secs(5);

impl Loop {
    pub(super) fn told(&mut self, told: Told) -> Result<(), Error> {
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
                    self.intake.look_again(&self.bench, &path);
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
    pub(super) fn is_over(&mut self) -> Result<Option<usize>, Error> {
        let now = self.bench.clock.now();
        let Some(stop) = self.stopping else {
            let idle = self.queue.len() == 0
                && self.intake.settler.next().is_none()
                && self.intake.is_idle()
                && !self.intake.more
                && self.review.is_over();
            let nothing = self.bench.config.once && self.had_room && idle && self.hints.is_empty();
            return Ok(nothing.then_some(0));
        };
        if self.queue.n_running() == 0 {
            return Ok(Some(0));
        }
        if now + CANCEL < stop {
            return Ok(None);
        }
        self.bench.cancel.store(true, Ordering::SeqCst);
        if now < stop {
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

    pub(super) fn control(&mut self, control: Control) -> Result<(), Error> {
        match control {
            Control::Stop => {
                let now = self.bench.clock.now();
                // Said twice: no more patience.
                let grace = if self.stopping.is_some() { Duration::ZERO } else { self.bench.config.grace };
                self.stopping = Some(if grace.is_zero() { now } else { now + grace + CANCEL });
                self.bench.observer.notice(&Notice::Stopping { running: self.queue.n_running() });
            }
            Control::Reload => match (self.reload)() {
                Ok(job) => {
                    self.job = job;
                    self.review.anew(self.bench.config.after, &self.queue);
                    self.takes_job()?;
                    self.bench.observer.notice(&Notice::Reloaded);
                }
                Err(why) => self.bench.observer.notice(&Notice::Kept { why: &why }),
            },
        }
        Ok(())
    }

    pub(super) fn is_full(&mut self) {
        let now = self.bench.clock.now();
        // Several that were under way tell of the same disk.
        if self.full_until.is_some_and(|until| now < until) {
            return;
        }
        self.full_until = Some(now + self.full_pause);
        self.full_pause = (self.full_pause * 2).min(self.bench.config.full_pause * 64);
    }
}
