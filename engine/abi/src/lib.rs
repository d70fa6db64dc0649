//! The plugin contract: what crosses the border between the engine and a plugin.
//!
//! C layout, versions and ids; no logic and no dependency. `include/voxloom.h` says the same in C, and
//! `tests/layout.rs` holds the two together. In prose: `docs/contract.md`.
//!
//! Three rules hold everywhere:
//! - inputs are borrowed for the call, outputs are handed over;
//! - nothing allocated on one side is freed on the other: text goes through a [`Sink`], values through their own table;
//! - no panic and no C++ exception crosses: a call returns a [`Status`] and writes its message into a [`Sink`].

mod context;
mod layout;
mod operator;
mod plugin;
mod text;
mod value;

pub use context::{Context, Level};
pub use operator::{ModuleRef, OperatorTable, StateSink};
pub use plugin::{ABI_MAJOR, ABI_MINOR, MAGIC, PLUGIN_SYMBOL, Plugin};
pub use text::{Sink, Str};
pub use value::{Value, ValueTable, type_id};

/// Result of a call. The message, if any, is in the call's `error` sink.
pub type Status = i32;

/// The numbers a [`Status`] can take.
pub mod status {
    use super::Status;

    /// Done.
    pub const OK: Status = 0;
    /// A cursor has no further item; its outputs were not written.
    pub const END: Status = 1;
    /// This item failed; others may go on.
    pub const FAILED: Status = 2;
    /// The parameters do not fit together.
    pub const INVALID: Status = 3;
    /// The run must stop (a loss that is not finite, a full disk).
    pub const FATAL: Status = 4;
    /// The call saw that it was cancelled and left early.
    pub const CANCELLED: Status = 5;
    /// The call panicked or threw; the instance refuses further calls.
    pub const PANICKED: Status = 6;
    /// The instance panicked earlier and refused this call.
    pub const POISONED: Status = 7;
}
