//! Who takes from whom: slots, waits, and what cursors wait for.

use super::units::Builder;
use super::{Feed, Next, Take, UnitKind, hops, value_level};
use crate::describe::Kind;
use crate::graph::Source;

impl Builder<'_> {
    /// Resolves every input to a slot, and finds what each unit waits for.
    pub fn wire(&mut self) -> Result<(), String> {
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

    /// JSON outputs of nodes of which nobody takes anything: what a graph is there for.
    fn keep(&mut self) {
        let mut taken: Vec<Vec<bool>> = self.nodes.iter().map(|node| vec![false; node.outputs.len()]).collect();
        for source in self.graph.nodes.iter().flat_map(|node| node.inputs.iter().flatten()) {
            taken[source.node][source.output] = true;
        }
        for (node, taken) in taken.iter().enumerate() {
            if taken.iter().any(|taken| *taken) {
                continue;
            }
            let outputs = &self.graph.nodes[node].entry().outputs;
            self.nodes[node].kept = (0..taken.len()).filter(|port| outputs[*port].type_name == "json").collect();
        }
    }
}
