//! Calls that libtorch strings into one graph for gradients.
//!
//! Each thread numbers what it adds to such a graph, and `backward` goes by these numbers where edges leave a choice: they
//! decide in which order gradients are added up, and so the last digits. So these calls run on one lane, in one order.

use super::NodePlan;
use crate::describe::Kind;
use crate::graph::Graph;

/// Marks the nodes whose calls may add to a graph for gradients: they lead to a `backward` entry, and touch a module
/// or take a value that comes from such a call. JSON carries no gradients, and what a module's cursor gives is data.
pub(super) fn track(graph: &Graph, order: &[usize], nodes: &mut [NodePlan]) {
    for &index in order {
        let node = &graph.nodes[index];
        let entry = node.entry();
        let touches = node.module.is_some() || !node.uses.is_empty();
        let gives = entry.backward || entry.outputs.iter().any(|port| port.type_name != "json");
        let begins = touches && gives && entry.kind != Kind::Scatter;
        let goes_on = node.inputs.iter().flatten().any(|source| {
            let port = &graph.nodes[source.node].entry().outputs[source.output];
            port.type_name != "json" && nodes[source.node].tracked
        });
        nodes[index].tracked = nodes[index].grad && (begins || goes_on);
    }
}
