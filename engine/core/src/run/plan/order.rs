//! Order of nodes, what remains behind each, gradients and threads.

use super::{Class, NodePlan, Target, class};
use crate::describe::Threads;
use crate::graph::Graph;
use petgraph::algo::toposort;
use petgraph::graph::DiGraph;

/// Nodes so that each comes after all it takes from.
///
/// # Errors
/// The nodes form a cycle.
pub(super) fn order(graph: &Graph) -> Result<Vec<usize>, String> {
    let mut dag = DiGraph::<(), ()>::with_capacity(graph.nodes.len(), graph.nodes.len());
    let ids: Vec<_> = graph.nodes.iter().map(|_| dag.add_node(())).collect();
    for (to, from) in edges(graph) {
        dag.add_edge(ids[from], ids[to], ());
    }
    toposort(&dag, None)
        .map(|order| order.into_iter().map(petgraph::graph::NodeIndex::index).collect())
        .map_err(|cycle| format!("node `{}` waits for itself", graph.nodes[cycle.node_id().index()].name))
}

/// What each node needs, as far as it does not depend on units.
pub(super) fn nodes(graph: &Graph, order: &[usize], target: Target) -> Vec<NodePlan> {
    let mut plans: Vec<NodePlan> = graph
        .nodes
        .iter()
        .enumerate()
        .map(|(index, node)| NodePlan {
            name: node.name.clone(),
            grad: node.entry().backward,
            threads: threads(graph, index, target),
            outputs: vec![None; node.entry().outputs.len()],
            ..NodePlan::default()
        })
        .collect();
    for &node in order.iter().rev() {
        plans[node].remaining += 1;
        let (remaining, grad) = (plans[node].remaining, plans[node].grad);
        for source in graph.nodes[node].inputs.iter().flatten() {
            let before = &mut plans[source.node];
            before.remaining = before.remaining.max(remaining);
            before.grad |= grad;
        }
    }
    plans
}

/// Pairs of consumer and producer, once an input.
pub(super) fn edges(graph: &Graph) -> impl Iterator<Item = (usize, usize)> {
    graph.nodes.iter().enumerate().flat_map(|(to, node)| node.inputs.iter().flatten().map(move |source| (to, source.node)))
}

/// The budget never depends on the number of lanes, so neither do the bits. A lane on a device only feeds its stream.
fn threads(graph: &Graph, index: usize, target: Target) -> u32 {
    let node = &graph.nodes[index];
    let wanted = match (node.threads, class(graph, index, target), node.operator.description.threads) {
        (Some(threads), _, _) => threads,
        (None, Class::Cpu, Threads::All) => target.budget,
        (None, _, _) => 1,
    };
    wanted.clamp(1, target.budget.max(1))
}
