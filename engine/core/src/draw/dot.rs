//! DOT, for Graphviz and what reads it.

use super::{Times, changes_level, fill, inside, level_words, lines, ports};
use crate::graph::{Graph, Pipeline};
use std::fmt::Write;

/// The pipeline in DOT; `times` may be empty.
pub fn dot(pipeline: &Pipeline, times: &Times) -> String {
    let mut text = String::from("digraph pipeline {\n");
    text.push_str("  node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"sans-serif\", fontsize=11];\n");
    text.push_str("  edge [fontname=\"sans-serif\", fontsize=8, color=\"#555555\"];\n");
    text.push_str("  graph [fontname=\"sans-serif\", fontsize=10, style=rounded, color=\"#888888\"];\n");
    for (number, graph) in pipeline.graphs.iter().enumerate() {
        if pipeline.graphs.len() > 1 {
            line(&mut text, 1, &format!("subgraph cluster_{number} {{ label={};", quoted(&graph.name)));
        }
        level(&mut text, pipeline, graph, number, 0, 2, times);
        edges(&mut text, graph);
        if pipeline.graphs.len() > 1 {
            line(&mut text, 1, "}");
        }
    }
    text.push_str("}\n");
    text
}

fn level(text: &mut String, pipeline: &Pipeline, graph: &Graph, number: usize, level: usize, indent: usize, times: &Times) {
    for node in graph.nodes.iter().filter(|node| node.level == level) {
        let label: Vec<String> = lines(pipeline, graph, node, times).iter().map(|line| escaped(line)).collect();
        let border = if changes_level(node) { ", penwidth=2" } else { "" };
        let (id, fill) = (quoted(&format!("{}.{}", graph.name, node.name)), fill(graph, node, times));
        line(text, indent, &format!("{id} [label=\"{}\", fillcolor=\"{fill}\"{border}];", label.join("\\n")));
    }
    for inner in inside(graph, level) {
        line(text, indent, &format!("subgraph cluster_{number}_{inner} {{ label={};", quoted(&level_words(graph, inner))));
        self::level(text, pipeline, graph, number, inner, indent + 1, times);
        line(text, indent, "}");
    }
}

fn edges(text: &mut String, graph: &Graph) {
    for (to, node) in graph.nodes.iter().enumerate() {
        for (input, source) in node.inputs.iter().enumerate() {
            let Some(source) = source else { continue };
            let (output, input) = ports(graph, source.node, source.output, to, input);
            let from = quoted(&format!("{}.{}", graph.name, graph.nodes[source.node].name));
            let to = quoted(&format!("{}.{}", graph.name, node.name));
            let label = if output == input { output } else { format!("{output} → {input}") };
            line(text, 2, &format!("{from} -> {to} [label={}];", quoted(&label)));
        }
    }
}

fn line(text: &mut String, indent: usize, line: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{:width$}{line}", "", width = indent * 2);
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", escaped(name))
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', " ")
}
