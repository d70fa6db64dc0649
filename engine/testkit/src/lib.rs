//! Conformance: whether the operators of a plugin keep the contract (`docs/contract.md`).
//!
//! [`check`] asks a child process, in which [`conform`] runs the cases; a plugin that crashes there is a failed case here.
//! Tensors and volumes for the calls come from the plugin `synthetic`; without it those cases are not exercised. `host`,
//! `value` and `calls` are a small engine for one call, of use to other tests too. `golden` reads and compares the papers' goldens.

pub mod calls;
mod cases;
mod conform;
mod example;
pub mod golden;
pub mod harness;
pub mod host;
mod nifti;
pub mod random;
pub mod record;
mod report;
mod supply;
pub mod value;

pub use conform::{check, conform};
pub use report::{Case, Outcome, Report};
pub use supply::{FLAVOURS, Flavour, Supply};
