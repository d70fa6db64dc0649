//! Which nodes run inline, one after the other, as one unit.

use super::{Gating, NodePlan, Target, class};
use crate::graph::Graph;
use petgraph::graph::DiGraph;
use petgraph::visit::{Dfs, Reversed};

/// Splits the nodes into chains, in an order in which each comes after all it takes from. A node that is alone is a chain of one.
///
/// A node joins the chain of the node before it when that node feeds nobody else and all its other inputs are there before
/// the chain begins; both ask for one thread, the same lanes and no turn.
pub(super) fn chains(graph: &Graph, order: &[usize], nodes: &[NodePlan], gating: &Gating, target: Target) -> Vec<Vec<usize>> {
    let consumers = consumers(graph);
    let before = before(graph);
    let mut chains: Vec<Vec<usize>> = Vec::new();
    let mut chain_of: Vec<Option<usize>> = vec![None; graph.nodes.len()];
    for &node in order {
        let joined = graph.nodes[node].inputs.iter().flatten().map(|source| source.node).find(|&last| {
            let Some(chain) = chain_of[last] else { return false };
            let head = chains[chain][0];
            let same =
                graph.nodes[last].level == graph.nodes[node].level && class(graph, last, target) == class(graph, node, target);
            let alone = consumers[last].iter().all(|consumer| *consumer == node) && chains[chain].last() == Some(&last);
            let ready = graph.nodes[node].inputs.iter().flatten().all(|source| {
                // From a shallower level, or from the cursor that made the item: there when the item is.
                let outside = graph.nodes[source.node].level != graph.nodes[node].level;
                source.node == last || outside || before[head].contains(&source.node)
            });
            let plain = |node: usize| inline(graph, node, &nodes[node], gating);
            same && nodes[last].tracked == nodes[node].tracked && alone && ready && plain(last) && plain(node)
        });
        let chain = match joined.and_then(|last| chain_of[last]) {
            Some(chain) => chain,
            None => {
                chains.push(Vec::new());
                chains.len() - 1
            }
        };
        chains[chain].push(node);
        chain_of[node] = Some(chain);
    }
    chains
}

fn inline(graph: &Graph, node: usize, plan: &NodePlan, gating: &Gating) -> bool {
    let batched = graph.nodes[node].batch > 1 && graph.nodes[node].level > 0;
    gating.free(graph, node) && !batched && plan.threads == 1
}

fn consumers(graph: &Graph) -> Vec<Vec<usize>> {
    let mut consumers = vec![Vec::new(); graph.nodes.len()];
    for (to, from) in super::order::edges(graph) {
        consumers[from].push(to);
    }
    consumers
}

/// By node: all nodes that are done before it begins.
fn before(graph: &Graph) -> Vec<Vec<usize>> {
    let mut dag = DiGraph::<(), ()>::new();
    let ids: Vec<_> = graph.nodes.iter().map(|_| dag.add_node(())).collect();
    for (to, from) in super::order::edges(graph) {
        dag.update_edge(ids[from], ids[to], ());
    }
    let walk = |node: usize| {
        let mut found = Vec::new();
        let mut dfs = Dfs::new(Reversed(&dag), ids[node]);
        while let Some(next) = dfs.next(Reversed(&dag)) {
            found.push(next.index());
        }
        found
    };
    (0..graph.nodes.len()).map(walk).collect()
}
