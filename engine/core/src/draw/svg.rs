//! SVG, drawn by this crate alone.

use super::layout::{Layout, edges, layout};
use super::{Times, changes_level, fill, level_words, lines, ports};
use crate::graph::{Graph, Node, Pipeline};
use std::fmt::Write;

/// Pixels of one character and of one line, generous for any sans-serif font of 12 pixels.
const CHARACTER: f64 = 7.0;
const LINE: f64 = 16.0;
const MARGIN: f64 = 12.0;
const TITLE: f64 = 28.0;

/// The pipeline as an SVG picture; `times` may be empty.
pub fn svg(pipeline: &Pipeline, times: &Times) -> String {
    let look = |graph: &Graph, node: &Node| Look {
        lines: lines(pipeline, graph, node, times),
        least: 0,
        class: "node".into(),
        style: format!(" style=\"fill:{};stroke-width:{}\"", fill(graph, node, times), if changes_level(node) { 2 } else { 1 }),
    };
    let Body { text, width, height } = body(pipeline, &look);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\">\n{STYLE}{text}</svg>\n"
    )
}

/// How a node is shown.
pub(super) struct Look {
    pub lines: Vec<String>,
    /// Characters for which there is room at least.
    pub least: usize,
    pub class: String,
    /// Attributes of its rectangle.
    pub style: String,
}

/// All graphs below one another, in pixels.
pub(super) struct Body {
    pub text: String,
    pub width: f64,
    pub height: f64,
}

/// Draws all graphs with the nodes as `look` says.
pub(super) fn body(pipeline: &Pipeline, look: &dyn Fn(&Graph, &Node) -> Look) -> Body {
    let mut body = String::new();
    let (mut width, mut y) = (0.0_f64, MARGIN);
    for graph in &pipeline.graphs {
        let looks: Vec<Look> = graph.nodes.iter().map(|node| look(graph, node)).collect();
        let sizes: Vec<(f64, f64)> = looks.iter().map(size).collect();
        let layout = layout(graph, &sizes);
        if pipeline.graphs.len() > 1 {
            put(
                &mut body,
                format_args!("<text x=\"{MARGIN}\" y=\"{:.0}\" class=\"title\">{}</text>", y + LINE, escaped(&graph.name)),
            );
            y += TITLE;
        }
        put(&mut body, format_args!("<g transform=\"translate({MARGIN},{y:.0})\">"));
        draw(&mut body, graph, &layout, &looks);
        put(&mut body, format_args!("</g>"));
        width = width.max(layout.width);
        y += layout.height + MARGIN;
    }
    Body { text: body, width: width + 2.0 * MARGIN, height: y + MARGIN }
}

const STYLE: &str = "<style>text{font:12px sans-serif;fill:#222}text.small{font-size:10px;fill:#666}text.title{font-size:14px;font-weight:bold}\
rect.level{fill:#4878a8;fill-opacity:.06;stroke:#88a;stroke-dasharray:4 3}rect.node{stroke:#555}path{fill:none;stroke:#777}</style>\n\
<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">\
<path d=\"M0,0 L8,4 L0,8 z\" style=\"fill:#777;stroke:none\"/></marker></defs>\n\
<rect width=\"100%\" height=\"100%\" style=\"fill:#fff\"/>\n";

fn draw(body: &mut String, graph: &Graph, layout: &Layout, looks: &[Look]) {
    for (level, place) in layout.boxes.iter().enumerate().skip(1) {
        let (x, y, width, height) = (place.x, place.y, place.width, place.height);
        put(
            body,
            format_args!(
                "<rect class=\"level\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"8\"/>"
            ),
        );
        let words = escaped(&level_words(graph, level));
        put(body, format_args!("<text class=\"small\" x=\"{:.1}\" y=\"{:.1}\">{words}</text>", x + 8.0, y + 14.0));
    }
    for ((from, output, to, input), points) in edges(graph).into_iter().zip(&layout.edges) {
        let (output, input) = ports(graph, from, output, to, input);
        let title = format!("{}.{output} → {}.{input}", graph.nodes[from].name, graph.nodes[to].name);
        put(
            body,
            format_args!("<path d=\"{}\" marker-end=\"url(#arrow)\"><title>{}</title></path>", curve(points), escaped(&title)),
        );
    }
    for ((node, place), look) in graph.nodes.iter().zip(&layout.nodes).zip(looks) {
        let (x, y, width, height) = (place.x, place.y, place.width, place.height);
        let about = escaped(&node.operator.description.about);
        put(body, format_args!("<g><title>{about}</title>"));
        put(
            body,
            format_args!(
                "<rect class=\"{}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"6\"{}/>",
                look.class, look.style
            ),
        );
        for (number, line) in look.lines.iter().enumerate() {
            let class = if number == 0 { "" } else { " class=\"small\"" };
            #[allow(clippy::cast_precision_loss)]
            let baseline = y + LINE * (number as f64 + 1.0);
            let middle = x + width / 2.0;
            put(
                body,
                format_args!(
                    "<text{class} x=\"{middle:.1}\" y=\"{baseline:.1}\" text-anchor=\"middle\">{}</text>",
                    escaped(line)
                ),
            );
        }
        put(body, format_args!("</g>"));
    }
}

/// Width and height of a node.
#[allow(clippy::cast_precision_loss)]
fn size(look: &Look) -> (f64, f64) {
    let longest = look.lines.iter().map(|line| line.chars().count()).max().unwrap_or(0).max(look.least);
    (longest as f64 * CHARACTER + 16.0, look.lines.len() as f64 * LINE + 8.0)
}

/// A line through points that leaves and reaches each of them from above.
fn curve(points: &[(f64, f64)]) -> String {
    let mut path = String::new();
    for (step, pair) in points.windows(2).enumerate() {
        let ((x, y), (to_x, to_y)) = (pair[0], pair[1]);
        if step == 0 {
            path = format!("M{x:.1},{y:.1}");
        }
        let middle = f64::midpoint(y, to_y);
        // Writing to a String cannot fail.
        let _ = write!(path, " C{x:.1},{middle:.1} {to_x:.1},{middle:.1} {to_x:.1},{to_y:.1}");
    }
    path
}

fn put(body: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(body, "{line}");
}

/// Text for XML; characters that XML 1.0 does not know become U+FFFD.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\t' | '\n' | '\r' => escaped.push(' '),
            c if c < ' ' || c == '\u{fffe}' || c == '\u{ffff}' => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    #[test]
    fn text_is_valid_in_xml() {
        assert_eq!(super::escaped("<a & \"b\"\u{1}>\n'"), "&lt;a &amp; &quot;b&quot;\u{fffd}&gt; &apos;");
    }
}
