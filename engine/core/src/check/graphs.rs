//! One graph: nodes, then edges, cycles, levels and the order of accesses to modules.

use super::{Checker, access, edges, levels, modules, nodes, order};
use crate::graph::{Edge, Graph, Level, Node};
use crate::spec::{self, Spec};
use petgraph::graph::DiGraph;

/// A graph on its way.
pub(super) struct Draft<'a> {
    pub spec: &'a spec::Graph,
    pub nodes: Vec<nodes::Draft<'a>>,
    pub levels: Vec<Level>,
}

pub(super) fn check<'a>(graph: &'a spec::Graph, spec: &'a Spec, modules: &[modules::Draft], checker: &mut Checker) -> Draft<'a> {
    let mut nodes: Vec<nodes::Draft> =
        graph.nodes.iter().map(|node| nodes::check(node, &graph.qualifier, spec, modules, checker)).collect();
    let wires = edges::connect(&mut nodes, spec, checker);
    let order = order::order(nodes.len(), &wires);
    for cycle in &order.cycles {
        report_cycle(cycle, &nodes, checker);
    }
    let levels = levels::assign(&mut nodes, &order.sorted, checker);
    access::check(&nodes, &levels, spec, checker);
    Draft { spec: graph, nodes, levels }
}

/// Reports a cycle at the input that closes it.
fn report_cycle(cycle: &[usize], nodes: &[nodes::Draft], checker: &mut Checker) {
    let first = &nodes[cycle[0]];
    let names = order::arrows(cycle.iter().map(|index| nodes[*index].name().text.as_str()));
    let last = cycle.last().map_or("", |index| nodes[*index].name().text.as_str());
    let closing = first.spec.inputs.iter().find_map(|input| {
        let source = input.source.as_ref()?;
        (source.text.split('.').next() == Some(last)).then_some((input, source))
    });
    let at = closing.map_or(first.name().at, |(_, source)| source.at);
    let fault = checker.faults.error(at, "", format!("nodes form a cycle: {names}"));
    if let Some((input, source)) = closing {
        let (first, input, source) = (&first.name().text, &input.port.text, &source.text);
        fault.hint(format!("input `{input}` of `{first}` takes `{source}`, which needs `{first}` itself; what lasts from item to item is kept by a module"));
    }
}

impl Draft<'_> {
    /// The checked graph; to be called where nothing is wrong.
    pub fn finish(self) -> Graph {
        let nodes: Vec<Node> = self.nodes.into_iter().filter_map(finish_node).collect();
        let mut dag = DiGraph::with_capacity(nodes.len(), nodes.len());
        let indices: Vec<_> = nodes.iter().map(|_| dag.add_node(())).collect();
        for (to, node) in nodes.iter().enumerate() {
            for (input, source) in node.inputs.iter().enumerate() {
                if let Some(source) = source {
                    dag.add_edge(indices[source.node], indices[to], Edge { output: source.output, input });
                }
            }
        }
        Graph { name: self.spec.name.text.clone(), nodes, dag, levels: self.levels }
    }

    pub fn node(&self, name: &str) -> Option<usize> {
        self.nodes.iter().position(|node| node.name().text == name)
    }
}

fn finish_node(draft: nodes::Draft) -> Option<Node> {
    let target = draft.target?;
    Some(Node {
        name: draft.spec.name.text.clone(),
        operator: target.operator,
        module: target.module,
        entry: target.entry,
        params: draft.params,
        inputs: draft.inputs,
        uses: draft.uses,
        batch: draft.batch,
        threads: draft.threads,
        // Only a node of a cycle or with a faulty input has no level, and neither gets here.
        level: draft.level.unwrap_or_default(),
        inner: draft.inner,
        position: draft.spec.name.at,
    })
}

/// `name.port` of an output, or the name alone where there is only one.
pub(super) fn output_name(node: &nodes::Draft, output: usize) -> String {
    let name = &node.name().text;
    match node.target.as_ref().map(|target| &target.entry().outputs) {
        Some(outputs) if outputs.len() > 1 => format!("{name}.{}", outputs[output].name),
        _ => name.clone(),
    }
}
