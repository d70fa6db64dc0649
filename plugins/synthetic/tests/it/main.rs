//! A Rust plugin that misbehaves at one item fails that item, by name, and takes nothing down.

use serde_json::json;
use voxloom_core::run::{Report, RunOptions};
use voxloom_testkit::harness;

#[test]
fn serves_the_other_tests() {
    harness::serve();
}

/// Three items through `faulty.misbehave`, which misbehaves at the second.
fn go(how: &str) -> Report {
    let file = json!({ "voxloom": 1, "graph": {
        "number": { "op": "faulty.count" },
        "broken": { "op": "faulty.misbehave", "in": { "number": "number" }, "params": { "how": how } } } });
    // One item at a time, so that it is sure which comes after the panic.
    let options = RunOptions { lanes: 1, in_flight: Some(1), ..RunOptions::default() };
    harness::go(&["faulty"], &file, &options).unwrap_or_else(|error| panic!("{error}"))
}

/// Plugin, node, item, status, cause.
fn failures(report: &Report) -> Vec<(&str, &str, u64, &str, &str)> {
    let all = report.failures.iter();
    all.map(|told| (&*told.plugin, &*told.node, told.item[0], &*told.status, &*told.cause)).collect()
}

#[test]
fn a_panic_fails_its_item_and_the_instance_refuses_the_rest() {
    let report = go("panic");
    let told = failures(&report);
    assert_eq!(told[0], ("faulty", "broken", 1, "panicked", "panicked: number 1 was too much"));
    assert_eq!((told[1].2, told[1].3), (2, "poisoned"));
    assert_eq!((told.len(), report.items.done, report.items.failed), (2, 1, 2));
}

#[test]
fn a_value_of_another_type_is_told() {
    let report = go("type");
    let cause = "output `number` was written as `tensor/libtorch-2.11`, declared as `json`";
    assert_eq!(failures(&report), [("faulty", "broken", 1, "failed", cause)]);
    assert_eq!(report.items.done, 2);
}

#[test]
fn an_output_that_was_forgotten_is_told() {
    let report = go("nothing");
    assert_eq!(failures(&report), [("faulty", "broken", 1, "failed", "output `number` was not written")]);
}

#[test]
fn an_error_of_libtorch_is_caught_like_a_panic() {
    let report = go("libtorch");
    let (_, _, item, status, cause) = failures(&report)[0];
    assert_eq!((item, status), (1, "panicked"));
    assert!(cause.contains("shape '[3]' is invalid for input of size 2"), "{cause}");
}
