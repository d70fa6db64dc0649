//! When nothing runs, nothing is ready and work remains: who waits for whom. The plan makes sure that it never happens.

use super::State;
use super::item::Phase;
use crate::run::plan::UnitKind;
use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use std::collections::BTreeMap;

impl State {
    /// The cycle of waits, or all waits where there is none.
    pub fn describe_stall(&self) -> String {
        let mut waits = Waits::default();
        for (id, item) in &self.items {
            self.waits_of_units(id, &mut waits);
            self.waits_of_cursors(id, &mut waits);
            if item.parent.is_some() {
                let gathers = &self.stage.plan.levels[item.level].taken_by;
                let pushes = gathers.iter().map(|gather| self.name(gather + 1, id));
                pushes.for_each(|push| waits.add(self.item_name(id), push));
            }
        }
        for (gate, plan) in self.gates.iter().zip(&self.stage.plan.gates) {
            if let Some((first, waiting)) = gate.describe() {
                for path in waiting {
                    waits.add(format!("the turn of item {path:?} at `{}`", plan.name), format!("item {first:?}"));
                }
            }
        }
        waits.tell()
    }

    fn waits_of_units(&self, id: usize, waits: &mut Waits) {
        let (item, plan) = (&self.items[id], &self.stage.plan);
        for &unit in &plan.levels[item.level].units {
            for next in &plan.units[unit].feeds {
                if item.waits[plan.units[next.unit].local] > 0 {
                    waits.add(self.name(next.unit, id), self.name(unit, id));
                }
            }
            waits.add(self.item_name(id), self.name(unit, id));
        }
    }

    fn waits_of_cursors(&self, id: usize, waits: &mut Waits) {
        let (item, plan) = (&self.items[id], &self.stage.plan);
        for (cursor, &level) in item.cursors.iter().zip(&plan.levels[item.level].children) {
            let Some(unit) = plan.levels[level].opener else { continue };
            let children = self.items.iter().filter(|(_, child)| child.parent == Some(id) && child.level == level);
            if cursor.phase == Phase::Idle {
                let bound = self.stage.limits.in_flight.max(plan.levels[level].window);
                let draw =
                    format!("the draw of item {:?} by {}", &*self.inner_path(id, plan.levels[level].nth), self.name(unit, id));
                for (child, _) in children.filter(|_| cursor.alive >= bound) {
                    waits.add(draw.clone(), self.item_name(child));
                }
                for &(batch, _) in cursor.groups.keys() {
                    for (child, _) in self.items.iter().filter(|(_, child)| child.parent == Some(id) && child.level == level) {
                        waits.add(self.name(batch, child), draw.clone());
                    }
                }
                waits.add(self.name(unit, id), draw);
            }
        }
        for (accumulator, &unit) in item.gathers.iter().zip(&plan.levels[item.level].gathers) {
            if let UnitKind::Gather { level, .. } = plan.units[unit].kind
                && !accumulator.done
            {
                let next = accumulator.next;
                let mut children = self.items.iter().filter(|(_, child)| child.parent == Some(id) && child.level == level);
                if let Some((child, _)) = children.find(|(_, child)| child.index == next) {
                    waits.add(self.name(unit, id), self.name(unit + 1, child));
                }
            }
        }
    }

    fn item_name(&self, id: usize) -> String {
        format!("item {:?}", &*self.items[id].path)
    }

    fn name(&self, unit: usize, item: usize) -> String {
        let kind = &self.stage.plan.units[unit].kind;
        let (node, path) = (&self.stage.plan.nodes[kind.node()].name, &*self.items[item].path);
        match kind {
            UnitKind::Push { .. } => format!("what `{node}` takes of item {path:?}"),
            _ => format!("`{node}` at item {path:?}"),
        }
    }
}

/// Who waits for whom, by name.
#[derive(Default)]
struct Waits {
    graph: DiGraph<String, ()>,
    places: BTreeMap<String, NodeIndex>,
}

impl Waits {
    fn add(&mut self, from: String, to: String) {
        let (from, to) = (self.place(from), self.place(to));
        self.graph.update_edge(from, to, ());
    }

    fn place(&mut self, name: String) -> NodeIndex {
        let graph = &mut self.graph;
        *self.places.entry(name.clone()).or_insert_with(|| graph.add_node(name))
    }

    fn tell(&self) -> String {
        let knot = tarjan_scc(&self.graph).into_iter().find(|knot| knot.len() > 1);
        let Some(knot) = knot else {
            let all = self.graph.edge_indices().filter_map(|edge| self.graph.edge_endpoints(edge));
            let all: Vec<String> = all.map(|(from, to)| format!("{} waits for {}", self.graph[from], self.graph[to])).collect();
            return all.join("; ");
        };
        let name = |place: &NodeIndex| &self.graph[*place];
        let Some(mut at) = knot.iter().copied().min_by_key(name) else { return String::new() };
        let (mut way, mut seen) = (vec![at], vec![at]);
        let onward = |at, seen: &[NodeIndex]| {
            let neighbours = self.graph.neighbors(at).filter(|next| knot.contains(next));
            neighbours.min_by_key(|next| (seen.contains(next), name(next)))
        };
        while let Some(next) = onward(at, &seen) {
            way.push(next);
            if let Some(start) = seen.iter().position(|other| *other == next) {
                way.drain(..start);
                break;
            }
            seen.push(next);
            at = next;
        }
        let names: Vec<&str> = way.iter().map(|place| self.graph[*place].as_str()).collect();
        format!("{} (each waits for the next)", names.join(" -> "))
    }
}
