//! Claims: which watcher works on an input, said in the watched folder itself, where watchers of all machines see it.
//!
//! A claim is a file `<hash of the input's name>.<generation>`, made by exclusive creation. Whoever made the highest
//! generation holds the input. Taking over from a dead watcher is making the next generation, so that exclusive creation
//! decides between several that try, and nobody can take away what was taken a moment ago.
//!
//! The lease is the file's time of change, renewed by its owner. Watchers do not compare it with their clocks: a claim
//! whose time has not *moved* for as long as its lease, by the watcher's own steady clock, is that of a dead one.
//!
//! What a claim says of crashes travels on: whoever takes over knows how many processes have died of the input, also those of
//! other watchers, whose ledgers it does not see.

mod facts;
mod owner;

pub use facts::Facts;
pub use owner::Owner;

use crate::clock::Clock;
use crate::error::{Error, file};
use crate::input::{Input, shown};
use crate::names::OWN;
use facts::read;
use std::collections::HashMap;
use std::fs::{File, FileTimes, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// What came of trying.
#[derive(Debug)]
pub enum Tried {
    Mine(Claim),
    /// Another watcher has it, and lives as far as can be known.
    Held,
}

/// All claims of one folder, as one watcher sees them.
pub struct Claims {
    folder: PathBuf,
    me: Owner,
    lease: Duration,
    clock: Arc<dyn Clock>,
    /// Claims of others: their last renewal, and since when it has not changed.
    others: Mutex<HashMap<PathBuf, (SystemTime, Duration)>>,
    held: Arc<Mutex<Vec<PathBuf>>>,
}

/// A claim that is held; it is given back by [`Claim::release`], and stays if it is only dropped.
#[derive(Debug)]
pub struct Claim {
    path: PathBuf,
    base: String,
    folder: PathBuf,
    generation: u64,
    facts: Box<Facts>,
    /// The owner whose claim was taken over.
    pub before: Option<Owner>,
    held: Arc<Mutex<Vec<PathBuf>>>,
}

impl Claims {
    /// Opens, and makes where needed, the folder of claims of a watched folder.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn open(watched: &Path, me: Owner, lease: Duration, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let folder = watched.join(OWN).join("claims");
        std::fs::create_dir_all(&folder).map_err(|source| Error::Folder {
            what: "claims cannot be kept in",
            path: folder.clone(),
            source,
        })?;
        let probe = folder.join(format!("probe-{}", me.folder()));
        File::create(&probe).and_then(|_| std::fs::remove_file(&probe)).map_err(|source| Error::Folder {
            what: "claims cannot be written in",
            path: folder.clone(),
            source,
        })?;
        Ok(Self { folder, me, lease, clock, others: Mutex::default(), held: Arc::default() })
    }

    /// Tries to claim an input.
    ///
    /// # Errors
    /// Of the file system.
    pub fn take(&self, input: &Input) -> Result<Tried, Error> {
        let base = blake3::hash(input.name.as_os_str().as_encoded_bytes()).to_hex()[..32].to_owned();
        let Some((generation, path)) = self.highest(&base)? else { return self.create(input, base, 1, None) };
        let Some((facts, renewed)) = read(&path)? else { return Ok(Tried::Held) };
        if !self.is_dead(&path, facts.as_ref(), renewed) {
            return Ok(Tried::Held);
        }
        self.create(input, base, generation + 1, facts)
    }

    /// Renews all claims that are held. To be called several times within a lease.
    pub fn renew(&self) {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for path in held {
            // A claim that cannot be renewed is lost in the end, which its owner sees before it commits.
            let _ = OpenOptions::new()
                .write(true)
                .open(&path)
                .and_then(|file| file.set_times(FileTimes::new().set_modified(SystemTime::now())));
        }
    }

    /// The owner will end, and the inputs of all claims that are held are not to blame.
    pub fn absolve(&self) {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for path in held {
            if let Ok(Some((Some(facts), _))) = read(&path) {
                Facts { at_work: false, ..facts }.write(&path);
            }
        }
    }

    /// Removes claims of dead watchers of this machine, unless `is_wanted` knows their inputs as still to be done.
    pub fn sweep(&self, is_wanted: impl Fn(&Facts) -> bool) {
        for entry in std::fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            if let Ok(Some((Some(facts), _))) = read(&entry.path())
                && facts.owner.is_dead(&self.me)
                && !is_wanted(&facts)
            {
                // It is only in nobody's way.
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }

    fn create(&self, input: &Input, base: String, generation: u64, before: Option<Facts>) -> Result<Tried, Error> {
        let path = self.folder.join(format!("{base}.{generation}"));
        let facts = Facts {
            input: input.shown(),
            file: input.members.first().map(|member| shown(&member.path)).unwrap_or_default(),
            print: input.print(),
            owner: self.me.clone(),
            lease_s: self.lease.as_secs().max(1),
            crashes: before.as_ref().map_or(0, |before| before.crashes_of(input)),
            at_work: false,
        };
        let text = serde_json::to_vec(&facts).unwrap_or_default();
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut created) => {
                if let Err(source) = created.write_all(&text) {
                    let _ = std::fs::remove_file(&path);
                    return Err(Error::File { path, source });
                }
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(Tried::Held),
            Err(source) => return Err(Error::File { path, source }),
        }
        // Rationale: whoever slept between looking and creating may have made a generation that was over long ago.
        if self.highest(&base)?.is_some_and(|(highest, _)| highest > generation) {
            let _ = std::fs::remove_file(&path);
            return Ok(Tried::Held);
        }
        for (lower, path) in self.all(&base)? {
            if lower < generation {
                let _ = std::fs::remove_file(path);
            }
        }
        self.held.lock().unwrap_or_else(PoisonError::into_inner).push(path.clone());
        let (held, before) = (Arc::clone(&self.held), before.map(|before| before.owner));
        Ok(Tried::Mine(Claim { path, base, folder: self.folder.clone(), generation, facts: Box::new(facts), before, held }))
    }

    fn is_dead(&self, path: &Path, facts: Option<&Facts>, renewed: SystemTime) -> bool {
        if let Some(facts) = facts {
            if facts.owner == self.me {
                // Left by this very process, which holds it no more: releasing it had failed.
                return !self.held.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|held| held == path);
            }
            if facts.owner.is_dead(&self.me) {
                return true;
            }
        }
        let lease = facts.map_or(self.lease, |facts| Duration::from_secs(facts.lease_s));
        let now = self.clock.now();
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        others.retain(|_, (_, since)| now.saturating_sub(*since) < 100 * lease);
        match others.get(path) {
            Some((last, since)) if *last == renewed => now.saturating_sub(*since) > lease,
            _ => {
                others.insert(path.into(), (renewed, now));
                false
            }
        }
    }

    fn highest(&self, base: &str) -> Result<Option<(u64, PathBuf)>, Error> {
        // Nearly always there is none or the first; only then is the folder not read.
        let first = self.folder.join(format!("{base}.1"));
        let second = self.folder.join(format!("{base}.2"));
        if first.exists() && !second.exists() {
            return Ok(Some((1, first)));
        }
        Ok(self.all(base)?.into_iter().max())
    }

    fn all(&self, base: &str) -> Result<Vec<(u64, PathBuf)>, Error> {
        generations(&self.folder, base)
    }
}

impl Claim {
    /// Attempts of earlier owners, of any watcher, that ended with their process.
    pub fn crashes(&self) -> u32 {
        self.facts.crashes
    }

    /// The job begins; `crashes` is what is known of earlier ones by now.
    pub fn begins(&self, crashes: u32) {
        Facts { crashes, at_work: true, ..(*self.facts).clone() }.write(&self.path);
    }

    /// The job has ended, well or not: if the process dies from now on, the input is not to blame.
    pub fn ends(&self, crashes: u32) {
        Facts { crashes, at_work: false, ..(*self.facts).clone() }.write(&self.path);
    }

    /// True while nobody has taken over: to be asked just before a result is shown.
    pub fn is_mine(&self) -> bool {
        let all = generations(&self.folder, &self.base).unwrap_or_default();
        all.iter().any(|(generation, _)| *generation == self.generation)
            && all.iter().all(|(generation, _)| *generation <= self.generation)
    }

    /// Gives the input back to all.
    pub fn release(self) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).retain(|held| *held != self.path);
        // A claim that stays is taken over: by this watcher at its next try, by others after the lease.
        let _ = std::fs::remove_file(&self.path);
    }
}

fn generations(folder: &Path, base: &str) -> Result<Vec<(u64, PathBuf)>, Error> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(file(folder))? {
        let entry = entry.map_err(file(folder))?;
        let name = entry.file_name();
        let generation = name.to_str().and_then(|name| name.strip_prefix(base)?.strip_prefix('.')?.parse().ok());
        if let Some(generation) = generation {
            found.push((generation, entry.path()));
        }
    }
    Ok(found)
}
