//! What a run tells while it runs, and what it leaves.

use super::overlap::spans;
use super::{lanes, pipeline};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use voxloom_core::run::{Event, Gauge, Observer, RunOptions, run};

#[derive(Default)]
struct Notes {
    all: Vec<Event>,
    nodes: bool,
}

impl Observer for Notes {
    fn event(&mut self, event: &Event) {
        self.all.push(event.clone());
    }

    fn wants_nodes(&self) -> bool {
        self.nodes
    }
}

#[test]
fn the_caller_hears_of_items_logs_and_progress() {
    let file = json!({ "voxloom": 1, "graph": {
        "case": { "op": "plain.count", "params": { "n": 3 } },
        "out": { "op": "plain.tell", "in": { "x": "case" } }
    } });
    let mut notes = Notes { nodes: true, ..Notes::default() };
    let report = run(&pipeline(&file), &lanes(2), &mut notes).expect("it runs");
    let count = |wanted: fn(&Event) -> bool| notes.all.iter().filter(|event| wanted(event)).count();
    assert_eq!(count(|event| matches!(event, Event::ItemBegun { .. })), 3);
    assert_eq!(count(|event| matches!(event, Event::ItemDone { ok: true, .. })), 3);
    assert_eq!(count(|event| matches!(event, Event::Progress { done: 1, total: 1, .. })), 3);
    assert_eq!(count(|event| matches!(event, Event::Log { text, node, .. } if text == "1 numbers" && node == "out")), 3);
    // Four draws, the last of which finds the end.
    assert_eq!(count(|event| matches!(event, Event::Node { .. })), 3 + 4);
    assert!(matches!(notes.all.first(), Some(Event::Stage { .. })) && matches!(notes.all.last(), Some(Event::StageDone { .. })));
    let calls: Vec<(&str, u64)> = report.nodes.iter().map(|node| (node.node.as_str(), node.calls)).collect();
    assert_eq!(calls, [("case", 4), ("out", 3)]);
    assert_eq!(report.results[2].results["out"]["numbers"], json!({ "n": 1, "numbers": [2], "scratch": false }));
}

#[test]
fn a_trace_has_one_track_a_lane() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("trace.json");
    let options = RunOptions { trace: Some(path.clone()), ..lanes(3) };
    run(&pipeline(&super::order::training()), &options, &mut |_: &Event| {}).expect("it runs");
    let trace: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).expect("a trace")).expect("valid JSON");
    let names = trace["traceEvents"].as_array().expect("a list").iter().filter(|event| event["name"] == "thread_name");
    let names: Vec<&str> = names.filter_map(|event| event["args"]["name"].as_str()).collect();
    assert_eq!(names, ["lane 0 (cpu)", "lane 1 (cpu)", "lane 2 (cpu)", "gradients (cpu)"]);
    let mut spans = spans(&path);
    assert!(spans.iter().all(|span| span.2 < 4));
    // On one track nothing overlaps.
    spans.sort_by(|a, b| a.2.cmp(&b.2).then(a.3.total_cmp(&b.3)));
    assert!(spans.windows(2).all(|pair| pair[0].2 != pair[1].2 || pair[0].4 <= pair[1].3 + 0.001));
}

#[test]
fn a_gauge_adds_up_the_calls_of_run_after_run() {
    let pipeline = pipeline(&super::order::training());
    let gauge = Arc::new(Gauge::new(&pipeline, &lanes(3)));
    let options = |n: usize| RunOptions { gauge: Some(Arc::clone(&gauge)), ..lanes(n) };
    let mut calls: BTreeMap<(String, String), u64> = BTreeMap::new();
    for _ in 0..2 {
        let report = run(&pipeline, &options(3), &mut |_: &Event| {}).expect("it runs");
        for node in report.nodes {
            *calls.entry((node.graph, node.node)).or_default() += node.calls;
        }
        assert_eq!(gauge.calls(), [], "a run that is over is at nothing");
    }
    let counted = || -> BTreeMap<_, _> { gauge.times().into_iter().map(|(name, time)| (name, time.calls)).collect() };
    assert_eq!(counted(), calls);
    run(&pipeline, &options(2), &mut |_: &Event| {}).expect("it runs");
    assert_eq!(counted(), calls, "a run with other lanes leaves it alone");
}
