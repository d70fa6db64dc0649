//! One item on its way: its values, what waits at it, its cursors and accumulators.

use crate::run::instance::Opened;
use crate::run::lane::StreamEvent;
use crate::run::plan::{Plan, UnitKind};
use crate::run::value::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

/// Index at every level, outermost first. Compared as text is: a parent comes before its children.
pub(crate) type Path = Arc<[u64]>;

/// A value in its slot.
pub(crate) struct Held {
    pub value: Value,
    /// The lane whose stream makes it; `None` where it was there when the call returned.
    pub home: Option<usize>,
    /// The moment on `home` when it is made; recorded when another lane asks for it.
    pub moment: Option<StreamEvent>,
    /// By foreign lane, the moment when its last use there is over.
    pub used: Vec<(usize, StreamEvent)>,
}

/// One item.
pub(crate) struct Item {
    pub level: usize,
    pub parent: Option<usize>,
    pub path: Path,
    /// Number among its siblings, counted from 0 in every stage.
    pub index: u64,
    /// Some node failed: what has not begun will not begin.
    pub dead: bool,
    /// The failure that is to blame, an index in the failures of the stage.
    pub cause: Option<usize>,
    /// Units that are not done.
    pub left: usize,
    /// By local unit: how many others it waits for, and whether one of them gave nothing.
    pub waits: Vec<u32>,
    pub poisoned: Vec<bool>,
    /// By slot.
    pub slots: Vec<Option<Held>>,
    pub uses: Vec<u32>,
    pub cursors: Vec<Cursor>,
    pub gathers: Vec<Gather>,
    /// By gate of this level: units that are not done.
    pub gates: Vec<(usize, usize)>,
    pub begun: Instant,
}

/// A cursor at its item.
#[derive(Default)]
pub(crate) struct Cursor {
    pub phase: Phase,
    pub opened: Option<Opened>,
    /// Number of the first item.
    pub base: u64,
    pub drawn: u64,
    /// Items drawn and not yet done.
    pub alive: u64,
    /// It gave less than it should have.
    pub lost: bool,
    /// Lanes that called it, for devices.
    pub lanes: Vec<usize>,
    /// By unit and number of the group: the siblings that have come so far.
    pub groups: BTreeMap<(usize, u64), Group>,
}

/// Where a cursor stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    /// For what it takes.
    #[default]
    Waiting,
    /// For room for another item.
    Idle,
    /// A draw is ready or running.
    Drawing,
    Ended,
}

/// Siblings that one call will take.
#[derive(Default)]
pub(crate) struct Group {
    pub arrived: u64,
    /// Those that did not fail on the way.
    pub members: Vec<usize>,
}

/// An accumulator at its item.
#[derive(Default)]
pub(crate) struct Gather {
    /// Its inputs from outside are there.
    pub ready: bool,
    pub opened: Option<Opened>,
    /// Items that may be pushed, by index.
    pub offered: BTreeMap<u64, usize>,
    /// Items that will never come, where the gather does without them.
    pub missing: BTreeSet<u64>,
    /// The index to push next.
    pub next: u64,
    /// A push or the end is ready or running.
    pub busy: bool,
    /// It can no longer give a right result.
    pub lost: bool,
    pub done: bool,
    pub lanes: Vec<usize>,
}

impl Gather {
    /// Goes on to the next item that may still come.
    pub fn pass_missing(&mut self) {
        while self.missing.remove(&self.next) {
            self.next += 1;
        }
    }
}

impl Item {
    pub fn new(plan: &Plan, level: usize, parent: Option<usize>, path: Path, index: u64) -> Self {
        let shape = &plan.levels[level];
        let gates = shape.gates.iter().filter(|gate| plan.gates[**gate].level == level);
        Self {
            level,
            parent,
            path,
            index,
            dead: false,
            cause: None,
            left: shape.units.len(),
            waits: shape.units.iter().map(|unit| plan.units[*unit].waits).collect(),
            poisoned: vec![false; shape.units.len()],
            slots: shape.uses.iter().map(|_| None).collect(),
            uses: shape.uses.clone(),
            cursors: shape.children.iter().map(|_| Cursor::default()).collect(),
            gathers: shape.gathers.iter().map(|_| Gather::default()).collect(),
            gates: gates.map(|gate| (*gate, plan.gates[*gate].units.len())).collect(),
            begun: Instant::now(),
        }
    }
}

impl Drop for Item {
    /// Cursors and accumulators borrow values: they end first.
    fn drop(&mut self) {
        self.cursors.clear();
        self.gathers.clear();
    }
}

/// The unit that opens a level, and its place among the cursors of its item.
pub(crate) fn opener(plan: &Plan, level: usize) -> Option<(usize, usize)> {
    let unit = plan.levels[level].opener?;
    match plan.units[unit].kind {
        UnitKind::Scatter { nth, .. } => Some((unit, nth)),
        _ => None,
    }
}
