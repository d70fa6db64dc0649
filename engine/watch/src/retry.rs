//! When an input is tried again: pauses that grow, and an end.

use crate::job::Kind;
use std::time::Duration;

/// Bounds on trying again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retry {
    /// Attempts at transient faults before the input is set aside.
    pub attempts: u32,
    /// Attempts that may end with the death of the process.
    pub crashes: u32,
    /// Pause after the first failed attempt.
    pub first: Duration,
    /// No pause is longer.
    pub longest: Duration,
    /// Each pause is so many times the one before.
    pub factor: f64,
}

impl Default for Retry {
    fn default() -> Self {
        Self { attempts: 5, crashes: 3, first: Duration::from_secs(30), longest: Duration::from_secs(1800), factor: 4.0 }
    }
}

/// What becomes of an input after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Again, after the pause.
    Again(Duration),
    /// Never again by itself.
    SetAside,
}

impl Retry {
    /// After the attempt with this number, counted from 1; `crashes` counts those that ended with the process.
    pub fn verdict(&self, kind: Kind, attempts: u32, crashes: u32) -> Verdict {
        match kind {
            Kind::Bad => Verdict::SetAside,
            Kind::Crash if crashes >= self.crashes => Verdict::SetAside,
            Kind::Transient if attempts >= self.attempts => Verdict::SetAside,
            Kind::Full | Kind::Cancelled | Kind::Crash => Verdict::Again(Duration::ZERO),
            Kind::Transient => Verdict::Again(self.pause(attempts)),
        }
    }

    fn pause(&self, attempts: u32) -> Duration {
        let grown = self.first.as_secs_f64() * self.factor.max(1.0).powi(attempts.saturating_sub(1).min(64) as i32);
        Duration::from_secs_f64(grown.min(self.longest.as_secs_f64()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Retry, Verdict};
    use crate::job::Kind;
    use std::time::Duration;

    #[test]
    fn bad_data_is_not_tried_again() {
        assert_eq!(Retry::default().verdict(Kind::Bad, 1, 0), Verdict::SetAside);
    }

    #[test]
    fn pauses_grow_and_end() {
        let retry = Retry::default();
        let pauses: Vec<Verdict> = (1..=5).map(|attempt| retry.verdict(Kind::Transient, attempt, 0)).collect();
        let again = |seconds| Verdict::Again(Duration::from_secs(seconds));
        assert_eq!(pauses, [again(30), again(120), again(480), again(1800), Verdict::SetAside]);
    }

    #[test]
    fn the_third_crash_sets_aside() {
        let retry = Retry::default();
        assert_eq!(retry.verdict(Kind::Crash, 2, 2), Verdict::Again(Duration::ZERO));
        assert_eq!(retry.verdict(Kind::Crash, 3, 3), Verdict::SetAside);
    }
}
