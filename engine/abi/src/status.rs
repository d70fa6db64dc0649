//! The numbers that a call returns.
//!
//! The low byte says what follows for the run, the byte above it of what [`Kind`](crate::Kind) a failure is; the rest is 0.

/// Result of a call. The message, if any, is in the call's `error` sink.
pub type Status = i32;

/// Done.
pub const OK: Status = 0;
/// A cursor has no further item; its outputs were not written.
pub const END: Status = 1;
/// This item failed; others may go on.
pub const FAILED: Status = 2;
/// The parameters do not fit together.
pub const INVALID: Status = 3;
/// The run must stop (a loss that is not finite, for example).
pub const FATAL: Status = 4;
/// The call saw that it was cancelled and left early.
pub const CANCELLED: Status = 5;
/// The call panicked or threw; the instance refuses further calls.
pub const PANICKED: Status = 6;
/// The instance panicked earlier and refused this call.
pub const POISONED: Status = 7;

/// The bits that hold the kind of a failure.
pub const KINDS: Status = 0xff00;

/// A status without its kind: one of the numbers above, or one that is not known here.
pub const fn without_kind(status: Status) -> Status {
    status & !KINDS
}
