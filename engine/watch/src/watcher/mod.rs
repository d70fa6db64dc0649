//! The watcher: one loop that hears hints, looks through the folder, waits, and hands inputs to workers.

mod admit;
mod ending;
mod folders;
mod giving;
mod incomplete;
mod intake;
mod passed;
mod queue;
mod readers;
mod review;
mod start;
mod taking;
mod turn;
mod workers;

pub(crate) use folders::Folders;
pub(crate) use start::path_hash;

use crate::claim::{Claims, Owner};
use crate::clock::Clock;
use crate::config::Config;
use crate::error::Error;
use crate::events::Events;
use crate::grouping::Grouping;
use crate::job::Job;
use crate::ledger::Ledger;
use crate::live::Live;
use crate::notice::Observer;
use crate::place::Place;
use crossbeam::channel::Receiver;
use std::path::PathBuf;
use std::sync::Arc;

/// Everything that a watcher is made of. What is a trait can be replaced: by the caller, or by a test.
pub struct Parts {
    pub place: Place,
    /// The file of the ledger.
    pub ledger: PathBuf,
    pub config: Config,
    pub job: Arc<dyn Job>,
    pub grouping: Arc<dyn Grouping>,
    pub events: Box<dyn Events>,
    pub clock: Arc<dyn Clock>,
    pub observer: Arc<dyn Observer>,
    pub live: Arc<Live>,
    pub controls: Receiver<Control>,
    /// Makes the job anew from the pipeline file, or says why not.
    pub reload: Box<dyn FnMut() -> Result<Arc<dyn Job>, String> + Send>,
}

/// What the caller may ask for while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Start nothing more, finish what runs within the time of grace. Said again: leave at once.
    Stop,
    /// Read the pipeline file again.
    Reload,
}

/// How the watcher ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub done: u64,
    pub same: u64,
    /// Neither done nor failed: there was nothing to do with them.
    pub passed_over: u64,
    pub failed: u64,
    /// Inputs that were under way and would not end; they wait for the next start.
    pub left: usize,
    /// Files that are not known to be complete.
    pub n_incomplete: usize,
    /// Files and folders that could not be looked at.
    pub n_unseen: usize,
}

/// A watcher that has looked at its folders and its ledger, and has not begun.
pub struct Watcher {
    parts: Parts,
    ledger: Ledger,
    claims: Claims,
    folders: Folders,
}

impl Watcher {
    /// Opens the ledger, and makes the watcher's own folders.
    ///
    /// # Errors
    /// Before anything is touched: the folders or the ledger cannot be used.
    pub fn open(parts: Parts) -> Result<Self, Error> {
        parts.place.refuse_ledger(&parts.ledger)?;
        let ledger = Ledger::open(&parts.ledger)?;
        let is_same = ledger.knows(&parts.place, parts.config.moved)?;
        // Before the ledger takes them for its own: else the next start would.
        crate::source::belongs(&parts.place, is_same)?;
        ledger.belongs_to(&parts.place, parts.config.moved)?;
        let me = Owner::myself();
        let claims = Claims::open(&parts.place.input, me.clone(), parts.config.lease, Arc::clone(&parts.clock))?;
        let folders = Folders::make(&parts.place, &me, ledger.path())?;
        Ok(Self { parts, ledger, claims, folders })
    }

    /// Watches until it is told to stop. Blocks.
    ///
    /// # Errors
    /// The ledger can no longer be written.
    pub fn run(self) -> Result<Summary, Error> {
        let Self { parts, ledger, claims, folders } = self;
        let left = folders.clone();
        let summary = turn::Loop::new(parts, ledger, claims, folders)?.run();
        // The next start does this, too. Where something is left under way, its result may be on its way to its final name.
        if summary.as_ref().is_ok_and(|summary| summary.left == 0) {
            left.clear();
        }
        summary
    }
}

/// [`Watcher::open`] and [`Watcher::run`].
///
/// # Errors
/// Those of both.
pub fn watch(parts: Parts) -> Result<Summary, Error> {
    Watcher::open(parts)?.run()
}
