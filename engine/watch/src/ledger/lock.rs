//! One owner a ledger: a lock that ends with its process, however that ends.

use crate::error::{Error, file};
use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long a ledger may stay locked by one who has left it.
///
/// Rationale: a lock is held by whoever has its file open, and a process that is just being started has for a moment all that
/// its parent has.
const LEFT: Duration = Duration::from_secs(1);

/// Locks a ledger as long as the file that it returns is open.
///
/// # Errors
/// Another watcher has it; the file beside the ledger cannot be made.
pub fn lock(ledger: &Path) -> Result<File, Error> {
    let path = crate::names::with_end(ledger, ".lock");
    let lock = File::options().create(true).truncate(false).write(true).open(&path).map_err(file(&path))?;
    let began = Instant::now();
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::WouldBlock) if began.elapsed() < LEFT => std::thread::sleep(Duration::from_millis(10)),
            Err(TryLockError::WouldBlock) => return Err(Error::LedgerInUse { path: ledger.into() }),
            Err(TryLockError::Error(source)) => return Err(Error::File { path, source }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::lock;
    use crate::error::Error;
    use std::time::Duration;

    #[test]
    fn one_that_is_just_left_is_waited_for_and_one_in_use_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = folder.path().join("ledger");
        let held = lock(&ledger).unwrap();
        assert!(matches!(lock(&ledger), Err(Error::LedgerInUse { .. })));
        let leaving = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(100));
            drop(held);
        });
        assert!(lock(&ledger).is_ok());
        leaving.join().unwrap();
    }
}
