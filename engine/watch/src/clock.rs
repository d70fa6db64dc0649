//! Time, as a trait: waiting is counted on a clock that never jumps, and the wall clock is only ever written down.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Both clocks.
pub trait Clock: Send + Sync {
    /// Time since some moment of this process; never goes back.
    fn now(&self) -> Duration;

    /// What people read; it may jump either way at any time.
    fn wall(&self) -> SystemTime;

    /// Seconds since 1970, for records.
    fn unix(&self) -> f64 {
        self.wall().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
    }
}

/// The machine's own clocks.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    began: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self { began: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }
}
