//! Claims: which watcher works on an input, said in the watched folder itself, where watchers of all machines see it.
//!
//! A claim is a file `<hash of the input's name>.<generation>`, made by exclusive creation. Whoever made the highest
//! generation holds the input. Taking over from a dead watcher is making the next generation, so that exclusive creation
//! decides between several that try, and nobody can take away what was taken a moment ago.
//!
//! Its owner renews a claim by changing what is in it. Watchers do not compare it with their clocks: a claim that has not
//! *changed* for as long as its lease, by the watcher's own steady clock, is that of a dead one.
//!
//! What a claim says of crashes travels on: whoever takes over knows how many processes have died of the input, also those of
//! other watchers, whose ledgers it does not see.

mod facts;
mod held;
mod owner;
mod purpose;

pub use facts::Facts;
pub use held::Claim;
pub use owner::Owner;
pub use purpose::Purpose;

use crate::clock::Clock;
use crate::error::{Error, file};
use crate::input::{Input, shown};
use crate::names::OWN;
use facts::{Sign, read};
use held::Held;
use std::collections::{HashMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What came of trying.
#[derive(Debug)]
pub enum Tried {
    Mine(Claim),
    /// Another watcher has it, and lives as far as can be known. Said once of each: one that does something else with inputs,
    /// so that each of them gets the result of one of both only.
    Held {
        rival: Option<Owner>,
    },
}

const HELD: Tried = Tried::Held { rival: None };

/// All claims of one folder, as one watcher sees them.
pub struct Claims {
    folder: PathBuf,
    me: Owner,
    lease: Duration,
    clock: Arc<dyn Clock>,
    /// Claims of others: their last sign of life, and since when it has not changed.
    others: Mutex<HashMap<PathBuf, (Sign, Duration)>>,
    /// Rivals that were told of, by [`Owner::folder`].
    told: Mutex<HashSet<String>>,
    held: Held,
}

impl Claims {
    /// Opens, and makes where needed, the folder of claims of a watched folder.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn open(watched: &Path, me: Owner, lease: Duration, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let folder = watched.join(OWN).join("claims");
        make(&folder)?;
        let probe = folder.join(format!("probe-{}", me.folder()));
        try_out(&probe).map_err(|source| Error::Folder { what: "claims cannot be written in", path: folder.clone(), source })?;
        Ok(Self { folder, me, lease, clock, others: Mutex::default(), told: Mutex::default(), held: Held::default() })
    }

    /// True where somebody has taken the folder of claims away.
    pub fn is_gone(&self) -> bool {
        self.folder.symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound)
    }

    /// Makes the folder of claims again.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn make(&self) -> Result<(), Error> {
        make(&self.folder)
    }

    /// Tries to claim an input, for this.
    ///
    /// # Errors
    /// Of the file system.
    pub fn take(&self, input: &Input, purpose: &Purpose) -> Result<Tried, Error> {
        let base = blake3::hash(input.name.as_os_str().as_encoded_bytes()).to_hex()[..32].to_owned();
        let Some((generation, path)) = self.highest(&base)? else { return self.create(input, purpose, base, 1, None) };
        let Some((facts, sign)) = read(&path)? else { return Ok(HELD) };
        if !self.is_dead(&path, facts.as_ref(), sign) {
            return Ok(Tried::Held { rival: facts.and_then(|facts| self.rival(facts, purpose)) });
        }
        self.create(input, purpose, base, generation + 1, facts)
    }

    fn rival(&self, facts: Facts, purpose: &Purpose) -> Option<Owner> {
        // This process itself may have had another pipeline a moment ago.
        let is_rival = facts.owner != self.me && facts.purpose.robs(purpose);
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = is_rival && told.insert(facts.owner.folder());
        is_new.then_some(facts.owner)
    }

    /// Renews all claims that are held. To be called several times within a lease.
    pub fn renew(&self) {
        self.held.each(|facts| facts.beat += 1);
    }

    /// The owner will end, and the inputs of all claims that are held are not to blame.
    pub fn absolve(&self) {
        self.held.each(|facts| facts.at_work = false);
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

    fn create(
        &self,
        input: &Input,
        purpose: &Purpose,
        base: String,
        generation: u64,
        before: Option<Facts>,
    ) -> Result<Tried, Error> {
        let path = numbered(&self.folder, &base, generation);
        let facts = Facts {
            input: input.shown(),
            file: input.members.first().map(|member| shown(&member.path)).unwrap_or_default(),
            print: facts::print(input),
            owner: self.me.clone(),
            lease_s: self.lease.as_secs().max(1),
            crashes: before.as_ref().map_or(0, |before| before.crashes_of(input)),
            at_work: false,
            beat: 0,
            purpose: purpose.clone(),
        };
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut created) => {
                if let Err(source) = created.write_all(&facts.text(0)) {
                    drop(created);
                    let _ = std::fs::remove_file(&path);
                    return Err(Error::File { path, source });
                }
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(HELD),
            // Some servers cannot say why they refuse (sshfs: `Operation not permitted`).
            Err(_) if File::open(&path).is_ok() => return Ok(HELD),
            Err(source) => return Err(Error::File { path, source }),
        }
        // Rationale: whoever slept between looking and creating may have made a generation that was over long ago.
        if self.highest(&base)?.is_some_and(|(highest, _)| highest > generation) {
            let _ = std::fs::remove_file(&path);
            return Ok(HELD);
        }
        for (lower, path) in self.all(&base)? {
            if lower < generation {
                let _ = std::fs::remove_file(path);
            }
        }
        let before = before.map(|before| before.owner);
        Ok(Tried::Mine(Claim::new(&self.folder, &base, generation, facts, before, &self.held)))
    }

    fn is_dead(&self, path: &Path, facts: Option<&Facts>, sign: Sign) -> bool {
        if let Some(facts) = facts {
            if facts.owner == self.me {
                // Left by this very process, which holds it no more: releasing it had failed.
                return !self.held.has(path);
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
            Some((last, since)) if *last == sign => now.saturating_sub(*since) > lease,
            _ => {
                others.insert(path.into(), (sign, now));
                false
            }
        }
    }

    fn highest(&self, base: &str) -> Result<Option<(u64, PathBuf)>, Error> {
        // Nearly always there is none or the first; only then is the folder not read.
        let (first, second) = (numbered(&self.folder, base, 1), numbered(&self.folder, base, 2));
        if first.exists() && !second.exists() {
            return Ok(Some((1, first)));
        }
        Ok(self.all(base)?.into_iter().max())
    }

    fn all(&self, base: &str) -> Result<Vec<(u64, PathBuf)>, Error> {
        generations(&self.folder, base)
    }
}

/// Makes a file and removes it.
fn try_out(path: &Path) -> std::io::Result<()> {
    drop(File::create(path)?);
    // SMB removes no file that is open, and some mounts close it a little later.
    for _ in 0..20 {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() == ErrorKind::ResourceBusy => std::thread::sleep(Duration::from_millis(50)),
            removed => return removed,
        }
    }
    std::fs::remove_file(path)
}

fn make(folder: &Path) -> Result<(), Error> {
    let wrong = |source| Error::Folder { what: "claims cannot be kept in", path: folder.into(), source };
    std::fs::create_dir_all(folder).map_err(wrong)
}

fn numbered(folder: &Path, base: &str, generation: u64) -> PathBuf {
    folder.join(format!("{base}.{generation}"))
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
