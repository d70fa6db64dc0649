//! Units, their slots and who waits for whom.

use super::{Feed, GatePlan, Gating, LevelPlan, Next, NodePlan, Plan, Take, Target, Unit, UnitKind, class, hops, value_level};
use crate::describe::{Kind, Mode};
use crate::graph::{Graph, Module, Source};
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
    builder.window();
    builder.refuse_cycles()?;
    let writes = gating.modules.iter().flatten().any(|(_, write)| *write);
    let Builder { nodes, units, levels, gates, .. } = builder;
    Ok(Plan { nodes, units, levels, gates, writes })
}

struct Builder<'g> {
    graph: &'g Graph,
    nodes: Vec<NodePlan>,
    units: Vec<Unit>,
    levels: Vec<LevelPlan>,
    gates: Vec<GatePlan>,
    unit_of: Vec<usize>,
    /// By (before, after): whether data flows.
    waits: BTreeMap<(usize, usize), bool>,
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
        let made = Unit {
            level: node.level,
            local: 0,
            class: class(self.graph, head, target),
            threads: self.nodes[head].threads,
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

    /// Resolves every input to a slot, and finds what each unit waits for.
    fn wire(&mut self) -> Result<(), String> {
        for unit in 0..self.units.len() {
            match self.units[unit].kind.clone() {
                UnitKind::Chain(nodes) => {
                    for node in nodes {
                        self.nodes[node].inputs = self.feeds(unit, node, |_| true)?;
                    }
                }
                UnitKind::Batch { node, .. } | UnitKind::Scatter { node, .. } => {
                    self.nodes[node].inputs = self.feeds(unit, node, |_| true)?;
                }
                UnitKind::Gather { node, level, .. } => {
                    let entry = self.graph.nodes[node].entry();
                    self.nodes[node].inputs = self.feeds(unit, node, |port| !entry.inputs[port].gather)?;
                    self.open_after(level, unit, node);
                }
                UnitKind::Push { node, .. } => {
                    let entry = self.graph.nodes[node].entry();
                    self.nodes[node].pushed = self.feeds(unit, node, |port| entry.inputs[port].gather)?;
                }
            }
        }
        for (&(from, to), &data) in &self.waits {
            self.units[from].feeds.push(Next { unit: to, data });
            self.units[to].waits += 1;
        }
        self.keep();
        Ok(())
    }

    /// The feeds of the ports that `wanted` names, seen from `unit`.
    fn feeds(&mut self, unit: usize, node: usize, wanted: impl Fn(usize) -> bool) -> Result<Vec<Feed>, String> {
        let inputs = self.graph.nodes[node].inputs.clone();
        let feed = |(port, source): (usize, Option<Source>)| match source {
            Some(source) if wanted(port) => self.feed(unit, node, source),
            _ => Ok(Feed::None),
        };
        inputs.into_iter().enumerate().map(feed).collect()
    }

    fn feed(&mut self, unit: usize, node: usize, source: Source) -> Result<Feed, String> {
        let (level, home) = (self.units[unit].level, value_level(self.graph, source.node));
        let maker = self.unit_of[source.node];
        if maker == unit {
            return Ok(Feed::Chain(source.output));
        }
        let Some(up) = hops(self.graph, level, home) else {
            let (taker, maker) = (&self.graph.nodes[node].name, &self.graph.nodes[source.node].name);
            return Err(format!("node `{taker}` takes from `{maker}`, whose items are not its own"));
        };
        let slot = self.slot(home, source);
        let born = self.graph.nodes[source.node].level != home;
        if up == 0 {
            if !born {
                self.wait(maker, unit, true);
            }
        } else if let Some(child) = self.child_on_the_way(level, home) {
            if !self.levels[child].holds.contains(&slot) {
                self.levels[child].holds.push(slot);
                self.levels[home].uses[slot] += 1;
            }
            if let (false, Some(opener)) = (born, self.levels[child].opener) {
                self.wait(maker, opener, true);
            }
        }
        let take = Take { up, slot };
        if !self.units[unit].takes.contains(&take) {
            self.units[unit].takes.push(take);
            if up == 0 {
                self.levels[home].uses[slot] += 1;
            }
        }
        Ok(Feed::Slot { up, slot })
    }

    /// The level below `home` through which one comes down to `level`.
    fn child_on_the_way(&self, level: usize, home: usize) -> Option<usize> {
        let mut at = level;
        while self.levels[at].parent? != home {
            at = self.levels[at].parent?;
        }
        Some(at)
    }

    fn slot(&mut self, level: usize, source: Source) -> usize {
        let born = self.graph.nodes[source.node].level != level;
        let uses = &mut self.levels[level].uses;
        let place = &mut self.nodes[source.node].outputs[source.output];
        let slot = *place.get_or_insert_with(|| {
            uses.push(0);
            uses.len() - 1
        });
        if born {
            self.levels[level].born[source.output] = Some(slot);
        }
        slot
    }

    fn wait(&mut self, before: usize, after: usize, data: bool) {
        *self.waits.entry((before, after)).or_insert(false) |= data;
    }

    /// A cursor opens when all that the accumulators over its items take from outside is there; so items never pile up before them.
    fn open_after(&mut self, level: usize, unit: usize, node: usize) {
        let Some(opener) = self.levels[level].opener else { return };
        let entry = self.graph.nodes[node].entry();
        let outside = self.graph.nodes[node].inputs.iter().zip(&entry.inputs).filter(|(_, port)| !port.gather);
        let makers: Vec<usize> = outside
            .filter_map(|(source, _)| *source)
            .filter(|source| self.graph.nodes[source.node].level == self.units[unit].level)
            .filter(|source| self.graph.nodes[source.node].inner.is_none() || self.is_gather(source.node))
            .map(|source| self.unit_of[source.node])
            .collect();
        for maker in makers {
            self.wait(maker, opener, true);
        }
    }

    fn is_gather(&self, node: usize) -> bool {
        self.graph.nodes[node].entry().kind == Kind::Gather
    }

    /// JSON outputs that nobody takes.
    fn keep(&mut self) {
        let mut taken: Vec<Vec<bool>> = self.nodes.iter().map(|node| vec![false; node.outputs.len()]).collect();
        for source in self.graph.nodes.iter().flat_map(|node| node.inputs.iter().flatten()) {
            taken[source.node][source.output] = true;
        }
        for (node, taken) in taken.iter().enumerate() {
            let outputs = &self.graph.nodes[node].entry().outputs;
            self.nodes[node].kept = (0..taken.len()).filter(|port| !taken[*port] && outputs[*port].type_name == "json").collect();
        }
    }

    /// Makes the gates, with the units of each in the order of the graph.
    fn take_turns(&mut self, gating: &Gating) {
        for turns in &gating.gates {
            let mut units: Vec<usize> = turns.nodes.iter().map(|node| self.unit_of[*node]).collect();
            units.sort_unstable();
            units.dedup();
            if turns.ordered {
                for pair in units.windows(2) {
                    if let Entry::Vacant(place) = self.waits.entry((pair[0], pair[1])) {
                        place.insert(false);
                        self.units[pair[0]].feeds.push(Next { unit: pair[1], data: false });
                        self.units[pair[1]].waits += 1;
                    }
                }
            }
            if turns.level == 0 {
                continue;
            }
            for &unit in &units {
                self.units[unit].gates.push(self.gates.len());
            }
            let mut level = turns.level;
            while let Some(parent) = self.levels[level].parent {
                self.levels[level].gates.push(self.gates.len());
                level = parent;
            }
            self.gates.push(GatePlan { name: turns.name.clone(), level: turns.level, units });
        }
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

    fn refuse_cycles(&self) -> Result<(), String> {
        let mut dag = DiGraph::<(), ()>::new();
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
