//! Reading ahead, shown by the trace; memory that stays bounded.

use super::probe::Probe;
use super::{go, lanes};
use serde_json::{Value as Json, json};
use std::path::Path;
use voxloom_core::run::{Outcome, RunOptions};

/// The spans of a trace: name, item, track, begin and end in microseconds.
pub fn spans(path: &Path) -> Vec<(String, Vec<u64>, u64, f64, f64)> {
    let trace: Json = serde_json::from_slice(&std::fs::read(path).expect("a trace")).expect("valid JSON");
    let events = trace["traceEvents"].as_array().expect("a list").clone();
    let span = |event: Json| {
        let begin = event["ts"].as_f64().expect("a time");
        let item = serde_json::from_value(event["args"]["item"].clone()).expect("a path");
        let name = event["name"].as_str().expect("a name").to_owned();
        (name, item, event["tid"].as_u64().expect("a track"), begin, begin + event["dur"].as_f64().expect("a time"))
    };
    events.into_iter().filter(|event| event["ph"] == "X").map(span).collect()
}

#[test]
fn the_next_item_is_read_while_one_is_learnt_from() {
    let folder = tempfile::tempdir().expect("a folder");
    let trace = folder.path().join("trace.json");
    // Step k goes on only when item k+1 is being read: without overlap it would wait in vain and fail.
    let file = json!({ "voxloom": 1,
        "modules": { "sampler": { "op": "plain.sampler" }, "net": { "op": "plain.model" }, "optimizer": { "op": "plain.optimizer" } },
        "graphs": { "train": {
            "step": { "call": "sampler.next" },
            "each": { "op": "plain.each", "in": { "x": "step" } },
            "read": { "op": "plain.mix", "in": { "x": "each" }, "params": { "probe": "overlap", "mark": "read" } },
            "batch": { "op": "plain.collect", "in": { "x": "read" } },
            "loss": { "call": "net.forward", "in": { "x": "batch" } },
            "learn": { "call": "optimizer.step", "in": { "loss": "loss" }, "use": { "net": "net" },
                "params": { "probe": "overlap", "meet": { "[0]": "read [1, 0]", "[1]": "read [2, 0]" } } }
        } },
        "schedule": [{ "run": "train", "items": 3 }]
    });
    let report = go(&file, &RunOptions { trace: Some(trace.clone()), ..lanes(2) });
    assert_eq!(report.outcome, Outcome::Completed, "{:?}", report.failures);
    let spans = spans(&trace);
    let find = |name: &str, item: &[u64]| spans.iter().find(|span| span.0 == name && span.1 == item).expect("a span");
    for step in 0..2 {
        let (read, learn) = (find("read", &[step + 1, 0]), find("learn", &[step]));
        assert!(read.3 < learn.4, "item {} is read from {}, step {step} ends at {}", step + 1, read.3, learn.4);
        assert_ne!(read.2, learn.2, "on two tracks");
    }
    // And steps keep their order.
    assert!(find("learn", &[0]).4 <= find("learn", &[1]).3 && find("learn", &[1]).4 <= find("learn", &[2]).3);
}

/// A fast source and a sink that takes one at a time, slowly.
fn fast_and_slow() -> Json {
    json!({ "voxloom": 1, "graph": {
        "case": { "op": "plain.count", "params": { "n": 120 } },
        "slow": { "op": "plain.exclusive", "in": { "x": "case" }, "params": { "sleep_us": 150 } },
        "end": { "op": "plain.sink", "in": { "x": "slow" } }
    } })
}

#[test]
fn values_stay_few_when_the_source_is_fast_and_the_sink_slow() {
    let peak = |in_flight: usize| go(&fast_and_slow(), &RunOptions { in_flight: Some(in_flight), ..lanes(3) }).memory.peak_values;
    let few = peak(4);
    assert!((1..=4 + 3).contains(&few), "4 items and what 3 lanes have in hand, got {few}");
    let many = peak(100);
    assert!(many > 20, "the source does run ahead where it may, got {many}");
}

#[test]
fn a_memory_cap_holds_back_further_items() {
    // A bag of one number is 8 bytes.
    let peak = |memory| go(&fast_and_slow(), &RunOptions { in_flight: Some(100), memory, ..lanes(3) }).memory.peak_bytes;
    let (capped, free) = (peak(Some(40)), peak(None));
    assert!(capped <= 40 + 3 * 16, "the cap and what 3 lanes have in hand, got {capped}");
    assert!(free > 160, "without a cap it is more, got {free}");
}

#[test]
fn a_cap_that_is_too_small_lets_one_item_through_after_the_other() {
    let report = go(&fast_and_slow(), &RunOptions { in_flight: Some(100), memory: Some(1), ..lanes(3) });
    assert_eq!((report.outcome, report.items.done), (Outcome::Completed, 120));
}

#[test]
fn threads_are_never_more_than_the_budget() {
    let most = |operator: &str, probe: &str, node_threads: Json| {
        let mut node = json!({ "op": operator, "in": { "x": "case" }, "params": { "probe": probe, "sleep_us": 300 } });
        if !node_threads.is_null() {
            node["threads"] = node_threads;
        }
        let graph = json!({ "case": { "op": "plain.count", "params": { "n": 40 } }, "work": node, "end": { "op": "plain.sink", "in": { "x": "work" } } });
        go(&json!({ "voxloom": 1, "graph": graph }), &RunOptions { threads: 3, ..lanes(6) });
        let probe = Probe::named(probe);
        (probe.most.load(std::sync::atomic::Ordering::SeqCst), probe.lines()[0].clone())
    };
    assert_eq!(most("plain.mix", "budget-one", Json::Null).1, "work [0] threads 1 grad 0");
    assert!((2..=3).contains(&most("plain.mix", "budget-one", Json::Null).0));
    assert_eq!(most("plain.heavy", "budget-all", Json::Null), (1, "work [0] threads 3 grad 0".into()));
    assert_eq!(most("plain.heavy", "budget-two", json!(2)), (1, "work [0] threads 2 grad 0".into()));
}
