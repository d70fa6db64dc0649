//! What a failed run means for its input: bad data, a fault that may pass, or a full disk.

use serde_json::Value as Json;
use std::io::{Error as IoError, ErrorKind};
use voxloom_core::run::{Outcome, Report, RunError};
use voxloom_watch::job::{Failure, Kind};

/// What libraries say of memory and devices, anywhere in a message.
const MEMORY: [&str; 4] = ["out of memory", "cannot allocate memory", "can't allocate memory", "cuda error"];
/// How the system's words for what may go well another time begin, for messages without its number.
const PASSING: [&str; 13] = [
    "no such file or directory",
    "permission denied",
    "input/output error",
    "stale file handle",
    "too many open files",
    "resource temporarily unavailable",
    "device or resource busy",
    "read-only file system",
    "connection refused",
    "connection reset",
    "connection timed out",
    "host is down",
    "transport endpoint is not connected",
];
const FULL: [&str; 2] = ["no space left on device", "disk quota exceeded"];

/// The failure of a run that ended, or `None` where all went well.
pub fn of_report(report: &Report) -> Option<Failure> {
    match report.outcome {
        Outcome::Completed => return None,
        Outcome::Cancelled => return Some(Failure::cancelled()),
        Outcome::Failed | Outcome::Stopped | Outcome::Fatal => {}
    }
    // What was lost or left early is a consequence; the first cause is the one to tell.
    let is_cause = |status: &str| status != "lost" && status != "cancelled";
    let first = report.failures.iter().find(|failure| is_cause(&failure.status)).or(report.failures.first());
    let Some(first) = first else {
        let message = report.message.clone().unwrap_or_else(|| "the run stopped".into());
        return Some(Failure { kind: kind(&message), ..Failure::bad(message) });
    };
    let mut failure = Failure { kind: kind(&first.cause), ..Failure::bad(&first.cause) }.at(&first.node);
    let mut fact = |name: &str, value: Json| failure.facts.insert(name.into(), value);
    fact("operator", first.operator.as_str().into());
    fact("plugin", first.plugin.as_str().into());
    fact("status", first.status.as_str().into());
    fact("failures", report.failures.len().into());
    Some(failure)
}

/// The failure of a run that could not begin.
pub fn of_error(error: &RunError) -> Failure {
    let message = error.to_string();
    let found = kind(&message);
    let kind = match error {
        // The pipeline was right when the watcher started: a device or a file of weights is not there now.
        RunError::Device { .. } | RunError::State { .. } | RunError::File { .. } if found == Kind::Bad => Kind::Transient,
        _ => found,
    };
    Failure { kind, ..Failure::bad(message) }
}

/// Operators give text, not causes. Rust writes the system's number into it, which is believed before any words.
fn kind(text: &str) -> Kind {
    if let Some(number) = os_error(text) {
        return of_io(&IoError::from_raw_os_error(number));
    }
    let text = text.to_lowercase();
    // The system's words follow a colon; elsewhere they are part of a name.
    let says = |words: &[&str]| text.split(": ").any(|part| words.iter().any(|words| part.trim_start().starts_with(words)));
    if says(&FULL) {
        Kind::Full
    } else if says(&PASSING) || MEMORY.iter().any(|words| text.contains(words)) {
        Kind::Transient
    } else {
        Kind::Bad
    }
}

/// The number in `… (os error 28)`, the last where there are several: the innermost cause.
fn os_error(text: &str) -> Option<i32> {
    let (_, rest) = text.rsplit_once("(os error ")?;
    rest.split_once(')')?.0.parse().ok()
}

fn of_io(error: &IoError) -> Kind {
    // EIO, ENFILE and EMFILE have no kind of their own.
    let passes = matches!(error.raw_os_error(), Some(5 | 23 | 24));
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Kind::Full,
        ErrorKind::NotFound
        | ErrorKind::PermissionDenied
        | ErrorKind::OutOfMemory
        | ErrorKind::StaleNetworkFileHandle
        | ErrorKind::ResourceBusy
        | ErrorKind::ReadOnlyFilesystem
        | ErrorKind::TimedOut
        | ErrorKind::WouldBlock
        | ErrorKind::Interrupted
        | ErrorKind::ConnectionRefused
        | ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::NotConnected
        | ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::NetworkDown => Kind::Transient,
        _ if passes => Kind::Transient,
        _ => Kind::Bad,
    }
}

#[cfg(test)]
mod tests {
    use super::kind;
    use voxloom_watch::job::Kind;

    #[test]
    fn the_systems_number_tells_what_may_pass() {
        let of = |number: i32| kind(&format!("case a: x.nii: {}", std::io::Error::from_raw_os_error(number)));
        // ENOSPC, EDQUOT
        assert!([28, 122].iter().all(|number| of(*number) == Kind::Full));
        // ENOENT, EIO, EAGAIN, ENOMEM, EACCES, EBUSY, ENFILE, EMFILE, EROFS, ECONNRESET, ENOTCONN, ETIMEDOUT, EHOSTUNREACH, ESTALE
        let passing = [2, 5, 11, 12, 13, 16, 23, 24, 30, 104, 107, 110, 113, 116];
        assert!(passing.iter().all(|number| of(*number) == Kind::Transient), "{:?}", passing.map(of));
        // ENOTDIR, EISDIR, EINVAL, ENAMETOOLONG
        assert!([20, 21, 22, 36].iter().all(|number| of(*number) == Kind::Bad));
        assert_eq!(kind("permission denied.nii: it is a folder (os error 21)"), Kind::Bad, "the number is believed");
    }

    #[test]
    fn words_count_where_there_is_no_number() {
        assert_eq!(kind("x.nii: No space left on device"), Kind::Full);
        assert_eq!(kind("x.nii: No such file or directory"), Kind::Transient);
        assert_eq!(kind("CUDA out of memory. Tried to allocate 2 GiB"), Kind::Transient);
        assert_eq!(kind("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes"), Kind::Transient);
        assert_eq!(kind("the header ends after 12 of 348 bytes"), Kind::Bad);
        assert_eq!(kind("in/permission denied.nii: the header ends after 12 of 348 bytes"), Kind::Bad);
        assert_eq!(kind("in/no space left on device/a.nii: no connection between header and voxels"), Kind::Bad);
    }
}
