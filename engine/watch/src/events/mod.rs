//! Hints that something changed. Never the truth: hints are lost, doubled and late, so the folder is also looked through.

mod native;
mod remote;

pub use native::Native;
pub use remote::remote;

use crossbeam::channel::{Sender, TrySendError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a source of events may say; paths are absolute.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Hint {
    /// Something happened to this file or folder.
    Changed(PathBuf),
    /// It was renamed to this: whoever did so says that it is complete.
    Renamed(PathBuf),
    /// Events were lost, perhaps all of them: look through everything.
    Rescan,
}

/// A source of hints.
pub trait Events: Send {
    /// Begins to send hints about everything below `folder`, until it is dropped.
    ///
    /// # Errors
    /// One sentence that says why it cannot; the folder is then only looked through now and again.
    fn start(&mut self, folder: &Path, sink: Sink) -> Result<(), String>;
}

/// Where hints go: a bounded queue. What does not fit becomes one request to look through everything.
#[derive(Clone, Debug)]
pub struct Sink {
    hints: Sender<Hint>,
    lost: Arc<AtomicBool>,
}

impl Sink {
    pub fn new(hints: Sender<Hint>) -> Self {
        Self { hints, lost: Arc::default() }
    }

    pub fn send(&self, hint: Hint) {
        if let Err(TrySendError::Full(_)) = self.hints.try_send(hint) {
            self.lost.store(true, Ordering::Release);
        }
    }

    /// True once after hints were lost.
    pub fn take_lost(&self) -> bool {
        self.lost.swap(false, Ordering::AcqRel)
    }
}

/// No events at all: for network drives, where changes made on other machines raise none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Events for Silent {
    fn start(&mut self, _folder: &Path, _sink: Sink) -> Result<(), String> {
        Ok(())
    }
}
