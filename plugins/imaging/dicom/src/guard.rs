//! A net around code of others that may panic on damaged bytes.

use crate::Fault;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Runs a parser or a codec; its error and its panic both become [`Fault::Damaged`].
///
/// Rationale: files come from anywhere, and some decoders index before they check. Their work is on values that are dropped
/// with them, so nothing half-changed is left behind.
pub(crate) fn guarded<T>(path: &Path, what: &str, work: impl FnOnce() -> Result<T, String>) -> Result<T, Fault> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(why)) => Err(Fault::damaged(path, format!("{what}: {why}"))),
        Err(_) => Err(Fault::damaged(path, format!("{what}: the decoder gave up on damaged bytes"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_fault() {
        let fault = guarded::<()>(Path::new("a.dcm"), "reading", || panic!("index out of bounds")).unwrap_err();
        assert_eq!(fault.to_string(), "a.dcm: reading: the decoder gave up on damaged bytes");
    }
}
