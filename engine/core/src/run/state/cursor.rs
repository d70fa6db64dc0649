//! Cursors: drawn from one item at a time, while there is room.

use super::flow::with;
use super::item::{Held, Phase, opener};
use super::{JobKind, State, Todo};
use crate::run::fault::Fault;
use crate::run::instance::Opened;
use crate::run::observer::Event;
use crate::run::plan::UnitKind;
use std::sync::Arc;

/// What a draw gave.
pub(crate) enum Drawn {
    Item(Vec<Held>),
    /// An item, and the cursor is closed.
    Last(Vec<Held>),
    /// Nothing; the cursor is closed.
    End,
    /// The cursor is closed.
    Failed(Fault),
}

impl State {
    /// Lets a cursor draw if it may.
    pub(super) fn pump(&mut self, id: usize, nth: usize) {
        let plan = Arc::clone(&self.stage.plan);
        let Some(item) = self.items.get(id) else { return };
        let level = plan.levels[item.level].children[nth];
        let Some((unit, _)) = opener(&plan, level) else { return };
        let cursor = &item.cursors[nth];
        if cursor.phase != Phase::Idle {
            return;
        }
        let first = item.parent.is_none();
        let most = if first { self.stage.limits.items } else { None };
        if cursor.lost || self.dead(id) || most == Some(cursor.drawn) {
            return self.end(id, nth);
        }
        let bound = self.stage.limits.in_flight.max(plan.levels[level].window);
        if cursor.alive >= bound {
            return;
        }
        if first && !self.admits() {
            let path = Arc::clone(&item.path);
            self.starved.push(Todo::Pump { item: id, nth, path });
            return;
        }
        let fresh = cursor.opened.is_none();
        let last = most == Some(cursor.drawn + 1);
        let (own, path) = (Arc::clone(&item.path), with(&item.path, cursor.base + cursor.drawn));
        if fresh && !self.passes(unit, &own, || Todo::Pump { item: id, nth, path: Arc::clone(&own) }) {
            return;
        }
        self.items[id].cursors[nth].phase = Phase::Drawing;
        self.queue(id, unit, path, JobKind::Draw { last });
    }

    /// A lane has drawn.
    pub fn drawn(&mut self, id: usize, unit: usize, opened: Option<Opened>, drawn: Drawn) {
        let plan = Arc::clone(&self.stage.plan);
        let UnitKind::Scatter { node, level, nth } = plan.units[unit].kind else { return };
        let cursor = &mut self.items[id].cursors[nth];
        cursor.phase = Phase::Idle;
        cursor.opened = opened;
        match drawn {
            Drawn::Item(born) => {
                self.child(id, nth, level, born);
                self.pump_soon(id, nth);
            }
            Drawn::Last(born) => {
                self.child(id, nth, level, born);
                self.end(id, nth);
            }
            Drawn::End => self.end(id, nth),
            Drawn::Failed(fault) => {
                self.items[id].cursors[nth].lost = true;
                self.blame(id, node, &self.inner_path(id, nth), fault);
                self.kill(id);
                if self.items[id].cursors[nth].phase != Phase::Ended {
                    self.end(id, nth);
                }
            }
        }
    }

    fn child(&mut self, id: usize, nth: usize, level: usize, born: Vec<Held>) {
        let plan = Arc::clone(&self.stage.plan);
        let (parent, depth) = (&self.items[id], plan.levels[level].depth);
        let cursor = &parent.cursors[nth];
        let (number, index) = (cursor.base + cursor.drawn, cursor.drawn);
        let (path, next) = (with(&parent.path, number), with(&parent.path, number + 1));
        let mut free = Vec::new();
        for &gate in &plan.levels[level].gates {
            self.gates[gate].owe(Arc::clone(&next));
        }
        if parent.parent.is_none() {
            self.drawn[level] += 1;
        }
        if depth == 1 {
            self.first_level += 1;
            self.news.push(Event::ItemBegun { graph: self.stage.graph.clone(), item: path.to_vec() });
        }
        let cursor = &mut self.items[id].cursors[nth];
        cursor.drawn += 1;
        cursor.alive += 1;
        self.begin(level, Some(id), Arc::clone(&path), index, born);
        // The item itself owes only where the gate is at its own level; else what it will draw owes, and begin said so.
        for &gate in plan.levels[level].gates.iter().filter(|gate| plan.gates[**gate].level != level) {
            free.extend(self.gates[gate].settle(&path));
        }
        self.todo.extend(free);
    }

    /// A cursor gives no further item.
    pub(super) fn end(&mut self, id: usize, nth: usize) {
        let plan = Arc::clone(&self.stage.plan);
        let level = plan.levels[self.items[id].level].children[nth];
        let Some((unit, _)) = opener(&plan, level) else { return };
        self.note_opened_uses(id, unit);
        let item = &mut self.items[id];
        let cursor = &mut item.cursors[nth];
        cursor.phase = Phase::Ended;
        cursor.opened = None;
        let future = with(&item.path, cursor.base + cursor.drawn);
        for &gate in &plan.levels[level].gates {
            let free = self.gates[gate].settle(&future);
            self.todo.extend(free);
        }
        self.release_takes(id, unit);
        self.fill_groups(id, nth);
        for &gather in &plan.levels[level].taken_by {
            if let UnitKind::Gather { nth: accumulator, .. } = plan.units[gather].kind {
                if self.items[id].cursors[nth].lost {
                    self.abandon(id, accumulator);
                } else {
                    self.advance_soon(id, accumulator);
                }
            }
        }
        self.close_level(id, nth);
    }

    /// An item of a cursor is done with.
    pub(super) fn child_done(&mut self, parent: usize, level: usize) {
        let nth = self.stage.plan.levels[level].nth;
        self.items[parent].cursors[nth].alive -= 1;
        self.pump_soon(parent, nth);
        self.close_level(parent, nth);
    }

    /// When the cursor has ended and its items are done, so is its unit.
    fn close_level(&mut self, id: usize, nth: usize) {
        let plan = Arc::clone(&self.stage.plan);
        let item = &self.items[id];
        let cursor = &item.cursors[nth];
        if cursor.phase != Phase::Ended || cursor.alive > 0 {
            return;
        }
        let (level, ok) = (plan.levels[item.level].children[nth], !cursor.lost);
        for &slot in &plan.levels[level].holds {
            self.release(id, slot);
        }
        if let Some((unit, _)) = opener(&plan, level) {
            self.complete(id, unit, ok);
        }
    }
}
