//! What is given to workers, and why nothing is.

use super::turn::Loop;
use crate::error::Error;
use crate::names::HALT;
use crate::notice::Notice;
use std::path::Path;
use std::sync::Arc;

impl Loop {
    /// Hands inputs to workers that are free, unless something is in the way.
    pub(super) fn start(&mut self) -> Result<(), Error> {
        let blind = self.why_blind();
        let is_blind = blind.is_some();
        let why = blind.or_else(|| self.why_paused());
        if why != self.paused {
            match &why {
                Some(why) => self.bench.observer.notice(&Notice::Paused { why }),
                None => self.bench.observer.notice(&Notice::Resumed),
            }
            self.bench.live.change(|now| {
                now.paused.clone_from(&why);
                now.is_blind = is_blind;
            });
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
    pub(super) fn review(&mut self) -> Result<(), Error> {
        if self.can_review() {
            self.review.turn(&self.bench, self.job.identity(), &mut self.intake, &self.queue)?;
        }
        Ok(())
    }

    pub(super) fn can_review(&self) -> bool {
        let is_free = self.workers.n_free > 0 && !self.intake.more;
        is_free && self.paused.is_none() && self.stopping.is_none()
    }

    /// Nothing can be seen of the inputs: a drive that is not there.
    fn why_blind(&self) -> Option<String> {
        let folder = &self.bench.place.input;
        let error = folder.metadata().err()?;
        Some(format!("the watched folder {} cannot be read: {error}", folder.display()))
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
        if let Some(why) = self.job.obstacle() {
            return Some(why);
        }
        // Some shares do not know how large they are: then a write has to tell.
        let disk = rustix::fs::statvfs(&self.bench.place.output).ok().filter(|disk| disk.f_blocks > 0);
        match disk.map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize)) {
            Some(free) if free < self.bench.config.min_free => {
                Some(format!("the disk of the results has less than {} MiB free", self.bench.config.min_free >> 20))
            }
            _ => None,
        }
    }
}
