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

#[cfg(test)]
mod tests {
    use crate::run::host::House;
    use crate::run::lane::{CpuLane, Lane};
    use crate::run::meter::Meter;
    use crate::run::plan::{Class, LevelPlan, NodePlan, Plan, Unit, UnitKind};
    use crate::run::state::{Drawn, Limits, ModuleStreams, Seat, Stage, State, Surroundings};
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;
    use std::time::Instant;

    /// A cursor and a batch of four behind it.
    fn plan(window: u64) -> Plan {
        let unit = |kind, level| Unit {
            kind,
            level,
            local: 0,
            class: Class::Cpu,
            tracked: false,
            threads: 1,
            remaining: 1,
            waits: 0,
            feeds: Vec::new(),
            takes: Vec::new(),
            gates: Vec::new(),
            lock: None,
            modules: Vec::new(),
        };
        let node = |name: &str| NodePlan { name: name.into(), ..NodePlan::default() };
        Plan {
            nodes: vec![node("case"), node("feature")],
            units: vec![unit(UnitKind::Scatter { node: 0, level: 1, nth: 0 }, 0), unit(UnitKind::Batch { node: 1, size: 4 }, 1)],
            levels: vec![
                LevelPlan { units: vec![0], children: vec![1], ..LevelPlan::default() },
                LevelPlan { parent: Some(0), depth: 1, opener: Some(0), units: vec![1], window, ..LevelPlan::default() },
            ],
            gates: Vec::new(),
            writes: false,
        }
    }

    fn state(window: u64) -> State {
        let limits = Limits { in_flight: 2, memory: None, items: None, base: vec![0, 0], threads: 1 };
        let stage = Stage {
            graph: "g".into(),
            round: 0,
            index: 0,
            plan: Arc::new(plan(window)),
            tasks: Arc::new([]),
            first_node: 0,
            limits,
            strict: false,
            began: Instant::now(),
        };
        let lanes: Arc<[Arc<dyn Lane>]> = Arc::new([Arc::new(CpuLane)]);
        let house = Arc::new(House::new(Arc::new(AtomicBool::new(false)), None));
        State::new(Arc::new(stage), Surroundings { meter: Arc::new(Meter::new(1)), lanes, modules: ModuleStreams::new(0), house })
    }

    /// Draws until nothing is ready.
    fn draw_all(state: &mut State) {
        while let Some(job) = state.take(Seat { class: Class::Cpu, free: true, tracked: true }) {
            if job.unit == 0 {
                state.drawn(job.item, 0, None, Drawn::Item(Vec::new()));
            } else {
                return;
            }
            state.give_back(job.unit);
            state.settle();
        }
    }

    #[test]
    fn a_plan_without_room_for_its_batches_is_told_with_its_cycle() {
        let mut state = state(1);
        draw_all(&mut state);
        assert!(state.is_dry() && !state.done);
        assert_eq!(
            state.describe_stall(),
            "`feature` at item [0] -> the draw of item [2] by `case` at item [] -> item [0] -> `feature` at item [0] \
             (each waits for the next)"
        );
    }

    #[test]
    fn the_window_of_a_plan_makes_room() {
        let mut state = state(4);
        draw_all(&mut state);
        assert_eq!(state.running, 1, "the batch of four is under way");
    }
}
