//! Accumulators: items are pushed in the order of their index, as they come.

use super::flow::with;
use super::item::{Held, Phase};
use super::{JobKind, State, Todo};
use crate::run::fault::{Fault, FaultStatus};
use crate::run::instance::Opened;
use crate::run::plan::UnitKind;
use std::sync::Arc;

impl State {
    /// An item has, or will never have, what the gather unit takes of it.
    pub(super) fn offer(&mut self, child: usize, push: usize, gather: usize, lost: bool) {
        let plan = Arc::clone(&self.stage.plan);
        let UnitKind::Gather { node, nth, .. } = plan.units[gather].kind else { return };
        let Some(parent) = self.items[child].parent else { return };
        let index = self.items[child].index;
        if lost && self.stage.tasks[node].partial {
            self.items[parent].gathers[nth].missing.insert(index);
            self.complete(child, push, false);
            return self.advance_soon(parent, nth);
        }
        if lost {
            self.lose(parent, nth, node, child);
        }
        let accumulator = &mut self.items[parent].gathers[nth];
        if accumulator.lost || accumulator.done {
            return self.complete(child, push, false);
        }
        accumulator.offered.insert(index, child);
        self.advance_soon(parent, nth);
    }

    /// An accumulator can no longer give a right result, because an item did not come.
    fn lose(&mut self, parent: usize, nth: usize, node: usize, child: usize) {
        let accumulator = &self.items[parent].gathers[nth];
        if accumulator.lost || accumulator.done || self.dead(parent) {
            return self.abandon(parent, nth);
        }
        let item = self.items[child].path.to_vec();
        let cause = self.items[child].cause.map(|index| {
            let failure = &self.failures[index];
            format!(": node `{}`: {}", failure.node, failure.cause)
        });
        let message = format!("item {item:?} did not come{}", cause.unwrap_or_default());
        let path = self.items[parent].path.to_vec();
        self.blame(parent, node, &path, Fault::new(FaultStatus::Lost, message));
        self.abandon(parent, nth);
        self.kill(parent);
    }

    /// Gives an accumulator up: what waits for it is let go.
    pub(super) fn abandon(&mut self, id: usize, nth: usize) {
        let plan = Arc::clone(&self.stage.plan);
        let unit = plan.levels[self.items[id].level].gathers[nth];
        let accumulator = &mut self.items[id].gathers[nth];
        accumulator.lost = true;
        let offered = std::mem::take(&mut accumulator.offered);
        let free = accumulator.ready && !accumulator.busy && !accumulator.done;
        for child in offered.into_values() {
            self.complete(child, unit + 1, false);
        }
        if free {
            self.items[id].gathers[nth].done = true;
            self.items[id].gathers[nth].opened = None;
            self.note_opened_uses(id, unit);
            self.complete(id, unit, false);
        }
    }

    /// Lets an accumulator take the next item, or give its result, if it may.
    pub(super) fn advance(&mut self, id: usize, nth: usize) {
        let plan = Arc::clone(&self.stage.plan);
        let Some(item) = self.items.get_mut(id) else { return };
        item.gathers[nth].pass_missing();
        let item = &self.items[id];
        let unit = plan.levels[item.level].gathers[nth];
        let UnitKind::Gather { level, .. } = plan.units[unit].kind else { return };
        let (accumulator, cursor) = (&item.gathers[nth], &item.cursors[plan.levels[level].nth]);
        if !accumulator.ready || accumulator.busy || accumulator.done || accumulator.lost {
            return;
        }
        let (path, kind) = match accumulator.offered.get(&accumulator.next) {
            Some(&child) => (Arc::clone(&self.items[child].path), JobKind::Push { child }),
            None if cursor.phase == Phase::Ended && accumulator.next == cursor.drawn => (Arc::clone(&item.path), JobKind::Finish),
            None => return,
        };
        let own = Arc::clone(&item.path);
        if accumulator.opened.is_none() && !self.passes(unit, &own, || Todo::Advance { item: id, nth, path: Arc::clone(&own) }) {
            return;
        }
        let accumulator = &mut self.items[id].gathers[nth];
        accumulator.busy = true;
        accumulator.offered.remove(&accumulator.next);
        self.queue(id, unit, path, kind);
    }

    /// A lane has pushed an item.
    pub fn pushed(&mut self, id: usize, unit: usize, child: usize, opened: Option<Opened>, result: Result<(), Fault>) {
        let plan = Arc::clone(&self.stage.plan);
        let UnitKind::Gather { node, nth, .. } = plan.units[unit].kind else { return };
        let ok = result.is_ok();
        let accumulator = &mut self.items[id].gathers[nth];
        accumulator.busy = false;
        accumulator.opened = opened;
        accumulator.next += 1;
        if let Err(fault) = result {
            let path = self.items[child].path.to_vec();
            self.blame(id, node, &path, fault);
        }
        // The push unit stands right behind its gather.
        self.complete(child, unit + 1, ok);
        if !ok || self.items[id].gathers[nth].lost || self.dead(id) {
            self.abandon(id, nth);
            if !ok {
                self.kill(id);
            }
        } else {
            self.advance_soon(id, nth);
        }
    }

    /// A lane has finished an accumulator and closed it.
    pub fn finished(&mut self, id: usize, unit: usize, result: Result<Vec<Held>, Fault>) {
        let plan = Arc::clone(&self.stage.plan);
        let UnitKind::Gather { node, nth, .. } = plan.units[unit].kind else { return };
        self.note_opened_uses(id, unit);
        let accumulator = &mut self.items[id].gathers[nth];
        accumulator.busy = false;
        accumulator.done = true;
        self.unit_done(id, unit, result.map_err(|fault| (node, fault)));
    }

    /// The path that a draw, push or end is about.
    pub(super) fn inner_path(&self, id: usize, nth: usize) -> super::Path {
        let cursor = &self.items[id].cursors[nth];
        with(&self.items[id].path, cursor.base + cursor.drawn)
    }
}
