//! Calls that add to a graph for gradients are numbered alike whatever the lanes do, though numbers are given by thread.

use super::order::same_on_any_lanes;
use serde_json::json;

#[test]
fn calls_of_one_network_are_ordered_within_a_step() {
    same_on_any_lanes(&json!({ "voxloom": 1, "modules": { "net": { "op": "tape.net" } }, "graph": {
        "step": { "op": "plain.count", "params": { "n": 12 } },
        "slow": { "op": "plain.mix", "in": { "x": "step" }, "params": { "sleep_us": 500 } },
        "quick": { "op": "plain.mix", "in": { "x": "step" } },
        "one": { "call": "net.forward", "in": { "x": "slow" } },
        "two": { "call": "net.forward", "in": { "x": "quick" } },
        "three": { "call": "net.forward", "in": { "x": "slow", "y": "quick" } },
        "both": { "op": "tape.join", "in": { "a": "one", "b": "two" } },
        "loss": { "op": "tape.join", "in": { "a": "both", "b": "three" } },
        "learn": { "op": "tape.backward", "in": { "x": "loss" } }
    } }));
}

#[test]
fn calls_are_ordered_over_the_items_that_a_step_takes_together() {
    same_on_any_lanes(&json!({ "voxloom": 1, "modules": { "net": { "op": "tape.net" } }, "graph": {
        "step": { "op": "plain.count", "params": { "n": 6 } },
        "case": { "op": "plain.each", "in": { "x": "step" }, "params": { "n": 4 } },
        "read": { "op": "plain.mix", "in": { "x": "case" }, "params": { "sleep_us": 500 } },
        "one": { "call": "net.forward", "in": { "x": "case" } },
        "two": { "call": "net.forward", "in": { "x": "read" } },
        "both": { "op": "tape.join", "in": { "a": "one", "b": "two" } },
        "all": { "op": "plain.collect", "in": { "x": "both" } },
        "whole": { "call": "net.forward", "in": { "x": "step" } },
        "loss": { "op": "tape.join", "in": { "a": "whole", "b": "all" } },
        "learn": { "op": "tape.backward", "in": { "x": "loss" } }
    } }));
}
