//! Who goes when: modules that are written, operators with a mode, gradients.

use super::probe::Probe;
use super::{go, lanes};
use serde_json::{Value as Json, json};
use voxloom_core::run::{Outcome, RunOptions};

fn one(operator: &str, probe: &str) -> Json {
    json!({ "voxloom": 1, "graph": {
        "case": { "op": "plain.count", "params": { "n": 24 } },
        "slow": { "op": "plain.mix", "in": { "x": "case" } },
        "work": { "op": operator, "in": { "x": "slow" }, "params": { "probe": probe, "sleep_us": 100 } },
        "end": { "op": "plain.sink", "in": { "x": "work" } }
    } })
}

#[test]
fn an_exclusive_operator_has_one_call_at_a_time() {
    go(&one("plain.exclusive", "exclusive"), &RunOptions { delays: Some(1), ..lanes(4) });
    assert_eq!(Probe::named("exclusive").most.load(std::sync::atomic::Ordering::SeqCst), 1);
    go(&one("plain.mix", "parallel"), &lanes(4));
    assert!(Probe::named("parallel").most.load(std::sync::atomic::Ordering::SeqCst) > 1, "others have several");
}

#[test]
fn an_ordered_operator_sees_items_in_order() {
    go(&one("plain.ordered", "ordered"), &RunOptions { delays: Some(2), ..lanes(8) });
    let expected: Vec<String> = (0..24).map(|item| format!("work [{item}] threads 1 grad 0")).collect();
    assert_eq!(Probe::named("ordered").lines(), expected);
}

#[test]
fn a_module_is_written_in_item_order_at_any_depth() {
    let file = json!({ "voxloom": 1, "modules": { "net": { "op": "plain.model" } }, "graph": {
        "case": { "op": "plain.count", "params": { "n": 4 } },
        "window": { "op": "plain.each", "in": { "x": "case" }, "params": { "n": 3 } },
        "slow": { "op": "plain.mix", "in": { "x": "window" } },
        "before": { "call": "net.forward", "in": { "x": "slow" } },
        "write": { "call": "net.poke", "in": { "x": "before" } },
        "score": { "op": "plain.collect", "in": { "x": "write" } },
        "out": { "op": "plain.tell", "in": { "x": "score" } }
    } });
    let first = go(&file, &lanes(1));
    assert_eq!((first.outcome, first.results.len()), (Outcome::Completed, 4));
    for n in [2, 4, 8] {
        assert_eq!(go(&file, &RunOptions { delays: Some(n as u64), ..lanes(n) }).results, first.results);
    }
}

#[test]
fn a_failed_item_does_not_keep_the_turn() {
    for fail in [json!([[0], [3]]), json!([[5]])] {
        let file = json!({ "voxloom": 1, "modules": { "net": { "op": "plain.model" } }, "graph": {
            "case": { "op": "plain.count", "params": { "n": 6 } },
            "read": { "op": "plain.mix", "in": { "x": "case" }, "params": { "fail": fail } },
            "write": { "call": "net.poke", "in": { "x": "read" } },
            "out": { "op": "plain.tell", "in": { "x": "write" } }
        } });
        let first = go(&file, &lanes(1));
        assert_eq!(first.outcome, Outcome::Failed);
        assert_eq!(first.items.done + first.items.failed, 6);
        assert_eq!(go(&file, &RunOptions { delays: Some(3), ..lanes(4) }).results, first.results);
    }
}

#[test]
fn gradients_are_wanted_on_the_way_to_a_backward_entry_only() {
    let file = json!({ "voxloom": 1, "modules": { "net": { "op": "plain.model" }, "optimizer": { "op": "plain.optimizer" } }, "graph": {
        "case": { "op": "plain.count", "params": { "n": 1 } },
        "read": { "op": "plain.mix", "in": { "x": "case" }, "params": { "probe": "grad" } },
        "aside": { "op": "plain.mix", "in": { "x": "read" }, "params": { "probe": "grad" } },
        "loss": { "call": "net.forward", "in": { "x": "read" }, "params": { "probe": "grad" } },
        "learn": { "call": "optimizer.step", "in": { "loss": "loss" }, "use": { "net": "net" }, "params": { "probe": "grad" } },
        "look": { "op": "plain.tell", "in": { "x": "aside" } }
    } });
    go(&file, &lanes(1));
    let mut lines = Probe::named("grad").lines();
    lines.sort();
    let expected =
        ["aside [0] threads 1 grad 0", "learn [0] threads 1 grad 1", "loss [0] threads 1 grad 1", "read [0] threads 1 grad 1"];
    assert_eq!(lines, expected);
}
