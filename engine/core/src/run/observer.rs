//! What a run tells while it runs. The core prints nothing: whoever called decides what becomes of it.

use super::report::Failure;
use std::path::PathBuf;
use std::time::Duration;

/// Receives what happens, on the thread that called `run`.
pub trait Observer {
    fn event(&mut self, event: &Event);

    /// Whether to send [`Event::Node`] for every call; it costs a message a call.
    fn wants_nodes(&self) -> bool {
        false
    }
}

/// Anything that takes an event observes.
impl<F: FnMut(&Event)> Observer for F {
    fn event(&mut self, event: &Event) {
        self(event);
    }
}

/// Something happened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A graph of the schedule begins; `items` is the most that each cursor at level 0 will give, where the file says so.
    Stage { round: u64, rounds: u64, stage: usize, graph: String, items: Option<u64> },
    /// A graph of the schedule ended.
    StageDone { round: u64, stage: usize, graph: String, elapsed: Duration },
    /// An item began its way; only items of the first level.
    ItemBegun { graph: String, item: Vec<u64> },
    /// An item of the first level is done with, well or not.
    ItemDone { graph: String, item: Vec<u64>, ok: bool, elapsed: Duration },
    /// One call is done; only where the observer wants nodes.
    Node { graph: String, node: String, item: Vec<u64>, elapsed: Duration },
    /// A line of a node for the log: level 1 error, 2 warning, 3 information, 4 debug.
    Log { level: i32, node: String, item: Vec<u64>, text: String },
    /// How far a call has come, in units of its own; `total` 0 where it is unknown.
    Progress { node: String, item: Vec<u64>, done: u64, total: u64 },
    /// A node failed.
    Failed(Failure),
    /// Modules were saved.
    Saved { folder: PathBuf, value: Option<f64>, best: bool },
}
