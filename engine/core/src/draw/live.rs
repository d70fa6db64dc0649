//! SVG to be put into a page while the pipeline runs: its places stay where they are, its colours are the page's.
//!
//! No styles and no scripts, so that a page with a strict content policy takes it. Classes: `node` with `heat0` (least of the
//! time) to `heat5` (most), `changes` where a level begins or ends, `runs` while calls are under way; `level`; `small`, `title`.

use super::svg::{Body, Look, body};
use super::{Times, changes_level, lines, share, time};
use crate::graph::{Graph, Node, Pipeline};
use std::collections::BTreeSet;

/// Characters of the longest usual words about a time: a node does not grow when they do.
const WORDS: usize = 24;
/// Steps of colour after the first.
const STEPS: f64 = 5.0;

/// The pipeline with `times` so far, and marks at nodes that are `running`, by graph and node.
pub fn live(pipeline: &Pipeline, times: &Times, running: &BTreeSet<(String, String)>) -> String {
    let look = |graph: &Graph, node: &Node| {
        let mut lines = lines(pipeline, graph, node, times);
        if time(graph, node, times).is_none() {
            lines.push("no call yet".into());
        }
        let heat = (share(graph, node, times) * STEPS).round();
        let mut class = format!("node heat{heat:.0}");
        if changes_level(node) {
            class.push_str(" changes");
        }
        if running.contains(&(graph.name.clone(), node.name.clone())) {
            class.push_str(" runs");
        }
        Look { lines, least: WORDS, class, style: String::new() }
    };
    let Body { text, width, height } = body(pipeline, &look);
    format!(
        "<svg class=\"graph\" role=\"img\" aria-label=\"The pipeline as a graph\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {width:.0} {height:.0}\">\n{ARROW}{text}</svg>\n"
    )
}

const ARROW: &str = "<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">\
<path class=\"tip\" d=\"M0,0 L8,4 L0,8 z\"/></marker></defs>\n";
