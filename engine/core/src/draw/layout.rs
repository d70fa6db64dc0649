//! Where nodes go: layers from top to bottom by the longest path, levels as strips beside each other.
//!
//! Every level owns a vertical strip, so that its box holds its nodes and those of the levels inside it and no others.
//! An edge over several layers takes a narrow place in each of them, so that it does not run through nodes.

use crate::graph::Graph;

/// Between neighbours in a layer.
const GAP: f64 = 24.0;
/// Width that a passing edge takes.
const PASSING: f64 = 12.0;
/// Between the border of a box and what is in it; the words of a box stand above its nodes.
const PADDING: f64 = 12.0;
const WORDS: f64 = 18.0;
/// Between layers, besides the borders of boxes.
const LAYER_GAP: f64 = 34.0;
/// Times that neighbours are put below and above each other.
const SWEEPS: usize = 6;

/// A graph with places, in pixels.
pub(super) struct Layout {
    pub width: f64,
    pub height: f64,
    /// By node.
    pub nodes: Vec<Rect>,
    /// By level; the graph's own has no box.
    pub boxes: Vec<Rect>,
    /// By edge of [`edges`]: points from the source's lower border to the target's upper one.
    pub edges: Vec<Vec<(f64, f64)>>,
}

/// A place.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rect {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

impl Rect {
    fn middle(&self) -> f64 {
        self.x + self.width / 2.0
    }
}

/// `(from, output, to, input)` of every edge.
pub(super) fn edges(graph: &Graph) -> Vec<(usize, usize, usize, usize)> {
    let of_node = |(to, node): (usize, &crate::graph::Node)| -> Vec<_> {
        let sources = node.inputs.iter().enumerate();
        sources.filter_map(|(input, source)| source.map(|source| (source.node, source.output, to, input))).collect()
    };
    graph.nodes.iter().enumerate().flat_map(of_node).collect()
}

/// Something in a layer: a node, or an edge that passes.
struct Item {
    layer: usize,
    level: usize,
    width: f64,
    x: f64,
    neighbours: Vec<usize>,
}

/// Places nodes of the given sizes.
pub(super) fn layout(graph: &Graph, sizes: &[(f64, f64)]) -> Layout {
    let edges = edges(graph);
    let layers = layers(graph, &edges);
    let mut items: Vec<Item> = (0..graph.nodes.len())
        .map(|node| Item {
            layer: layers[node],
            level: graph.nodes[node].level,
            width: sizes[node].0,
            x: 0.0,
            neighbours: Vec::new(),
        })
        .collect();
    let ways: Vec<Vec<usize>> = edges.iter().map(|edge| way(edge.0, edge.2, &mut items)).collect();
    let strips = arrange(graph, &mut items);

    // Borders of boxes inside one another need room above and below a layer.
    let heights: Vec<usize> = (0..graph.levels.len()).map(|level| nesting(graph, level)).collect();
    let deepest = heights.iter().copied().max().unwrap_or(0);
    let room = |n: usize| n as f64 * (PADDING + WORDS);
    let n_layers = layers.iter().max().map_or(0, |last| last + 1);
    let tallest =
        |layer: usize| (0..layers.len()).filter(|node| layers[*node] == layer).map(|node| sizes[node].1).fold(0.0, f64::max);
    let mut tops = Vec::with_capacity(n_layers);
    let mut y = room(deepest) + PADDING;
    for layer in 0..n_layers {
        tops.push(y);
        y += tallest(layer) + LAYER_GAP + room(deepest);
    }
    let bottom = |layer: usize| tops[layer] + tallest(layer);
    let nodes: Vec<Rect> = (0..graph.nodes.len())
        .map(|node| Rect {
            x: items[node].x - sizes[node].0 / 2.0,
            y: tops[layers[node]],
            width: sizes[node].0,
            height: sizes[node].1,
        })
        .collect();
    let boxes = (0..graph.levels.len())
        .map(|level| {
            let inside = (0..layers.len()).filter(|node| holds(graph, level, graph.nodes[*node].level)).map(|node| layers[node]);
            let (Some(first), Some(last)) = (inside.clone().min(), inside.max()) else { return Rect::default() };
            let border = room(heights[level]);
            let (x, width) = strips[level];
            let top = tops[first] - border;
            Rect { x, y: top, width, height: bottom(last) + heights[level] as f64 * PADDING - top }
        })
        .collect();
    let points = |way: &Vec<usize>| -> Vec<(f64, f64)> {
        let mut points = Vec::new();
        for (step, item) in way.iter().enumerate() {
            match nodes.get(*item) {
                Some(node) if step == 0 => points.push((node.middle(), node.y + node.height)),
                Some(node) => points.push((node.middle(), node.y)),
                None => {
                    let passing = &items[*item];
                    points.push((passing.x, tops[passing.layer]));
                    points.push((passing.x, bottom(passing.layer)));
                }
            }
        }
        points
    };
    let edges = ways.iter().map(points).collect();
    let (left, own) = strips[0];
    Layout { width: left + own, height: y - LAYER_GAP, nodes, boxes, edges }
}

/// The longest path to each node. Inputs of a node are not always before it in the file, hence the rounds.
fn layers(graph: &Graph, edges: &[(usize, usize, usize, usize)]) -> Vec<usize> {
    let pairs: Vec<(usize, usize)> = edges.iter().map(|edge| (edge.0, edge.2)).collect();
    let mut layers = vec![0; graph.nodes.len()];
    let mut after = vec![Vec::new(); graph.nodes.len()];
    pairs.iter().for_each(|(from, to)| after[*from].push(*to));
    for node in crate::check::order::order(graph.nodes.len(), &pairs).sorted {
        for &next in &after[node] {
            layers[next] = layers[next].max(layers[node] + 1);
        }
    }
    layers
}

/// The items that an edge goes through; adds those in the layers between, in the strip of its source.
fn way(from: usize, to: usize, items: &mut Vec<Item>) -> Vec<usize> {
    let mut way = vec![from];
    for layer in items[from].layer + 1..items[to].layer {
        way.push(items.len());
        items.push(Item { layer, level: items[from].level, width: PASSING, x: 0.0, neighbours: Vec::new() });
    }
    way.push(to);
    for pair in way.windows(2) {
        items[pair[0]].neighbours.push(pair[1]);
        items[pair[1]].neighbours.push(pair[0]);
    }
    way
}

/// Gives every item its `x` and every level its strip, `(x, width)`, those of inner levels included.
fn arrange(graph: &Graph, items: &mut [Item]) -> Vec<(f64, f64)> {
    let n_layers = items.iter().map(|item| item.layer + 1).max().unwrap_or(0);
    let mut cells = vec![Vec::new(); n_layers * graph.levels.len()];
    for (index, item) in items.iter().enumerate() {
        cells[item.level * n_layers + item.layer].push(index);
    }
    let cell_width = |cell: &Vec<usize>, items: &[Item]| {
        cell.iter().map(|item| items[*item].width + GAP).sum::<f64>() - if cell.is_empty() { 0.0 } else { GAP }
    };
    let own: Vec<f64> = (0..graph.levels.len())
        .map(|level| {
            cells[level * n_layers..(level + 1) * n_layers].iter().map(|cell| cell_width(cell, items)).fold(0.0, f64::max)
        })
        .collect();
    let mut strips = vec![(0.0, 0.0); graph.levels.len()];
    let mut middles = vec![0.0; graph.levels.len()];
    place_strip(graph, 0, 0.0, &own, &mut strips, &mut middles);
    for sweep in 0..SWEEPS {
        for cell in &mut cells {
            if sweep > 0 {
                let mean = |item: usize| {
                    let near = &items[item].neighbours;
                    if near.is_empty() {
                        items[item].x
                    } else {
                        near.iter().map(|other| items[*other].x).sum::<f64>() / near.len() as f64
                    }
                };
                cell.sort_by(|a, b| mean(*a).total_cmp(&mean(*b)).then(a.cmp(b)));
            }
            let Some(first) = cell.first() else { continue };
            let mut x = middles[items[*first].level] - cell_width(cell, items) / 2.0;
            for item in cell.iter() {
                items[*item].x = x + items[*item].width / 2.0;
                x += items[*item].width + GAP;
            }
        }
    }
    strips
}

/// Places a level's own column and the levels inside it to the right; gives where it ends.
fn place_strip(graph: &Graph, level: usize, x: f64, own: &[f64], strips: &mut [(f64, f64)], middles: &mut [f64]) -> f64 {
    let mut end = x + PADDING + own[level];
    middles[level] = x + PADDING + own[level] / 2.0;
    for inner in super::inside(graph, level) {
        end = place_strip(graph, inner, end + GAP, own, strips, middles);
    }
    end += PADDING;
    strips[level] = (x, end - x);
    end
}

/// How many boxes lie inside one another from a level on, its own included; 0 for the graph's own level.
fn nesting(graph: &Graph, level: usize) -> usize {
    let inner = super::inside(graph, level).map(|inner| nesting(graph, inner)).max().unwrap_or(0);
    if level == 0 { inner } else { inner + 1 }
}

fn holds(graph: &Graph, outer: usize, inner: usize) -> bool {
    let mut level = Some(inner);
    while let Some(index) = level {
        if index == outer {
            return true;
        }
        level = graph.levels[index].parent;
    }
    false
}
