//! What the watcher is doing at this moment, for whoever looks from outside.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Shared between the watcher and those who look.
#[derive(Debug, Default)]
pub struct Live(Mutex<Now>);

/// One moment.
#[derive(Clone, Debug, Default)]
pub struct Now {
    /// One entry a worker.
    pub lanes: Vec<Option<Busy>>,
    /// Complete inputs that wait for a worker, as far as they are in memory.
    pub queued: usize,
    /// The first of them.
    pub next: Vec<String>,
    /// Files that are not known to be complete.
    pub settling: usize,
    /// Groups that are quiet and wait for a file beside them, with its name and why.
    pub held: Vec<(String, String)>,
    /// Inputs that wait for another watcher's claim or for another attempt.
    pub later: usize,
    /// Why nothing starts.
    pub paused: Option<String>,
    /// That is because the watched folder cannot be read.
    pub is_blind: bool,
    /// How often the folder was looked through, and how long the last look took.
    pub scans: u64,
    pub scan_s: f64,
    /// Events that did not fit into memory, as requests to look through everything.
    pub lost: u64,
    /// True where events are used.
    pub has_events: bool,
    /// Since this process began.
    pub done: u64,
    pub same: u64,
    pub passed_over: u64,
    pub failed: u64,
    pub retried: u64,
    pub work_s: f64,
    /// When the main loop last came by.
    pub beat: Option<Instant>,
}

/// What one worker is at.
#[derive(Clone, Debug)]
pub struct Busy {
    pub name: String,
    pub attempt: u32,
    pub began: Instant,
}

impl Live {
    pub fn change<T>(&self, change: impl FnOnce(&mut Now) -> T) -> T {
        change(&mut self.lock())
    }

    pub fn now(&self) -> Now {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Now> {
        // Numbers are whole even where somebody panicked between two of them.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
