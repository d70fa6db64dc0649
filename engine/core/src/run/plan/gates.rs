//! Who takes turns: accesses to a module that is written, and operators that want their items in order.

use crate::describe::{Access, Kind, Mode};
use crate::graph::{Graph, Module};

/// Turns, before units are known.
pub(crate) struct Gating {
    pub gates: Vec<Turns>,
    /// By node: the modules that some node of the graph writes, and whether this node does.
    pub modules: Vec<Vec<(usize, bool)>>,
}

/// One thing that items take turns at.
pub(crate) struct Turns {
    pub name: String,
    pub level: usize,
    pub nodes: Vec<usize>,
    /// The nodes of one item go one after the other, too, in the order of the file.
    pub ordered: bool,
}

/// Finds the turns of a graph.
///
/// # Errors
/// Accesses to one module at different levels, or in batches between other accesses.
pub(super) fn gating(graph: &Graph, modules: &[Module]) -> Result<Gating, String> {
    let mut gating = Gating { gates: Vec::new(), modules: vec![Vec::new(); graph.nodes.len()] };
    for (index, module) in modules.iter().enumerate() {
        let touching: Vec<(usize, Access)> = (0..graph.nodes.len())
            .map(|node| (node, access(graph, node, index)))
            .filter(|(_, access)| *access != Access::None)
            .collect();
        let written = touching.iter().any(|(_, access)| *access == Access::Write);
        if written {
            for &(node, access) in &touching {
                gating.modules[node].push((index, access == Access::Write));
            }
        }
        let ordered = module.operator.description.mode == Mode::Ordered;
        let mut nodes: Vec<usize> = if written { touching.iter().map(|(node, _)| *node).collect() } else { Vec::new() };
        if ordered {
            let calls = (0..graph.nodes.len()).filter(|node| graph.nodes[*node].module == Some(index));
            nodes.extend(calls.filter(|node| !touching.iter().any(|(touched, _)| written && touched == node)));
            nodes.sort_unstable();
        }
        add(&mut gating, graph, &module.name, nodes, ordered, written)?;
    }
    for (index, node) in graph.nodes.iter().enumerate() {
        if node.module.is_none() && node.operator.description.mode == Mode::Ordered {
            add(&mut gating, graph, &node.name, vec![index], true, false)?;
        }
    }
    Ok(gating)
}

fn add(gating: &mut Gating, graph: &Graph, name: &str, nodes: Vec<usize>, ordered: bool, written: bool) -> Result<(), String> {
    let Some(&first) = nodes.first() else { return Ok(()) };
    let level = graph.nodes[first].level;
    if let Some(&other) = nodes.iter().find(|node| graph.nodes[**node].level != level) {
        let why = if written { "is written here" } else { "takes its items in order" };
        return Err(format!(
            "module `{name}` {why}, but its nodes `{}` and `{}` are at different levels",
            graph.nodes[first].name, graph.nodes[other].name
        ));
    }
    if nodes.len() > 1
        && level > 0
        && let Some(&batch) = nodes.iter().find(|node| graph.nodes[**node].batch > 1)
    {
        return Err(format!(
            "node `{}` takes items in batches, but module `{name}` must see all of one item before the next",
            graph.nodes[batch].name
        ));
    }
    gating.gates.push(Turns { name: name.into(), level, nodes, ordered });
    Ok(())
}

/// The strongest way in which a node touches a module.
fn access(graph: &Graph, node: usize, module: usize) -> Access {
    let node = &graph.nodes[node];
    let own = if node.module == Some(module) { node.entry().access } else { Access::None };
    let used = node.entry().uses.iter().zip(&node.uses).filter(|(_, modules)| modules.contains(&module));
    used.map(|(port, _)| port.access).fold(own, Access::max)
}

impl Gating {
    /// Whether a node may run in a chain, without waiting for a turn.
    pub fn free(&self, graph: &Graph, node: usize) -> bool {
        let operator = &graph.nodes[node].operator.description;
        operator.mode == Mode::Parallel && self.modules[node].is_empty() && graph.nodes[node].entry().kind == Kind::Map
    }
}
