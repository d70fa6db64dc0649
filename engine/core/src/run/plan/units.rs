//! Units, in what order they take turns, and that they do not wait for each other.

use super::{Class, GatePlan, Gating, LevelPlan, Next, NodePlan, Plan, Target, Unit, UnitKind, class};
use crate::describe::{Kind, Mode};
use crate::graph::{Graph, Module};
use petgraph::algo::{tarjan_scc, toposort};
use petgraph::graph::DiGraph;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// Puts the plan together.
///
/// # Errors
/// Units that wait for each other, or inputs from a level that does not lead here.
pub(super) fn build(
    graph: &Graph,
    modules: &[Module],
    target: Target,
    nodes: Vec<NodePlan>,
    chains: Vec<Vec<usize>>,
    gating: &Gating,
) -> Result<Plan, String> {
    let mut builder = Builder::new(graph, nodes);
    for chain in chains {
        builder.add(chain, modules.len(), gating, target);
    }
    builder.wire()?;
    builder.take_turns(gating);
    builder.order_gradients();
    builder.window();
    builder.refuse_cycles()?;
    let writes = gating.modules.iter().flatten().any(|(_, write)| *write);
    let Builder { nodes, units, levels, gates, .. } = builder;
    Ok(Plan { nodes, units, levels, gates, writes })
}

pub(super) struct Builder<'g> {
    pub graph: &'g Graph,
    pub nodes: Vec<NodePlan>,
    pub units: Vec<Unit>,
    pub levels: Vec<LevelPlan>,
    gates: Vec<GatePlan>,
    pub unit_of: Vec<usize>,
    /// By (before, after): whether data flows.
    pub waits: BTreeMap<(usize, usize), bool>,
}

impl<'g> Builder<'g> {
    fn new(graph: &'g Graph, nodes: Vec<NodePlan>) -> Self {
        let levels = graph.levels.iter().map(|level| LevelPlan {
            parent: level.parent,
            depth: level.depth,
            born: level.opener.map_or_else(Vec::new, |opener| vec![None; graph.nodes[opener].entry().outputs.len()]),
            ..LevelPlan::default()
        });
        Self {
            graph,
            levels: levels.collect(),
            units: Vec::new(),
            gates: Vec::new(),
            unit_of: vec![usize::MAX; nodes.len()],
            waits: BTreeMap::new(),
            nodes,
        }
    }

    /// Makes the unit of a chain; a gather also gets one that hands it items.
    fn add(&mut self, chain: Vec<usize>, n_modules: usize, gating: &Gating, target: Target) {
        let head = chain[0];
        let node = &self.graph.nodes[head];
        let unit = self.units.len();
        let kind = match (node.entry().kind, node.inner) {
            (Kind::Scatter, Some(level)) => {
                self.levels[level].opener = Some(unit);
                self.levels[level].nth = self.levels[node.level].children.len();
                self.levels[node.level].children.push(level);
                UnitKind::Scatter { node: head, level, nth: self.levels[level].nth }
            }
            (Kind::Gather, Some(level)) => {
                let nth = self.levels[node.level].gathers.len();
                self.levels[node.level].gathers.push(unit);
                self.levels[level].taken_by.push(unit);
                UnitKind::Gather { node: head, level, nth }
            }
            _ if node.batch > 1 && node.level > 0 => UnitKind::Batch { node: head, size: node.batch as u64 },
            _ => UnitKind::Chain(chain.clone()),
        };
        let description = &node.operator.description;
        let lock = (description.mode != Mode::Parallel).then(|| node.module.unwrap_or(n_modules + head));
        let class = class(self.graph, head, target);
        let made = Unit {
            level: node.level,
            local: 0,
            class,
            tracked: self.nodes[head].tracked,
            // A lane of a device feeds its stream: it must not keep the threads that read for it.
            threads: if class == Class::Device { 0 } else { self.nodes[head].threads },
            remaining: self.nodes[head].remaining,
            waits: 0,
            feeds: Vec::new(),
            takes: Vec::new(),
            gates: Vec::new(),
            lock,
            modules: gating.modules[head].clone(),
            kind,
        };
        for node in chain {
            self.unit_of[node] = unit;
        }
        let push = matches!(made.kind, UnitKind::Gather { .. }).then(|| Unit {
            kind: UnitKind::Push { node: head, gather: unit },
            level: node.inner.unwrap_or(0),
            feeds: Vec::new(),
            takes: Vec::new(),
            gates: Vec::new(),
            modules: Vec::new(),
            ..made
        });
        self.place(made);
        if let Some(push) = push {
            self.place(push);
        }
    }

    fn place(&mut self, mut unit: Unit) {
        let level = &mut self.levels[unit.level];
        unit.local = level.units.len();
        level.units.push(self.units.len());
        self.units.push(unit);
    }

    /// Makes the gates, with the units of each in the order of the graph.
    fn take_turns(&mut self, gating: &Gating) {
        for turns in &gating.gates {
            let mut units: Vec<usize> = turns.nodes.iter().map(|node| self.unit_of[*node]).collect();
            units.sort_unstable();
            units.dedup();
            if turns.ordered {
                self.one_by_one(&units);
            }
            if turns.level > 0 {
                self.gate(&turns.name, turns.level, units);
            }
        }
    }

    /// Fixes the order of the calls that add to a graph for gradients: within an item, and over the items that one step
    /// takes together. Steps themselves need none, each has a graph of its own.
    fn order_gradients(&mut self) {
        let Ok(order) = toposort(&self.dag(), None) else { return };
        let order: Vec<usize> = order.into_iter().map(|id| id.index()).collect();
        for level in 0..self.levels.len() {
            let tracked = |unit: &&usize| self.units[**unit].tracked && self.units[**unit].level == level;
            let is_call = |unit: &&usize| matches!(self.units[**unit].kind, UnitKind::Chain(_) | UnitKind::Gather { .. });
            let calls: Vec<usize> = order.iter().filter(tracked).filter(is_call).copied().collect();
            self.one_by_one(&calls);
            if self.levels[level].depth > 1 && !calls.is_empty() {
                self.gate("the order of gradients", level, calls);
            }
        }
    }

    /// Lets each unit wait for the one before it, failed or not.
    fn one_by_one(&mut self, units: &[usize]) {
        for pair in units.windows(2) {
            if let Entry::Vacant(place) = self.waits.entry((pair[0], pair[1])) {
                place.insert(false);
                self.units[pair[0]].feeds.push(Next { unit: pair[1], data: false });
                self.units[pair[1]].waits += 1;
            }
        }
    }

    /// Lets items of a level take turns at some units.
    fn gate(&mut self, name: &str, level: usize, units: Vec<usize>) {
        let gate = self.gates.len();
        for &unit in &units {
            self.units[unit].gates.push(gate);
        }
        let mut at = level;
        while let Some(parent) = self.levels[at].parent {
            self.levels[at].gates.push(gate);
            at = parent;
        }
        self.gates.push(GatePlan { name: name.into(), level, units });
    }

    /// A batch waits for its youngest item, and a batch behind it for that item's batch: so many items must be in flight at once.
    fn window(&mut self) {
        for level in &mut self.levels {
            let more = level.units.iter().map(|unit| match self.units[*unit].kind {
                UnitKind::Batch { size, .. } => size - 1,
                _ => 0,
            });
            level.window = 1 + more.sum::<u64>();
        }
    }

    /// The units, each before those that wait for it.
    fn dag(&self) -> DiGraph<(), ()> {
        let mut dag = DiGraph::new();
        let ids: Vec<_> = self.units.iter().map(|_| dag.add_node(())).collect();
        for (index, unit) in self.units.iter().enumerate() {
            for next in &unit.feeds {
                dag.add_edge(ids[index], ids[next.unit], ());
            }
            if let UnitKind::Push { gather, .. } = unit.kind {
                dag.add_edge(ids[index], ids[gather], ());
            }
            if let Some(opener) = self.levels[unit.level].opener {
                dag.add_edge(ids[opener], ids[index], ());
            }
        }
        dag
    }

    fn refuse_cycles(&self) -> Result<(), String> {
        let dag = self.dag();
        if toposort(&dag, None).is_ok() {
            return Ok(());
        }
        let name = |unit: usize| format!("`{}`", self.graph.nodes[self.units[unit].kind.node()].name);
        let knot = tarjan_scc(&dag).into_iter().find(|knot| knot.len() > 1).unwrap_or_default();
        let mut names: Vec<String> = knot.iter().map(|id| name(id.index())).collect();
        names.sort();
        names.dedup();
        Err(format!(
            "{} wait for each other: a level takes what only comes when all its items are done; draw the items a second time",
            names.join(", ")
        ))
    }
}
