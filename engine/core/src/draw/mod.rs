//! A checked pipeline as a picture: DOT for Graphviz, SVG for everyone, SVG within a page that is drawn again and again.
//! Levels are boxes, times are colours.

mod dot;
mod layout;
mod live;
mod svg;

pub use dot::dot;
pub use live::live;
pub use svg::svg;

use crate::describe::{Access, Kind};
use crate::graph::{Graph, Node, Pipeline};
use std::collections::BTreeMap;

/// What calls of a node took, by graph and node.
pub type Times = BTreeMap<(String, String), Time>;

/// Time of all calls of one node.
#[derive(Clone, Copy, Debug, Default)]
pub struct Time {
    pub calls: u64,
    pub total_ms: f64,
}

/// Lines that a node shows: its name, what it runs, the modules it touches, its time.
fn lines(pipeline: &Pipeline, graph: &Graph, node: &Node, times: &Times) -> Vec<String> {
    let (entry, target) = (node.entry(), pipeline.target(node));
    let batch = if node.batch > 1 { format!(" · batch {}", node.batch) } else { String::new() };
    let mut lines = vec![node.name.clone(), format!("{target}{batch}")];
    let own = node.module.iter().map(|module| (entry.access, *module));
    let used =
        entry.uses.iter().zip(&node.uses).flat_map(|(wanted, modules)| modules.iter().map(|module| (wanted.access, *module)));
    let mut touched: Vec<String> = Vec::new();
    for (access, module) in own.chain(used) {
        let verb = match access {
            Access::None => continue,
            Access::Read => "reads",
            Access::Write => "writes",
        };
        let words = format!("{verb} {}", pipeline.modules[module].name);
        if !touched.contains(&words) {
            touched.push(words);
        }
    }
    if !touched.is_empty() {
        lines.push(touched.join(", "));
    }
    lines.extend(time(graph, node, times).map(|time| words(&time)));
    lines
}

fn time(graph: &Graph, node: &Node, times: &Times) -> Option<Time> {
    times.get(&(graph.name.clone(), node.name.clone())).copied().filter(|time| time.calls > 0)
}

/// `12 × 3.4 ms = 40.8 ms`
fn words(time: &Time) -> String {
    let unit = |ms: f64| match ms {
        ms if ms >= 1000.0 => format!("{:.1} s", ms / 1000.0),
        ms if ms >= 1.0 => format!("{ms:.1} ms"),
        ms => format!("{:.1} µs", ms * 1000.0),
    };
    #[allow(clippy::cast_precision_loss)]
    let mean = time.total_ms / time.calls as f64;
    format!("{} × {} = {}", time.calls, unit(mean), unit(time.total_ms))
}

/// From white to orange by the node's share of the longest time.
fn fill(graph: &Graph, node: &Node, times: &Times) -> String {
    let share = share(graph, node, times);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let mix = |least: f64| (255.0 - (255.0 - least) * share).round() as u8;
    format!("#{:02x}{:02x}{:02x}", mix(255.0), mix(178.0), mix(102.0))
}

/// A node's part of the longest time, from 0 to 1.
fn share(graph: &Graph, node: &Node, times: &Times) -> f64 {
    let longest = times.values().map(|time| time.total_ms).fold(0.0, f64::max);
    time(graph, node, times).map_or(0.0, |time| if longest > 0.0 { (time.total_ms / longest).clamp(0.0, 1.0) } else { 0.0 })
}

/// What a level repeats, in words.
fn level_words(graph: &Graph, level: usize) -> String {
    graph.levels[level].opener.map_or(String::new(), |opener| format!("each item of {}", graph.nodes[opener].name))
}

/// The levels directly inside one.
fn inside(graph: &Graph, level: usize) -> impl Iterator<Item = usize> {
    (0..graph.levels.len()).filter(move |inner| graph.levels[*inner].parent == Some(level))
}

/// `label -> truth`: the ports of an edge.
fn ports(graph: &Graph, from: usize, output: usize, to: usize, input: usize) -> (String, String) {
    let output = graph.nodes[from].entry().outputs.get(output).map_or(String::new(), |port| port.name.clone());
    let input = graph.nodes[to].entry().inputs.get(input).map_or(String::new(), |port| port.name.clone());
    (output, input)
}

/// True where a node makes many of one, or one of many.
fn changes_level(node: &Node) -> bool {
    node.entry().kind != Kind::Map
}
