//! Work that may begin, in order: oldest item first, then the longest remaining path.

use super::Path;
use crate::run::plan::{Class, Unit};
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// What a lane may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seat {
    pub class: Class,
    /// Units that any lane of the class may take.
    pub free: bool,
    /// Units that one lane of the class takes.
    pub tracked: bool,
}

/// One of the queues.
#[derive(Clone, Copy, Debug)]
pub(super) struct Queue {
    pub class: Class,
    pub tracked: bool,
}

/// Jobs that may begin.
#[derive(Default)]
pub(super) struct Ready([BinaryHeap<Job>; 4]);

impl Ready {
    pub fn push(&mut self, unit: &Unit, job: Job) {
        self.0[Queue { class: unit.class, tracked: unit.tracked }.index()].push(job);
    }

    pub fn peek(&self, queue: Queue) -> Option<&Job> {
        self.0[queue.index()].peek()
    }

    pub fn pop(&mut self, queue: Queue) -> Option<Job> {
        self.0[queue.index()].pop()
    }

    pub fn is_empty(&self) -> bool {
        self.0.iter().all(BinaryHeap::is_empty)
    }
}

impl Queue {
    fn index(self) -> usize {
        self.class.index() * 2 + usize::from(self.tracked)
    }
}

impl Seat {
    /// All that there are: on a device the lane of gradients takes other work, too.
    pub const ALL: [Self; 5] = [
        Self { class: Class::Cpu, free: true, tracked: false },
        Self { class: Class::Cpu, free: true, tracked: true },
        Self { class: Class::Cpu, free: false, tracked: true },
        Self { class: Class::Device, free: true, tracked: false },
        Self { class: Class::Device, free: true, tracked: true },
    ];

    /// Its place in [`Seat::ALL`].
    pub fn index(self) -> usize {
        self.class.index() * 3 + usize::from(self.tracked) + usize::from(!self.free)
    }

    pub(super) fn takes(self, queue: Queue) -> bool {
        if queue.tracked { self.tracked } else { self.free }
    }
}

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
