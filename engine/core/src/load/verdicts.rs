//! Parameters that a library's own check has passed: remembered, so that checking a file again does not open the library.
//!
//! `OperatorTable::check` depends on its arguments alone. One line of hexadecimal a verdict, only ever appended; a line
//! that is not understood is passed over, and a file that grew large is begun anew.

use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// About 30 000 verdicts.
const MOST_BYTES: u64 = 1 << 20;

/// The verdicts of one cache folder, read when the first is asked for.
pub(super) struct Verdicts {
    file: Option<PathBuf>,
    known: Mutex<Option<HashSet<u128>>>,
}

impl Verdicts {
    pub fn new(cache: Option<&Path>) -> Self {
        Self { file: cache.map(|folder| folder.join("checked")), known: Mutex::new(None) }
    }

    /// True where the operator of that library has passed these parameters before.
    pub fn passed(&self, sha256: &str, operator: &str, entry: u32, params: &str) -> bool {
        self.with(|known| known.contains(&key(sha256, operator, entry, params)))
    }

    /// Remembers that they passed. A file that cannot be written costs time later, no more.
    pub fn pass(&self, sha256: &str, operator: &str, entry: u32, params: &str) {
        let key = key(sha256, operator, entry, params);
        let new = self.with(|known| known.insert(key));
        if let Some(file) = self.file.as_ref().filter(|_| new) {
            let full = std::fs::metadata(file).is_ok_and(|found| found.len() > MOST_BYTES);
            let opened = std::fs::OpenOptions::new().create(true).append(!full).write(true).truncate(full).open(file);
            let _ = opened.and_then(|mut file| file.write_all(format!("{key:032x}\n").as_bytes()));
        }
    }

    fn with<T>(&self, ask: impl FnOnce(&mut HashSet<u128>) -> T) -> T {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        ask(known.get_or_insert_with(|| {
            let text = self.file.as_ref().and_then(|file| std::fs::read_to_string(file).ok()).unwrap_or_default();
            text.lines().filter_map(|line| u128::from_str_radix(line, 16).ok()).collect()
        }))
    }
}

fn key(sha256: &str, operator: &str, entry: u32, params: &str) -> u128 {
    let hash = Sha256::digest(format!("{sha256}\0{operator}\0{entry}\0{params}"));
    hash.iter().take(16).fold(0, |key, byte| key << 8 | u128::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_outlives_the_process_and_holds_for_its_own_case_only() {
        let folder = std::env::temp_dir().join(format!("voxloom-verdicts-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let first = Verdicts::new(Some(&folder));
        assert!(!first.passed("a", "f.op", 0, "{}"));
        first.pass("a", "f.op", 0, "{}");
        let second = Verdicts::new(Some(&folder));
        assert!(second.passed("a", "f.op", 0, "{}"));
        assert!(
            !second.passed("b", "f.op", 0, "{}") && !second.passed("a", "f.op", 1, "{}") && !second.passed("a", "f.op", 0, "{ }")
        );
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
