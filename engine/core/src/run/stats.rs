//! What each lane notes for itself, so that nobody waits for it: times, spans, results.

use super::state::Path;
use serde_json::Value as Json;
use std::time::Instant;

/// Times of one node, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub calls: u64,
    pub total: u64,
    pub own: u64,
    pub min: u64,
    pub max: u64,
}

impl Default for Times {
    fn default() -> Self {
        Self { calls: 0, total: 0, own: 0, min: u64::MAX, max: 0 }
    }
}

impl Times {
    /// One call: `own` in the operator, `total` with what was done for it.
    #[inline]
    pub fn add(&mut self, own: u64, total: u64) {
        self.calls += 1;
        self.total += total;
        self.own += own;
        self.min = self.min.min(own);
        self.max = self.max.max(own);
    }

    pub fn join(&mut self, other: &Self) {
        self.calls += other.calls;
        self.total += other.total;
        self.own += other.own;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }
}

/// One call, for the trace.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    /// Among the nodes of all graphs.
    pub node: usize,
    pub what: What,
    pub item: Path,
    pub begin: Instant,
    pub end: Instant,
}

/// Which function was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Run,
    Draw,
    Push,
    Finish,
}

impl What {
    pub fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Draw => "next",
            Self::Push => "push",
            Self::Finish => "finish",
        }
    }
}

/// A JSON output for the report.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    /// In its graph.
    pub node: usize,
    pub port: usize,
    pub item: Path,
    pub json: Json,
}
