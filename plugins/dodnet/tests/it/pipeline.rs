//! Pipelines over this plugin and its neighbours: a few steps of training, and a segmentation.

use serde_json::{Value as Json, json};
use voxloom_core::run::{Outcome, Report, RunOptions};
use voxloom_testkit::harness;

pub fn go(file: &Json, lanes: usize) -> Report {
    let options = RunOptions { seed: 5, lanes, ..RunOptions::default() };
    let report = harness::go(&["voxloom_dodnet", "voxloom_synthetic", "voxloom_train"], file, &options);
    let report = report.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((report.outcome, report.failures.len()), (Outcome::Completed, 0), "{:?}", report.failures);
    report
}

fn tasks() -> Json {
    json!([{ "name": "anterior", "channels": [{ "name": "anterior", "labels": [1] }] },
           { "name": "posterior", "channels": [{ "name": "posterior", "labels": [2] }] }])
}

/// Two cases a step, each with one task's labels.
pub fn training() -> Json {
    let volume = |dtype: &str| json!({ "op": "synthetic.volume", "in": {}, "params": { "shape": [18, 20, 17], "dtype": dtype, "n_labels": 2 } });
    json!({ "voxloom": 1, "about": "A few steps on volumes that show one task each.",
        "modules": {
            "net": { "op": "dodnet.network", "params": { "tasks": tasks(), "width": 0.125 } },
            "sampler": { "op": "train.sampler", "params": { "batch": 2, "cases": [{ "name": "a", "task": "anterior" }, { "name": "b", "task": 1 }] } },
            "sgd": { "op": "train.sgd", "params": { "lr": 0.01, "momentum": 0.9, "nesterov": true }, "use": { "net": "net" } } },
        "graphs": { "train": {
            "image": volume("float32"), "label": volume("uint8"),
            "next": { "call": "sampler.next" },
            "each": { "op": "train.each", "in": { "list": "next.cases" } },
            "ready": { "op": "dodnet.prepare", "in": { "volume": "image" }, "params": { "intensity": "z_score" } },
            "sample": { "op": "dodnet.sample", "in": { "image": "ready", "label": "label", "case": "each.case" },
                        "params": { "tasks": tasks(), "size": [16, 16, 16] } },
            "augment": { "op": "dodnet.augment", "in": { "image": "sample.image" } },
            "batch": { "op": "train.collate", "in": { "image": "augment", "label": "sample.label", "value": "sample.task" } },
            "logits": { "call": "net.forward", "in": { "image": "batch.image", "task": "batch.values" } },
            "loss": { "op": "dodnet.loss", "in": { "logits": "logits", "label": "batch.label" } },
            "step": { "call": "sgd.step", "in": { "loss": "loss.loss" }, "use": { "net": "net" } } } },
        "schedule": [{ "run": "train", "items": 3 }] })
}

/// All tasks of a volume; `heads` in two steps and `segment` in one must agree.
fn segmentation() -> Json {
    json!({ "voxloom": 1, "about": "Both tasks of a volume.",
        "modules": {
            "net": { "op": "dodnet.network", "params": { "tasks": tasks(), "width": 0.125 } },
            "watch": { "op": "dodnet.conditioning", "params": { "tasks": tasks() } } },
        "graph": {
            "volume": { "op": "synthetic.volume", "params": { "shape": [18, 20, 17] } },
            "ready": { "op": "dodnet.prepare", "in": { "volume": "volume" }, "params": { "spacing_mm": [1.0, 0.8, 0.8], "intensity": "z_score" } },
            "scores": { "call": "net.segment", "in": { "volume": "ready" }, "params": { "size": [16, 16, 16], "flips": false } },
            "labels": { "op": "dodnet.labels", "in": { "score": "scores", "like": "volume" }, "params": { "tasks": tasks(), "threshold": 0.4 } },
            "clean": { "op": "dodnet.postprocess", "in": { "volume": "labels" }, "params": { "tasks": tasks() } } } })
}

#[test]
fn a_network_takes_steps_and_lanes_do_not_change_a_bit() {
    let one = go(&training(), 1);
    let steps: Vec<&Json> = one.results.iter().filter_map(|item| item.results.get("step")).collect();
    assert_eq!(steps.len(), 3, "the report keeps what each step says: {:?}", one.results);
    assert_eq!(go(&training(), 3).results, one.results);
}

#[test]
fn a_volume_is_segmented_on_its_own_grid() {
    let report = go(&segmentation(), 2);
    let calls = |node: &str| report.nodes.iter().find(|times| times.node == node).expect("a node").calls;
    assert_eq!([calls("scores"), calls("labels"), calls("clean")], [1, 1, 1]);
}
