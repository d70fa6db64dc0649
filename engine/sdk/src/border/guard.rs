//! Results and panics become statuses and messages.

use crate::cause::{cause, cause_of_panic};
use crate::{Error, Result};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use voxloom_abi::{Sink, Status, status};

/// Runs `body`; an error or a panic is written to `error` and becomes a status.
///
/// # Safety
/// `error` must be the caller's living sink.
pub unsafe fn guarded(error: *const Sink, body: impl FnOnce() -> Result<Status>) -> Status {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(status)) => status,
        Ok(Err(fault)) => {
            // SAFETY: by this function's own condition.
            unsafe { (*error).push(cause(&fault.to_string())) };
            fault.status()
        }
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "panicked".into());
            let (said, kind) = cause_of_panic(&text);
            // SAFETY: by this function's own condition.
            unsafe { (*error).push(&format!("panicked: {said}")) };
            kind.within(status::PANICKED)
        }
    }
}

/// As [`guarded`], for an instance that a panic poisons.
///
/// # Safety
/// As [`guarded`].
pub unsafe fn guarded_instance(poisoned: &AtomicBool, error: *const Sink, body: impl FnOnce() -> Result<Status>) -> Status {
    if poisoned.load(Ordering::Acquire) {
        // SAFETY: by this function's own condition.
        unsafe { (*error).push("refused: an earlier call of this instance panicked, and its state may be broken") };
        return status::POISONED;
    }
    // SAFETY: by this function's own condition.
    let status = unsafe { guarded(error, body) };
    if status::without_kind(status) == status::PANICKED {
        poisoned.store(true, Ordering::Release);
    }
    status
}

/// The fault lines of `check`: `path<TAB>message`.
pub fn fault_line(error: &Error) -> String {
    format!("{}\t{}\n", error.param_path(), cause(error.message()))
}
