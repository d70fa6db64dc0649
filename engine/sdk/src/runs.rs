//! How a module's entries run: what the engine must know before it plans.

use crate::{DeviceKind, Mode, Threads};

/// How calls of a module overlap, what they are worth, where they run, and whether equal inputs give equal bits.
///
/// The default is one thread on the CPU, several calls at once, equal bits; name what differs:
/// `Runs { device: DeviceKind::Any, ..Runs::default() }`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Runs {
    pub mode: Mode,
    pub threads: Threads,
    pub device: DeviceKind,
    /// Where equal inputs may give other bits, a sentence that says when.
    pub not_deterministic: Option<&'static str>,
    /// Kinds of device (`cpu`, `cuda`) on which equal inputs give equal bits, whatever `not_deterministic` says of others.
    pub deterministic_on: &'static [&'static str],
}
