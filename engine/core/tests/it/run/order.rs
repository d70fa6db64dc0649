//! The same bits whatever the lanes do.

use super::{go, lanes};
use serde_json::{Value as Json, json};
use voxloom_core::run::{Outcome, RunOptions};

/// Two levels, branches, batches, a gather and values from above.
fn deep() -> Json {
    json!({ "voxloom": 1, "graph": {
        "case": { "op": "plain.count", "params": { "n": 6 } },
        "read": { "op": "plain.mix", "in": { "x": "case" } },
        "left": { "op": "plain.mix", "in": { "x": "read" } },
        "right": { "op": "plain.heavy", "in": { "x": "read" } },
        "window": { "op": "plain.each", "in": { "x": "left" }, "params": { "n": 5 } },
        "feature": { "op": "plain.mix", "in": { "x": "window", "y": "right" }, "batch": 2 },
        "logits": { "op": "plain.exclusive", "in": { "x": "feature" } },
        "score": { "op": "plain.collect", "in": { "x": "logits", "like": "left" } },
        "labels": { "op": "plain.pair", "in": { "a": "score", "b": "right" } },
        "out": { "op": "plain.tell", "in": { "x": "labels" } },
        "all": { "op": "plain.collect", "in": { "x": "score" } },
        "table": { "op": "plain.tell", "in": { "x": "all" } }
    } })
}

/// A sampler whose items are batches of cases, read and stirred on any lane, learnt from in order.
pub fn training() -> Json {
    json!({ "voxloom": 1,
        "modules": {
            "sampler": { "op": "plain.sampler" }, "net": { "op": "plain.model" }, "optimizer": { "op": "plain.optimizer" }
        },
        "graphs": {
            "train": {
                "step": { "call": "sampler.next" },
                "each": { "op": "plain.each", "in": { "x": "step" } },
                "read": { "op": "plain.mix", "in": { "x": "each" } },
                "augment": { "op": "plain.mix", "in": { "x": "read" } },
                "batch": { "op": "plain.collect", "in": { "x": "augment" } },
                "loss": { "call": "net.forward", "in": { "x": "batch" } },
                "learn": { "call": "optimizer.step", "in": { "loss": "loss" }, "use": { "net": "net" } }
            },
            "validate": {
                "case": { "op": "plain.count", "params": { "n": 3 } },
                "score": { "call": "net.forward", "in": { "x": "case" } },
                "all": { "op": "plain.collect", "in": { "x": "score" } },
                "table": { "op": "plain.tell", "in": { "x": "all" } },
                "net": { "call": "net.dump" }
            }
        },
        "schedule": [{ "run": "train", "items": 7 }, { "run": "validate" }],
        "rounds": 2
    })
}

pub fn same_on_any_lanes(file: &Json) {
    let first = go(file, &lanes(1));
    assert_eq!(first.outcome, Outcome::Completed, "{:?}", first.failures);
    assert!(!first.results.is_empty());
    for n in [1, 2, 4, 8] {
        for delays in 0..3 {
            let report = go(file, &RunOptions { delays: Some(delays), ..lanes(n) });
            assert_eq!(report.outcome, Outcome::Completed, "{:?}", report.failures);
            assert_eq!(report.results, first.results, "{n} lanes, delays {delays}");
        }
    }
    let other = go(file, &RunOptions { seed: 18, ..lanes(2) });
    assert_ne!(other.results, first.results, "the seed reaches the results");
}

#[test]
fn results_do_not_depend_on_lanes() {
    same_on_any_lanes(&deep());
}

#[test]
fn training_does_not_depend_on_lanes() {
    same_on_any_lanes(&training());
}

#[test]
fn training_numbers_its_items_over_rounds_and_validation_does_not() {
    let report = go(&training(), &lanes(2));
    let items = |graph: &str| -> Vec<Vec<u64>> {
        report.results.iter().filter(|result| result.graph == graph).map(|result| result.item.clone()).collect()
    };
    assert_eq!(items("train"), (0..14).map(|step| vec![step]).collect::<Vec<_>>());
    assert_eq!(items("validate"), [Vec::<u64>::new(), Vec::new()]);
}
