//! One call for several siblings, fixed by index.

use super::probe::Probe;
use super::{go, lanes};
use serde_json::{Value as Json, json};
use voxloom_core::run::RunOptions;

fn file(batch: u64, n: u64, operator: &str, params: Json) -> Json {
    json!({ "voxloom": 1, "graph": {
        "case": { "op": "plain.count", "params": { "n": n } },
        "feature": { "op": operator, "in": { "x": "case" }, "batch": batch, "params": params },
        "out": { "op": "plain.tell", "in": { "x": "feature" } }
    } })
}

#[test]
fn a_batch_gives_what_single_calls_give() {
    let single = go(&file(1, 7, "plain.mix", json!({ "per_item": true })), &lanes(2));
    for batch in [2, 3, 7, 100] {
        let report = go(&file(batch, 7, "plain.mix", json!({ "per_item": true })), &lanes(2));
        assert_eq!(report.results, single.results, "batches of {batch}");
        let calls = report.nodes.iter().find(|node| node.node == "feature").expect("the node").calls;
        assert_eq!(calls, 7_u64.div_ceil(batch));
    }
}

#[test]
fn groups_are_fixed_by_index_whoever_comes_first() {
    for n in [1, 2, 4] {
        let name = format!("groups-{n}");
        go(&file(3, 8, "plain.no_three", json!({ "probe": name, "fail": [[100]] })), &RunOptions { delays: Some(5), ..lanes(n) });
        let mut lines = Probe::named(&name).lines();
        lines.retain(|line| line.starts_with("feature"));
        lines.sort();
        // The middle group holds 3 and fails: then each of its items is tried alone.
        let tries = ["feature [0]", "feature [3]", "feature [3]", "feature [4]", "feature [5]", "feature [6]"];
        assert_eq!(lines, tries.map(|item| format!("{item} threads 1 grad 0")));
    }
}

#[test]
fn only_the_culprit_of_a_batch_fails() {
    let report = go(&file(4, 7, "plain.no_three", json!({})), &lanes(2));
    assert_eq!((report.items.done, report.items.failed), (6, 1));
    assert_eq!(report.failures.len(), 1);
    assert_eq!((report.failures[0].item.as_slice(), report.failures[0].cause.as_str()), (&[3][..], "3 is not welcome"));
}

#[test]
fn an_item_that_failed_before_leaves_its_group_smaller() {
    let mut file = file(4, 8, "plain.mix", json!({ "per_item": true, "probe": "smaller" }));
    file["graph"]["read"] = json!({ "op": "plain.mix", "in": { "x": "case" }, "params": { "fail": [[1]] } });
    file["graph"]["feature"]["in"]["x"] = "read".into();
    let report = go(&file, &lanes(2));
    assert_eq!((report.items.done, report.items.failed), (7, 1));
    assert_eq!(Probe::named("smaller").lines().len(), 2);
}

#[test]
fn batches_fill_though_few_items_may_be_in_flight() {
    let report = go(&file(9, 20, "plain.mix", json!({})), &RunOptions { in_flight: Some(2), ..lanes(2) });
    assert_eq!(report.items.done, 20);
}
