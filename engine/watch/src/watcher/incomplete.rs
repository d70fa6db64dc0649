//! Files that are not known to be complete are told of, too: in the ledger for whoever asks, and in the log where it takes long.

use super::turn::Loop;
use crate::error::Error;
use crate::input::shown;
use std::time::Duration;

/// How often the ledger is told.
const EVERY: Duration = Duration::from_secs(60);
/// After so many seconds somebody should look: an upload that broke, or one that never ends.
const LONG: f64 = 3600.0;

impl Loop {
    /// Tells of what waits to be complete, now and then and when the watcher ends.
    pub(super) fn tell_incomplete(&mut self, is_over: bool) -> Result<(), Error> {
        let now = self.bench.clock.now();
        let n_files = self.intake.settler.len();
        let is_due =
            self.told_incomplete.is_none_or(|(when, told)| now.saturating_sub(when) >= EVERY && (n_files, told) != (0, 0));
        if !is_over && (!is_due || !self.had_room) {
            return Ok(());
        }
        let oldest = self.intake.settler.oldest().map(|(path, seen)| (shown(path), seen));
        match self.bench.ledger.settling(n_files, oldest.as_ref()) {
            Err(error) if error.is_full() => self.is_full(),
            other => other?,
        }
        self.told_incomplete = Some((now, n_files));
        if let Some((name, seen)) = oldest
            && self.bench.clock.unix() - seen > LONG
        {
            let text = "it is not complete after an hour: it is empty, or was still written, or something that it waits for is";
            self.warn(format!("{name}: {text}"));
        }
        Ok(())
    }
}
