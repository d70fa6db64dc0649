//! Claims that this watcher holds: renewed together, given back one by one.

use super::facts::{Facts, read};
use super::{Owner, numbered};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What all claims that are held say by now.
#[derive(Clone, Debug, Default)]
pub(super) struct Held(Arc<Mutex<BTreeMap<PathBuf, One>>>);

/// Locked while it is written, so that no two threads write a claim at one time.
type One = Arc<Mutex<Facts>>;

impl Held {
    pub(super) fn has(&self, path: &Path) -> bool {
        self.lock().contains_key(path)
    }

    fn add(&self, path: &Path, facts: Facts) -> One {
        let one = One::new(Mutex::new(facts));
        self.lock().insert(path.into(), Arc::clone(&one));
        one
    }

    /// Changes what each claim says, on the drive, too.
    pub(super) fn each(&self, change: impl Fn(&mut Facts)) {
        // Copied, so that nobody waits who makes or gives back a claim while a slow drive is written.
        let all: Vec<(PathBuf, One)> = self.lock().iter().map(|(path, one)| (path.clone(), Arc::clone(one))).collect();
        for (path, one) in all {
            write(&path, &one, &change);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<PathBuf, One>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn write(path: &Path, one: &One, change: impl Fn(&mut Facts)) {
    let mut facts = one.lock().unwrap_or_else(PoisonError::into_inner);
    change(&mut facts);
    // A claim that cannot be renewed is lost in the end, which its owner sees before it commits.
    facts.write(path);
}

/// A claim that is held; it is given back by [`Claim::release`], and stays if it is only dropped.
#[derive(Debug)]
pub struct Claim {
    path: PathBuf,
    /// Where the claim of whoever takes over would lie.
    next: PathBuf,
    crashes: u32,
    facts: One,
    /// The owner whose claim was taken over.
    pub before: Option<Owner>,
    held: Held,
}

impl Claim {
    pub(super) fn new(folder: &Path, base: &str, generation: u64, facts: Facts, before: Option<Owner>, held: &Held) -> Self {
        let (path, next) = (numbered(folder, base, generation), numbered(folder, base, generation + 1));
        let crashes = facts.crashes;
        let facts = held.add(&path, facts);
        Self { path, next, crashes, facts, before, held: held.clone() }
    }

    /// Attempts of earlier owners, of any watcher, that ended with their process.
    pub fn crashes(&self) -> u32 {
        self.crashes
    }

    /// The job begins; `crashes` is what is known of earlier ones by now.
    pub fn begins(&self, crashes: u32) {
        write(&self.path, &self.facts, |facts| (facts.crashes, facts.at_work) = (crashes, true));
    }

    /// The job has ended, well or not: if the process dies from now on, the input is not to blame.
    pub fn ends(&self, crashes: u32) {
        write(&self.path, &self.facts, |facts| (facts.crashes, facts.at_work) = (crashes, false));
    }

    /// True while nobody has taken over: to be asked just before a result is shown.
    pub fn is_mine(&self) -> bool {
        // Nothing is listed: what is in a folder may be what this machine remembers, where opening asks the server.
        self.is_there(&self.facts.lock().unwrap_or_else(PoisonError::into_inner)) && File::open(&self.next).is_err()
    }

    /// Gives the input back to all.
    pub fn release(self) {
        self.held.lock().remove(&self.path);
        let facts = self.facts.lock().unwrap_or_else(PoisonError::into_inner);
        // Where others took over and are done, the same name may be that of a new claim.
        if self.is_there(&facts) {
            // A claim that stays is taken over: by this watcher at its next try, by others after the lease.
            let _ = std::fs::remove_file(&self.path);
        }
    }

    fn is_there(&self, facts: &Facts) -> bool {
        matches!(read(&self.path), Ok(Some((Some(found), _))) if found.owner == facts.owner)
    }
}
