//! Batches: consecutive siblings in groups that are fixed by index, so that no bit depends on who came when.

use super::item::Phase;
use super::{JobKind, State, Todo};
use crate::run::plan::UnitKind;
use std::sync::Arc;

impl State {
    /// An item has come to a batched unit, or has failed before it.
    pub(super) fn join(&mut self, item: usize, unit: usize, size: u64, lost: bool) {
        let Some(parent) = self.items[item].parent else { return };
        let nth = self.stage.plan.levels[self.items[item].level].nth;
        let number = self.items[item].index / size;
        let group = self.items[parent].cursors[nth].groups.entry((unit, number)).or_default();
        group.arrived += 1;
        if lost {
            self.complete(item, unit, false);
        } else {
            group.members.push(item);
        }
        self.fill(parent, nth, unit, number);
    }

    /// A cursor has ended: its last groups may be shorter.
    pub(super) fn fill_groups(&mut self, parent: usize, nth: usize) {
        let keys: Vec<(usize, u64)> = self.items[parent].cursors[nth].groups.keys().copied().collect();
        for (unit, number) in keys {
            self.fill(parent, nth, unit, number);
        }
    }

    fn fill(&mut self, parent: usize, nth: usize, unit: usize, number: u64) {
        let UnitKind::Batch { size, .. } = self.stage.plan.units[unit].kind else { return };
        let cursor = &mut self.items[parent].cursors[nth];
        let all = match cursor.phase {
            Phase::Ended => size.min(cursor.drawn - number * size),
            _ => size,
        };
        if cursor.groups.get(&(unit, number)).is_none_or(|group| group.arrived < all) {
            return;
        }
        let Some(group) = cursor.groups.remove(&(unit, number)) else { return };
        let mut members = group.members;
        members.sort_unstable_by_key(|member| self.items[*member].index);
        if !members.is_empty() {
            self.todo.push(Todo::Group { parent, unit, members });
        }
    }

    /// Puts a full group in the queue when it is its turn.
    pub(super) fn launch(&mut self, parent: usize, unit: usize, members: Vec<usize>) {
        let path = Arc::clone(&self.items[members[0]].path);
        let plan = Arc::clone(&self.stage.plan);
        match plan.units[unit].gates.iter().find(|gate| !self.gates[**gate].turn(&path)) {
            Some(&gate) => self.gates[gate].wait(path, Todo::Group { parent, unit, members }),
            None => self.queue(parent, unit, path, JobKind::Batch(members)),
        }
    }
}
