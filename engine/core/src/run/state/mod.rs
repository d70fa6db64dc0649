//! All that lanes share while one graph runs: items, what is ready, who waits. One lock holds it; nothing here calls a
//! plugin, except to close what is left over.

mod cursor;
mod fail;
mod flow;
mod gate;
mod gather;
mod group;
mod item;
mod ready;
mod stall;
mod streams;
mod take;
#[cfg(test)]
mod tests;

use super::host::House;
use super::instance::Task;
use super::lane::Lane;
use super::meter::Meter;
use super::observer::Event;
use super::plan::Plan;
use super::report::Failure;
use super::value::Value;
pub(crate) use cursor::Drawn;
use gate::Gate;
pub(crate) use item::{Held, Item, Path};
use ready::Ready;
pub(crate) use ready::{Job, JobKind, Seat};
use slab::Slab;
use std::sync::Arc;
use std::time::Instant;
pub(crate) use streams::ModuleStreams;
pub(crate) use take::Inputs;
use voxloom_abi::Kind;

/// One run of one graph, the same for all lanes.
pub(crate) struct Stage {
    pub graph: String,
    pub round: u64,
    pub index: usize,
    pub plan: Arc<Plan>,
    /// By node.
    pub tasks: Arc<[Arc<Task>]>,
    /// Number of the graph's first node among the nodes of all graphs.
    pub first_node: usize,
    pub limits: Limits,
    pub strict: bool,
    /// When the run began.
    pub began: Instant,
}

/// Bounds on what is under way.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    /// Items of one cursor that may be alive.
    pub in_flight: u64,
    /// Bytes of live values above which no further item of the first level begins.
    pub memory: Option<u64>,
    /// Most items that a cursor at level 0 gives.
    pub items: Option<u64>,
    /// By level: number of the first item, where the level is opened at level 0.
    pub base: Vec<u64>,
    /// Intra-op threads.
    pub threads: u32,
}

/// Why a stage ends before its work is done.
#[derive(Clone, Debug)]
pub(crate) enum Stop {
    Cancelled,
    Strict,
    Fatal(Kind, String),
    Stalled(String),
    Device(String),
    Bug(String),
}

/// Something to look at again; kept in a list, so that long graphs need no deep stack.
pub(crate) enum Todo {
    /// A unit whose waits are over.
    Ready { item: usize, unit: usize },
    /// Siblings that are all there.
    Group { parent: usize, unit: usize, members: Vec<usize> },
    /// A cursor that may have room.
    Pump { item: usize, nth: usize, path: Path },
    /// An accumulator that may go on.
    Advance { item: usize, nth: usize, path: Path },
    /// An item whose units are all done.
    Retire { item: usize },
}

/// The state of one stage.
pub(crate) struct State {
    pub stage: Arc<Stage>,
    pub items: Slab<Item>,
    ready: Ready,
    /// Jobs whose instance takes one call at a time and is busy, by instance.
    blocked: Vec<(usize, Job)>,
    busy: Vec<usize>,
    free_threads: u32,
    pub running: usize,
    gates: Vec<Gate>,
    todo: Vec<Todo>,
    /// Cursors that wait for memory.
    starved: Vec<Todo>,
    /// Items of the first level that are under way.
    first_level: u64,
    pub meter: Arc<Meter>,
    lanes: Arc<[Arc<dyn Lane>]>,
    pub modules: ModuleStreams,
    house: Arc<House>,
    /// To be dropped when the lock is no longer held.
    pub garbage: Vec<Value>,
    /// To be sent.
    pub news: Vec<Event>,
    pub failures: Vec<Failure>,
    pub counts: super::report::Counts,
    /// By level opened at level 0: items drawn.
    pub drawn: Vec<u64>,
    pub stop: Option<Stop>,
    pub done: bool,
}

/// What a state needs from the run.
pub(crate) struct Surroundings {
    pub meter: Arc<Meter>,
    pub lanes: Arc<[Arc<dyn Lane>]>,
    pub modules: ModuleStreams,
    pub house: Arc<House>,
}

impl Drop for State {
    /// What is still open borrows values, also of other items: it ends first.
    fn drop(&mut self) {
        for (_, item) in &mut self.items {
            item.cursors.clear();
            item.gathers.clear();
        }
    }
}

impl State {
    /// The state in which the graph's own item has just begun.
    pub fn new(stage: Arc<Stage>, around: Surroundings) -> Self {
        let plan = Arc::clone(&stage.plan);
        let mut state = Self {
            items: Slab::new(),
            ready: Ready::default(),
            blocked: Vec::new(),
            busy: Vec::new(),
            free_threads: stage.limits.threads,
            running: 0,
            gates: plan.gates.iter().map(|_| Gate::default()).collect(),
            todo: Vec::new(),
            starved: Vec::new(),
            first_level: 0,
            meter: around.meter,
            lanes: around.lanes,
            modules: around.modules,
            house: around.house,
            garbage: Vec::new(),
            news: Vec::new(),
            failures: Vec::new(),
            counts: super::report::Counts::default(),
            drawn: vec![0; plan.levels.len()],
            stop: None,
            done: false,
            stage,
        };
        state.begin(0, None, Arc::from([]), 0, Vec::new());
        state.settle();
        state
    }

    /// Works off everything that has become possible.
    pub fn settle(&mut self) {
        loop {
            while let Some(todo) = self.todo.pop() {
                match todo {
                    Todo::Ready { item, unit } => self.ready_unit(item, unit),
                    Todo::Group { parent, unit, members } => self.launch(parent, unit, members),
                    Todo::Pump { item, nth, path } if self.is(item, &path) => self.pump(item, nth),
                    Todo::Advance { item, nth, path } if self.is(item, &path) => self.advance(item, nth),
                    Todo::Pump { .. } | Todo::Advance { .. } => {}
                    Todo::Retire { item } => self.retire(item),
                }
            }
            if self.starved.is_empty() || !self.admits() {
                return;
            }
            let todo = self.starved.remove(0);
            self.todo.push(todo);
        }
    }

    /// Whether the item at this place is still the one that was meant.
    fn is(&self, item: usize, path: &Path) -> bool {
        self.items.get(item).is_some_and(|item| Arc::ptr_eq(&item.path, path))
    }

    fn pump_soon(&mut self, item: usize, nth: usize) {
        let path = Arc::clone(&self.items[item].path);
        self.todo.push(Todo::Pump { item, nth, path });
    }

    fn advance_soon(&mut self, item: usize, nth: usize) {
        let path = Arc::clone(&self.items[item].path);
        self.todo.push(Todo::Advance { item, nth, path });
    }

    /// Whether memory allows another item of the first level.
    fn admits(&self) -> bool {
        match self.stage.limits.memory {
            Some(most) => self.first_level == 0 || self.meter.live().bytes <= most as i64,
            None => true,
        }
    }

    /// Whether an item, or one that it belongs to, has failed.
    fn dead(&self, item: usize) -> bool {
        let mut at = Some(item);
        while let Some(index) = at {
            let item = &self.items[index];
            if item.dead {
                return true;
            }
            at = item.parent;
        }
        false
    }

    /// The item `up` levels above.
    fn ancestor(&self, item: usize, up: usize) -> usize {
        (0..up).fold(item, |item, _| self.items[item].parent.unwrap_or(item))
    }

    /// Ends the stage early; the first reason counts.
    pub fn halt(&mut self, stop: Stop) {
        self.house.halt.store(true, std::sync::atomic::Ordering::Relaxed);
        self.stop.get_or_insert(stop);
    }
}
