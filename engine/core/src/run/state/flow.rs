//! How an item moves: it begins, its units become ready and are done, it retires.

use super::item::Held;
use super::{Item, Job, JobKind, Path, State, Todo};
use crate::run::observer::Event;
use crate::run::plan::UnitKind;
use std::sync::Arc;

impl State {
    /// Lets an item begin, with the values it is born with by output port of its opener.
    pub(super) fn begin(&mut self, level: usize, parent: Option<usize>, path: Path, index: u64, born: Vec<Held>) -> usize {
        let plan = Arc::clone(&self.stage.plan);
        let mut item = Item::new(&plan, level, parent, Arc::clone(&path), index);
        for (held, slot) in born.into_iter().zip(&plan.levels[level].born) {
            match slot {
                Some(slot) if item.uses[*slot] > 0 => item.slots[*slot] = Some(held),
                _ => self.throw_away(held),
            }
        }
        let root = item.parent.is_none();
        let id = self.items.insert(item);
        for (nth, &child) in plan.levels[level].children.iter().enumerate() {
            let base = if root { self.stage.limits.base[child] } else { 0 };
            self.items[id].cursors[nth].base = base;
            for &gate in &plan.levels[child].gates {
                self.gates[gate].owe(with(&path, base));
            }
        }
        for (local, &unit) in plan.levels[level].units.iter().enumerate() {
            if self.items[id].waits[local] == 0 {
                self.todo.push(Todo::Ready { item: id, unit });
            }
        }
        if plan.levels[level].units.is_empty() {
            self.todo.push(Todo::Retire { item: id });
        }
        id
    }

    /// A unit's waits are over.
    pub(super) fn ready_unit(&mut self, item: usize, unit: usize) {
        let plan = Arc::clone(&self.stage.plan);
        let lost = self.items[item].poisoned[plan.units[unit].local] || self.dead(item);
        match &plan.units[unit].kind {
            UnitKind::Chain(_) if lost => self.complete(item, unit, false),
            UnitKind::Chain(_) => {
                let path = Arc::clone(&self.items[item].path);
                if self.passes(unit, &path, || Todo::Ready { item, unit }) {
                    self.queue(item, unit, path, JobKind::Chain);
                }
            }
            UnitKind::Batch { size, .. } => self.join(item, unit, *size, lost),
            UnitKind::Scatter { nth, .. } => {
                let cursor = &mut self.items[item].cursors[*nth];
                cursor.phase = super::item::Phase::Idle;
                cursor.lost |= lost;
                self.pump_soon(item, *nth);
            }
            UnitKind::Gather { nth, .. } => {
                let accumulator = &mut self.items[item].gathers[*nth];
                accumulator.ready = true;
                if lost || accumulator.lost {
                    self.abandon(item, *nth);
                } else {
                    self.advance_soon(item, *nth);
                }
            }
            UnitKind::Push { gather, .. } => self.offer(item, unit, *gather, lost),
        }
    }

    /// Whether it is this item's turn at all gates of the unit; if not, `todo` comes up when it is.
    pub(super) fn passes(&mut self, unit: usize, path: &Path, todo: impl FnOnce() -> Todo) -> bool {
        let plan = Arc::clone(&self.stage.plan);
        match plan.units[unit].gates.iter().find(|gate| !self.gates[**gate].turn(path)) {
            Some(&gate) => {
                self.gates[gate].wait(Arc::clone(path), todo());
                false
            }
            None => true,
        }
    }

    pub(super) fn queue(&mut self, item: usize, unit: usize, path: Path, kind: JobKind) {
        let facts = &self.stage.plan.units[unit];
        self.ready.push(facts, Job { path, remaining: facts.remaining, unit, item, kind });
    }

    /// A unit is done, or will never be.
    pub(super) fn complete(&mut self, item: usize, unit: usize, ok: bool) {
        let plan = Arc::clone(&self.stage.plan);
        let facts = &plan.units[unit];
        for next in &facts.feeds {
            let local = plan.units[next.unit].local;
            let state = &mut self.items[item];
            state.poisoned[local] |= next.data && !ok;
            state.waits[local] -= 1;
            if state.waits[local] == 0 {
                self.todo.push(Todo::Ready { item, unit: next.unit });
            }
        }
        // A cursor's inputs went when it closed.
        if !matches!(facts.kind, UnitKind::Scatter { .. }) {
            self.release_takes(item, unit);
        }
        for &gate in &facts.gates {
            let owed = self.items[item].gates.iter_mut().find(|(owed, _)| *owed == gate);
            if let Some((_, left)) = owed {
                *left -= 1;
                if *left == 0 {
                    self.pass_on(gate, item);
                }
            }
        }
        let state = &mut self.items[item];
        state.left -= 1;
        if state.left == 0 {
            self.todo.push(Todo::Retire { item });
        }
    }

    fn pass_on(&mut self, gate: usize, item: usize) {
        let path = Arc::clone(&self.items[item].path);
        let free = self.gates[gate].settle(&path);
        self.todo.extend(free);
    }

    /// A unit no longer uses the slots of its own item.
    pub(super) fn release_takes(&mut self, item: usize, unit: usize) {
        let plan = Arc::clone(&self.stage.plan);
        for take in plan.units[unit].takes.iter().filter(|take| take.up == 0) {
            self.release(item, take.slot);
        }
    }

    /// One user of a slot is done.
    pub(super) fn release(&mut self, item: usize, slot: usize) {
        let state = &mut self.items[item];
        state.uses[slot] -= 1;
        if state.uses[slot] == 0
            && let Some(held) = state.slots[slot].take()
        {
            self.throw_away(held);
        }
    }

    /// An item is done with.
    pub(super) fn retire(&mut self, id: usize) {
        let mut item = self.items.remove(id);
        for held in item.slots.iter_mut().filter_map(Option::take) {
            self.throw_away(held);
        }
        let Some(parent) = item.parent else {
            self.done = true;
            return;
        };
        let depth = self.stage.plan.levels[item.level].depth;
        if depth == 1 {
            self.first_level -= 1;
            let ok = !item.dead;
            if !ok && item.cause.is_none() && self.house.cancelled() {
                // It was left, which is neither.
                return self.child_done(parent, item.level);
            }
            *(if ok { &mut self.counts.done } else { &mut self.counts.failed }) += 1;
            let (graph, elapsed) = (self.stage.graph.clone(), item.begun.elapsed());
            self.news.push(Event::ItemDone { graph, item: item.path.to_vec(), ok, elapsed });
        }
        self.child_done(parent, item.level);
    }
}

/// A path one level deeper.
pub(super) fn with(path: &[u64], index: u64) -> Path {
    path.iter().copied().chain([index]).collect()
}
