//! What a watcher does before its first look: it tidies what earlier ones left when they were killed.

use crate::attempt::Bench;
use crate::claim::Facts;
use crate::content::look;
use crate::error::Error;
use crate::input::Input;
use crate::job::Failure;
use crate::ledger::{Known, Standing};
use crate::names::OWN;
use crate::stamp::Member;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

/// What the ledger knows of files, by the hash of their paths.
#[derive(Debug, Default)]
pub struct Memory {
    /// Hash of the stamp of files whose inputs have ended.
    pub ended: HashMap<u64, u64>,
    /// Of files that were found complete and not worked on to the end.
    pub complete: HashMap<u64, u64>,
}

/// Reads the ledger, counts crashes, and puts away what was done or had failed before the process was killed.
pub fn recall(bench: &Bench) -> Result<Memory, Error> {
    bench.ledger.crashed(bench.clock.unix())?;
    let mut memory = Memory::default();
    let mut unfinished: BTreeMap<PathBuf, Vec<Known>> = BTreeMap::new();
    for known in bench.ledger.files()? {
        let map = if known.standing == Standing::Ended { &mut memory.ended } else { &mut memory.complete };
        map.insert(path_hash(&known.path), known.stamp);
        if known.standing == Standing::Ended {
            unfinished.entry(known.item.clone()).or_default().push(known);
        }
    }
    for (name, files) in unfinished {
        finish(bench, &name, &files)?;
    }
    let is_wanted = |facts: &Facts| {
        let is_there = bench.place.input.join(&facts.file).symlink_metadata().is_ok();
        is_there && !bench.ledger.has_ended(&facts.input).unwrap_or(false)
    };
    bench.claims.sweep(is_wanted);
    let trash = bench.place.input.join(OWN).join("trash");
    for entry in std::fs::read_dir(trash).into_iter().flatten().flatten() {
        // The result was recorded before its input came here.
        let _ = std::fs::remove_file(entry.path());
    }
    Ok(memory)
}

fn finish(bench: &Bench, name: &Path, files: &[Known]) -> Result<(), Error> {
    let has_failed = files.iter().any(|known| known.failed);
    if !has_failed && bench.config.after == crate::retire::After::Keep {
        return Ok(());
    }
    let mut members = Vec::new();
    for known in files {
        if let Ok(stamp) = look(&bench.place.input.join(&known.path))
            && stamp.hash() == known.stamp
        {
            members.push(Member { path: known.path.clone(), stamp });
        }
    }
    if members.is_empty() {
        return Ok(());
    }
    let is_group = members.len() > 1 || members[0].path != name;
    let input =
        Input { name: name.into(), members, beside: Vec::new(), is_group, complete: bench.clock.now(), seen: bench.clock.unix() };
    if has_failed {
        let (failure, attempts, at) = bench.ledger.why(name)?.unwrap_or_else(|| (Failure::bad("unknown"), 0, bench.clock.unix()));
        bench.set_aside(&input, &failure, attempts, at);
    } else {
        bench.put_away(&[&input]);
    }
    Ok(())
}

/// A short hash of a path; sixteen bytes an entry hold a million files in little memory.
pub fn path_hash(path: &Path) -> u64 {
    let mut first = [0; 8];
    first.copy_from_slice(&blake3::hash(path.as_os_str().as_encoded_bytes()).as_bytes()[..8]);
    u64::from_le_bytes(first)
}
