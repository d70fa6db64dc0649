//! The plugin contract: what crosses the border between the engine and a plugin.
//!
//! C layout, versions, ids and what numbers mean; no dependency. `include/voxloom.h` says the same in C, and
//! `tests/layout.rs` holds the two together. In prose: `docs/contract.md`.
//!
//! Three rules hold everywhere:
//! - inputs are borrowed for the call, outputs are handed over;
//! - nothing allocated on one side is freed on the other: text goes through a [`Sink`], values through their own table;
//! - no panic and no C++ exception crosses: a call returns a [`Status`] and writes its message into a [`Sink`].

mod context;
mod kind;
mod layout;
mod operator;
mod plugin;
pub mod status;
mod text;
mod value;

pub use context::{Context, Level};
pub use kind::Kind;
pub use operator::{ModuleRef, OperatorTable, StateSink};
pub use plugin::{ABI_MAJOR, ABI_MINOR, MAGIC, PLUGIN_SYMBOL, Plugin};
pub use status::Status;
pub use text::{Sink, Str};
pub use value::{Value, ValueTable, type_id};
