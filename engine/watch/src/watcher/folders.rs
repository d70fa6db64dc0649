//! The folders in which one process works. Those of processes that were killed are removed at the next start.

use crate::claim::Owner;
use crate::error::{Error, file};
use crate::names::with_end;
use crate::place::Place;
use std::path::{Path, PathBuf};

/// Made when the watcher is opened.
#[derive(Clone, Debug)]
pub struct Folders {
    /// Where results are made: its own below [`Place::staging`].
    pub staging: PathBuf,
    /// Where jobs keep what is gone when they end: a folder a worker, beside the ledger.
    ///
    /// Rationale: the ledger lies on this machine's own disk. Results may lie on a share, where links cannot be made, or slowly.
    pub scratch: PathBuf,
}

impl Folders {
    /// Makes both, and removes what the dead left: in staging those of this machine, in scratch those of this ledger.
    ///
    /// # Errors
    /// One cannot be made.
    pub fn make(place: &Place, me: &Owner, ledger: &Path) -> Result<Self, Error> {
        Ok(Self { staging: staging(place, me)?, scratch: scratch(ledger)? })
    }

    /// Removes both as far as possible.
    pub fn clear(&self) {
        clear_staging(&self.staging);
        clear_scratch(&self.scratch);
    }
}

fn staging(place: &Place, me: &Owner) -> Result<PathBuf, Error> {
    let all = place.staging();
    std::fs::create_dir_all(&all).map_err(|source| Error::Folder {
        what: "results cannot be made in",
        path: all.clone(),
        source,
    })?;
    for entry in std::fs::read_dir(&all).map_err(file(&all))?.flatten() {
        let owner = std::fs::read(entry.path().join(OWNER)).ok().and_then(|text| serde_json::from_slice::<Owner>(&text).ok());
        if owner.is_some_and(|owner| owner.is_dead(me)) {
            clear_staging(&entry.path());
        }
    }
    let own = all.join(me.folder());
    std::fs::create_dir_all(&own).map_err(file(&own))?;
    let text = serde_json::to_vec(me).unwrap_or_default();
    std::fs::write(own.join(OWNER), text).map_err(file(&own))?;
    Ok(own)
}

/// What says whose it is goes last: if the process is killed meanwhile, the next start finds it again.
fn clear_staging(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten().filter(|entry| entry.file_name() != OWNER) {
        // What cannot be removed now may be later.
        let _ = std::fs::remove_dir_all(entry.path());
    }
    let _ = std::fs::remove_dir_all(folder);
}

const OWNER: &str = "owner.json";

fn scratch(ledger: &Path) -> Result<PathBuf, Error> {
    let folder = with_end(ledger, ".scratch");
    let path = std::path::absolute(&folder).map_err(file(&folder))?;
    if path.to_str().is_none() {
        return Err(Error::Layout { path, message: "beside the ledger links to inputs are made: its path must be UTF-8".into() });
    }
    clear_scratch(&path);
    std::fs::create_dir_all(&path).map_err(file(&path))?;
    Ok(path)
}

/// Removes the folders of workers, and nothing else that somebody may have put there.
fn clear_scratch(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(|name| name.parse::<usize>().is_ok()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    let _ = std::fs::remove_dir(folder);
}

#[cfg(test)]
mod tests {
    use super::{clear_scratch, scratch};

    #[test]
    fn what_a_killed_process_left_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = folder.path().join("ledger.sqlite");
        let at = scratch(&ledger).unwrap();
        std::fs::create_dir_all(at.join("0/input")).unwrap();
        std::fs::write(at.join("kept"), "").unwrap();
        assert_eq!(scratch(&ledger).unwrap(), at);
        assert!(!at.join("0").exists() && at.join("kept").exists());
        std::fs::remove_file(at.join("kept")).unwrap();
        clear_scratch(&at);
        assert!(!at.exists());
    }
}
