//! A pipeline over three plugins, two in Rust and one in C++: checked, loaded, run.

use super::{gain, rust};
use serde_json::json;
use std::path::Path;
use voxloom_core::check::{self, Config};
use voxloom_core::load::Plugins;
use voxloom_core::operators::Operators;
use voxloom_core::run::{Event, Outcome, Report, RunOptions, run};
use voxloom_testkit::harness;

fn plugins() -> Plugins {
    let plugins = harness::plugins([rust(), vec![gain()]].concat());
    assert!(plugins.skipped().is_empty(), "{}", plugins.skipped()[0]);
    plugins
}

fn file(factor: f64) -> String {
    let file = json!({ "voxloom": 1, "about": "Each slice of a volume goes through the C++ plugin.", "graph": {
        "volume": { "op": "synthetic.volume", "params": { "shape": [5, 4, 3] } },
        "slice": { "op": "template.slices", "in": { "volume": "volume" } },
        "louder": { "op": "gain.multiply", "in": { "tensor": "slice" }, "params": { "factor": factor } },
        "again": { "op": "template.stack", "in": { "like": "volume", "slice": "louder" } },
        "mask": { "op": "template.threshold", "in": { "volume": "again" } } } });
    file.to_string()
}

fn go(lanes: usize) -> Report {
    let plugins = plugins();
    let operators: Operators = plugins.operators().values().cloned().collect();
    let checked = check::check(Path::new("slices.json"), file(3.0).as_bytes(), &operators, &Config::default());
    let mut pipeline = checked.unwrap_or_else(|faults| panic!("{faults}")).pipeline;
    plugins.load(&mut pipeline).unwrap_or_else(|skipped| panic!("{skipped}"));
    let used: Vec<&str> = plugins.used(&pipeline).iter().map(|library| library.manifest.name.as_str()).collect();
    assert_eq!(used, ["template", "synthetic", "gain"]);
    let options = RunOptions { seed: 5, lanes, ..RunOptions::default() };
    run(&pipeline, &options, &mut |_: &Event| {}).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn rust_and_cpp_plugins_work_together() {
    let report = go(2);
    assert_eq!((report.outcome, report.failures.len()), (Outcome::Completed, 0), "{:?}", report.failures);
    let calls = |node: &str| report.nodes.iter().find(|times| times.node == node).expect("a node").calls;
    assert_eq!([calls("louder"), calls("again"), calls("mask")], [5, 5 + 1, 1], "five pushes and a finish");
    assert_eq!(report.memory.left_values, 0);
    assert_eq!(go(1).results, report.results);
}

#[test]
fn the_cpp_plugins_own_check_speaks_before_anything_runs() {
    let plugins = plugins();
    let operators: Operators = plugins.operators().values().cloned().collect();
    let faults =
        check::check(Path::new("slices.json"), file(0.0).as_bytes(), &operators, &Config::default()).err().expect("refused");
    let message = faults.to_string();
    assert!(message.contains("node `louder` (gain.multiply): factor must not be 0"), "{message}");
}
