//! Work that may begin, in order: oldest item first, then the longest remaining path.

use super::Path;
use std::cmp::Ordering;

/// Work for one lane.
pub(crate) struct Job {
    /// Of the oldest item that it moves on.
    pub path: Path,
    pub remaining: u32,
    pub unit: usize,
    pub item: usize,
    pub kind: JobKind,
}

/// What to do with the unit.
pub(crate) enum JobKind {
    Chain,
    /// Siblings to take together; `item` of the job is their parent.
    Batch(Vec<usize>),
    /// Draw an item, the last one that is wanted or not.
    Draw {
        last: bool,
    },
    /// Hand an item to the accumulator at `item`.
    Push {
        child: usize,
    },
    Finish,
}

impl Ord for Job {
    /// The greatest is the first to begin, as `BinaryHeap` wants it.
    fn cmp(&self, other: &Self) -> Ordering {
        let older = other.path.cmp(&self.path);
        older.then(self.remaining.cmp(&other.remaining)).then(other.unit.cmp(&self.unit)).then(other.item.cmp(&self.item))
    }
}

impl PartialOrd for Job {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Job {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Job {}
