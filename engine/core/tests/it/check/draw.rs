//! Pictures of the good files.

use super::good::good;
use std::collections::BTreeSet;
use voxloom_core::draw::{Time, Times, dot, live, svg};

fn times() -> Times {
    let time = |calls, total_ms| Time { calls, total_ms };
    [(("train".into(), "learn".into()), time(250, 5000.0)), (("train".into(), "volume".into()), time(500, 1.5))].into()
}

#[test]
fn svg_is_xml_with_every_node_level_and_edge() {
    for name in ["segment", "train"] {
        let pipeline = good(name, &[]).pipeline;
        let text = svg(&pipeline, &times());
        let document = roxmltree::Document::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}\n{text}"));
        let count = |tag: &str, class: &str| {
            document.descendants().filter(|node| node.has_tag_name(tag) && node.attribute("class").unwrap_or("") == class).count()
        };
        let graphs = &pipeline.graphs;
        assert_eq!(count("rect", "node"), graphs.iter().map(|graph| graph.nodes.len()).sum::<usize>());
        assert_eq!(count("rect", "level"), graphs.iter().map(|graph| graph.levels.len() - 1).sum::<usize>());
        let arrows = document.descendants().filter(|node| node.attribute("marker-end").is_some()).count();
        assert_eq!(arrows, graphs.iter().map(|graph| graph.dag.edge_count()).sum::<usize>());
    }
}

#[test]
fn boxes_hold_their_nodes_and_no_others_and_nodes_do_not_overlap() {
    let pipeline = good("segment", &[]).pipeline;
    let text = svg(&pipeline, &Times::new());
    let document = roxmltree::Document::parse(&text).expect("XML");
    let rects = |class: &str| -> Vec<[f64; 4]> {
        let number = |node: roxmltree::Node, key: &str| node.attribute(key).and_then(|text| text.parse().ok()).expect("a number");
        let rects = document.descendants().filter(|node| node.has_tag_name("rect") && node.attribute("class") == Some(class));
        rects.map(|node| ["x", "y", "width", "height"].map(|key| number(node, key))).collect()
    };
    let (nodes, boxes) = (rects("node"), rects("level"));
    let overlap =
        |a: &[f64; 4], b: &[f64; 4]| a[0] < b[0] + b[2] && b[0] < a[0] + a[2] && a[1] < b[1] + b[3] && b[1] < a[1] + a[3];
    for (index, node) in pipeline.graphs[0].nodes.iter().enumerate() {
        for (other, place) in nodes.iter().enumerate().skip(index + 1) {
            assert!(!overlap(&nodes[index], place), "{} and {}", node.name, pipeline.graphs[0].nodes[other].name);
        }
        for (level, place) in boxes.iter().enumerate() {
            let inside =
                std::iter::successors(Some(node.level), |level| pipeline.graphs[0].levels[*level].parent).any(|l| l == level + 1);
            assert_eq!(overlap(&nodes[index], place), inside, "{} in level {}", node.name, level + 1);
        }
    }
}

#[test]
fn times_colour_and_label_nodes() {
    let text = svg(&good("train", &[]).pipeline, &times());
    assert!(text.contains("250 × 20.0 ms = 5.0 s"), "{text}");
    assert!(text.contains("500 × 3.0 µs = 1.5 ms"), "{text}");
    assert!(text.contains("fill:#ffb266"), "the longest time is orange");
}

#[test]
fn dot_nests_levels_as_clusters() {
    let text = dot(&good("segment", &[]).pipeline, &Times::new());
    let opened = text.matches('{').count();
    assert_eq!(opened, text.matches('}').count());
    assert_eq!(text.matches("subgraph cluster_").count(), 2);
    let window = text.find("each item of window").expect("the level of the windows");
    assert!(text.find("each item of case").is_some_and(|case| case < window), "levels lie inside one another:\n{text}");
    assert!(text.contains("\"graph.window\" -> \"graph.feature\" [label=\"patch → image\"];"), "{text}");
    assert!(text.contains("net.features · batch 2\\nreads net"), "{text}");
}

#[test]
fn a_live_picture_keeps_its_places_and_brings_no_style() {
    let pipeline = good("train", &[]).pipeline;
    let none = live(&pipeline, &Times::new(), &BTreeSet::new());
    let running = BTreeSet::from([("train".to_owned(), "learn".to_owned())]);
    let busy = live(&pipeline, &times(), &running);
    let places = |text: &str| -> Vec<String> {
        let document = roxmltree::Document::parse(text).expect("XML");
        let rects = document.descendants().filter(|node| node.has_tag_name("rect"));
        rects.map(|node| ["x", "y", "width", "height"].map(|key| node.attribute(key).expect("a place")).join(" ")).collect()
    };
    assert_eq!(places(&none), places(&busy));
    let classes = |text: &str| -> Vec<String> {
        let document = roxmltree::Document::parse(text).expect("XML");
        document.descendants().filter_map(|node| node.attribute("class")).map(str::to_owned).collect()
    };
    assert!(!classes(&none).iter().any(|class| class.contains("runs")), "{none}");
    assert_eq!(classes(&busy).iter().filter(|class| *class == "node heat5 runs").count(), 1, "{busy}");
    assert!(none.contains("no call yet") && busy.contains("250 × 20.0 ms = 5.0 s"), "{busy}");
    assert!(!busy.contains("style") && !busy.contains("script"), "{busy}");
}
