//! What each lane notes for itself, so that nobody waits for it: times, spans, results.

use super::state::Path;
use serde_json::Value as Json;
use std::time::{Duration, Instant};

/// Times of one node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub calls: u64,
    pub total: Duration,
    pub own: Duration,
    pub min: Duration,
    pub max: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self { calls: 0, total: Duration::ZERO, own: Duration::ZERO, min: Duration::MAX, max: Duration::ZERO }
    }
}

impl Times {
    /// One call: `own` in the operator, `total` with what was done for it.
    pub fn add(&mut self, own: Duration, total: Duration) {
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
